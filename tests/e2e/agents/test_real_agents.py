"""Each real agent, led through the whole loop: what works is proved with its own program over its own protocol."""

from __future__ import annotations

import json

import pytest

from cockpit.checks.types import CheckOutcome
from cockpit.protocol.types import Approve, Redirect, Resume, Stop
from cockpit.sessions.types import RequestKind, SessionStatus, Steered, Task
from tests.e2e.agents import story
from tests.e2e.agents.bed import Bed, is_held, open_gate
from tests.e2e.agents.conftest import MakeBed
from tests.e2e.agents.crew import CREW, Hand

S = SessionStatus

pytestmark = pytest.mark.timeout(240)


def _settle(bed: Bed, hand: Hand) -> None:
    head = f'default_agent = "{hand.name}"\n{hand.settings(bed.model)}'
    bed.place.commit({**story.FILES, "cockpit.toml": head + story.CHECK})


@pytest.mark.parametrize("hand", CREW, ids=lambda hand: hand.name)
async def test_from_the_task_to_the_main_branch(hand: Hand, make_bed: MakeBed) -> None:
    bed = make_bed(story.rules(is_told_at_once=hand.is_told_at_once))
    _settle(bed, hand)
    person = await bed.start()
    session = (await person.tasks(Task(prompt=story.PROMPT, title="Euros")))[0]
    tree = bed.workspace(session)

    # a command and an edit are allowed, another command is denied, and the reason reaches the model
    async with bed.answering(session, story.FORBIDDEN, story.DENIAL) as answered:
        await bed.until(session, lambda: is_held(tree, story.HELD), "the long command runs")
    assert (tree / "shell.txt").read_text() == f"{story.SHELL}\n"
    assert not (tree / "forbidden.txt").exists()
    assert answered.about(RequestKind.COMMAND, story.SHELL)
    assert answered.about(RequestKind.COMMAND, story.FORBIDDEN)
    if hand.asks_before_edits:
        assert answered.about(RequestKind.EDIT, "prices.txt")

    # it had the cockpit's own checks run, through MCP, and was told where they failed
    assert bed.model.heard("failed: marker"), bed.account(session)

    # the supervisor is killed and comes back: the agent was at work all the time
    await bed.kill_supervisor()
    person = await bed.start()
    assert is_held(tree, story.HELD)

    # a redirect in the middle of the turn decides what the agent does next
    await person.call(Redirect(session=session, text=story.REDIRECT))
    await bed.until(session, lambda: bed.has_taken(session, story.REDIRECT), "the agent has taken the redirect")
    async with bed.answering(session):
        open_gate(tree, story.HELD)
        await bed.status(session, S.READY)
    assert [steered.outcome for steered in await person.said(session, Steered)] == [hand.steered]
    assert (tree / "note.txt").read_text() == "Latine\n"
    assert bed.model.requests("redirected") and bed.model.heard(story.DENIAL)

    # the checks found what it left behind, and it repaired that in the loop
    assert bed.model.heard("FIXME", "repair")
    assert (tree / "prices.txt").read_text() == "tea 500 EUR\nmilk 120\n"
    assert all(result.outcome == CheckOutcome.PASSED for result in person.session(session).checks.values())

    await person.call(Approve(session=session))
    await bed.status(session, S.LANDED)
    assert bed.place.git("show", "main:prices.txt") == "tea 500 EUR\nmilk 120"
    assert bed.place.git("show", "main:note.txt") == "Latine"


@pytest.mark.parametrize("hand", CREW, ids=lambda hand: hand.name)
async def test_an_interrupt_leaves_no_process_and_a_power_cut_no_gap(hand: Hand, make_bed: MakeBed) -> None:
    bed = make_bed(story.rules(is_told_at_once=hand.is_told_at_once))
    _settle(bed, hand)
    person = await bed.start()
    session = (await person.tasks(Task(prompt="Wait for the tide.", title="Tide")))[0]
    async with bed.answering(session):
        await bed.until(session, lambda: bed.running(story.LONG), "the endless command runs")
    await person.call(Stop(session=session))
    await bed.status(session, S.INTERRUPTED)
    await bed.until(session, lambda: not bed.running(story.LONG), "the command has ended")

    # everything is gone at once; what was said before is still known to the agent afterwards
    await bed.cut_power()
    person = await bed.start()
    async with bed.answering(session):
        await person.call(Resume(session=session, text=story.GO_ON))
        await bed.status(session, S.READY)
    assert (bed.workspace(session) / "resumed.txt").read_text() == "yes\n"
    heard = json.dumps(bed.model.requests("resumed")[0])
    assert "Wait for the tide." in heard
    assert story.ENDLESS in heard or not hand.remembers_cut_calls
