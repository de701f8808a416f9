"""Real agents and a rule: what two did is made a rule of, a third hears of it at work, mends its change and lands."""

from __future__ import annotations

import asyncio

import pytest

from cockpit.journal.types import FindingsSent
from cockpit.protocol.forge import CloseForge, FollowForge, GetRuleFiles, OpenForge
from cockpit.protocol.rules import AcceptRule
from cockpit.protocol.types import Approve
from cockpit.rules.types.forging import ForgeView, Offence, Pointed, Progress
from cockpit.sessions.types import SessionStatus, Steered, Task
from cockpit.types import SessionId
from tests.e2e.agents.bed import Bed, holding, is_held, open_gate
from tests.e2e.agents.conftest import MakeBed
from tests.e2e.agents.crew import CREW, Hand
from tests.e2e.model import Rule, done, rule, run, say

S = SessionStatus
HELD = "milk-held"
BAD, FIX = "requests.get(url)", "requests.get(url, timeout=10)"
WITHIN_S = 40.0

pytestmark = pytest.mark.timeout(180)


def _writes(name: str, text: str) -> dict[str, object]:
    """Return a call that every agent's own ideas of safe commands let through to the person."""
    return run(f"echo '{text}' >{name}.py")


def _rules() -> list[Rule]:
    def bad(name: str) -> Rule:
        return rule(name, say("I fetch.", _writes(name, BAD)), done("Done."), task=name)

    def mended(name: str) -> Rule:
        steps = (say("With a timeout, then.", _writes(name, FIX)), done("Mended."))
        return rule(f"{name}, mended", *steps, task=name, latest="rule holds|Checks, round")

    held = say("Now a long one.", run(holding(HELD)))
    return [
        *(mended(name) for name in ("tea", "salt", "milk")),
        rule("milk", say("I fetch.", _writes("milk", BAD)), held, done("Done."), task="milk"),
        bad("tea"),
        bad("salt"),
    ]


@pytest.mark.parametrize(
    "hand", [one for one in CREW if one.name in ("codex", "claude", "gemini")], ids=lambda h: h.name
)
async def test_a_real_agent_at_work_hears_of_a_rule_and_lands_without_the_mistake(
    hand: Hand, make_bed: MakeBed
) -> None:
    bed = make_bed(_rules())
    head = f'default_agent = "{hand.name}"\n{hand.settings(bed.model)}'
    bed.place.commit({"readme.txt": "A shop.\n", ".gitignore": "*.waits\n*.opened\n", "cockpit.toml": head})
    person = await bed.start()
    tasks = [Task(prompt=f"Fetch the {name}.", title=name) for name in ("tea", "salt", "milk")]
    tea, salt, milk = await person.tasks(*tasks)
    async with bed.answering(tea), bed.answering(salt), bed.answering(milk):
        for one in (tea, salt):
            await bed.status(one, S.READY)
        await bed.until(milk, lambda: is_held(bed.workspace(milk), HELD), "the long command runs")
        await bed.until(milk, lambda: bed.at.session(milk).change, "its change is known")
        name = await _rule_of(bed, tea)

        # the third one is told in the middle of its turn, by whatever means its program has
        sent = (await person.kind(milk, FindingsSent))[0]
        assert [finding.code for finding in sent.new] == [name]
        await bed.until(milk, lambda: bed.has_taken(milk, name), "the agent has been told")
        open_gate(bed.workspace(milk), HELD)
        await bed.status(milk, S.READY)

        # and what was clean before the rule was checked again, and is mended
        for one in (tea, salt):
            sent = (await person.kind(one, FindingsSent))[0]
            assert [finding.code for finding in sent.new] == [name]
            await bed.status(one, S.READY)
    assert [steered.outcome for steered in await person.said(milk, Steered)] == [hand.steered]
    assert bed.model.heard(name, "milk, mended"), bed.account(milk)
    await person.call(Approve(session=milk))
    await bed.status(milk, S.LANDED)
    assert bed.place.git("show", "main:milk.py") == FIX


async def _rule_of(bed: Bed, session: SessionId) -> str:
    """Make a rule of the line that a session wrote, with its best candidate. Returns its id."""
    person = bed.at
    words = {"said": "call without a timeout", "remedy": "pass timeout=10", "fix": FIX}
    offence = Offence(kind=Pointed.DIFF_LINE, session=session, path="tea.py", line=1, **words)
    forge = str((await person.call(OpenForge(offences=(offence,))))["forge"])
    view = ForgeView()
    async with asyncio.timeout(WITHIN_S):
        while view.progress is not Progress.JUDGED or not view.books:
            view = ForgeView.model_validate(await person.call(FollowForge(forge=forge, after=view.version)))
    best = next(book for book in view.books if book.is_proven and book.in_sessions == 3)
    made = await person.call(GetRuleFiles(forge=forge, candidate=best.number))
    await person.call(AcceptRule(rule=made["rule"], files=made["files"]))
    await person.call(CloseForge(forge=forge))
    return str(made["rule"])
