"""A session that begins from another one's work and conversation, and a change that its agent reviews itself."""

from __future__ import annotations

import json

import pytest

from cockpit.protocol.types import ReviewChange
from cockpit.sessions.types import AgentMessage, SessionStatus, Task, TurnEnded
from tests.e2e.agents.bed import Bed
from tests.e2e.agents.conftest import MakeBed
from tests.e2e.agents.crew import CREW, Hand
from tests.e2e.model import Rule, done, rule, run, say

S = SessionStatus

pytestmark = pytest.mark.timeout(240)

APPLES, PEARS = "Count the apples.", "Now count the pears."
RULES = [
    rule("review", say("No word is missing."), latest="(?i)review the current"),
    rule("pears", say("As before.", run("echo 5 >pears.txt")), done("5."), latest="pears"),
    rule("apples", say("I count.", run("echo 3 >apples.txt")), done("3."), task="apples"),
]


def _begin(make_bed: MakeBed, hand: Hand, rules: list[Rule]) -> Bed:
    bed = make_bed(rules)
    head = f'default_agent = "{hand.name}"\n{hand.settings(bed.model)}'
    bed.place.commit({"fruit.txt": "fruit\n", "cockpit.toml": head})
    return bed


@pytest.mark.parametrize("hand", [one for one in CREW if one.name in ("codex", "claude")], ids=lambda hand: hand.name)
async def test_a_fork_knows_what_was_said_and_has_what_was_done(hand: Hand, make_bed: MakeBed) -> None:
    bed = _begin(make_bed, hand, RULES)
    person = await bed.start()
    origin = (await person.tasks(Task(prompt=APPLES, title="Apples")))[0]
    async with bed.answering(origin):
        assert "forks" in (await bed.status(origin, S.READY)).abilities

    fork = (await person.tasks(Task(prompt=PEARS, title="Pears", fork=origin)))[0]
    async with bed.answering(fork):
        await bed.status(fork, S.READY)
    assert (bed.workspace(fork) / "apples.txt").read_text() == "3\n"
    assert (bed.workspace(fork) / "pears.txt").read_text() == "5\n"
    assert not (bed.workspace(origin) / "pears.txt").exists()
    heard = json.dumps(bed.model.requests("pears")[0])
    assert APPLES in heard
    assert "I count." in heard
    assert person.session(fork).thread != person.session(origin).thread


async def test_codex_reviews_its_change(make_bed: MakeBed) -> None:
    bed = _begin(make_bed, CREW[0], RULES)
    person = await bed.start()
    session = (await person.tasks(Task(prompt=APPLES, title="Apples")))[0]
    async with bed.answering(session):
        await bed.status(session, S.READY)
        await person.call(ReviewChange(session=session))
        await person.said(session, TurnEnded, count=2)
        await bed.status(session, S.READY)
    assert any("No word is missing." in said.text for said in await person.said(session, AgentMessage))
    assert bed.model.requests("review")
