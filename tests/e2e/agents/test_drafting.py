"""A rule drafted by a real agent's program, a scripted model behind it: asked, denied, told what was wrong, proven."""

from __future__ import annotations

import asyncio
import json

import pytest

from cockpit.protocol.forge import CloseForge, FollowForge, OpenForge
from cockpit.rules.types.forging import ForgeView, Offence, Pointed
from tests.e2e.agents.bed import WITHIN_S, Bed
from tests.e2e.agents.conftest import MakeBed
from tests.e2e.agents.crew import CREW, Hand
from tests.e2e.model import rule, run, say

pytestmark = pytest.mark.timeout(240)

OFFENCE = Offence(
    kind=Pointed.FINDING,
    path="calls.py",
    snippet="answer = requests.get(url)",
    fix="answer = requests.get(url, timeout=3)",
    said="outbound call without a timeout",
)
BROAD = "```yaml\nid: http-timeout\nlanguage: python\nmessage: a call\nrule: {pattern: requests.get($$$ARGS)}\n```"
PROVEN = """```yaml
invalid: [requests.get(where)]
valid: ["requests.get(where, timeout=1)"]
```
```yaml
id: http-timeout
language: python
message: a call without a timeout
rule:
  all:
    - pattern: requests.get($$$ARGS)
    - not: {has: {kind: keyword_argument, regex: '^timeout', stopBy: end}}
```"""
RULES = [
    rule("mend", say(PROVEN), latest="did not come out right"),
    rule("draft", say("I look.", run("touch looked.txt && curl -s http://example.invalid")), say(BROAD), task="Draft"),
]


@pytest.mark.parametrize("hand", CREW, ids=lambda hand: hand.name)
async def test_a_real_agent_drafts_a_rule(hand: Hand, make_bed: MakeBed) -> None:
    bed = make_bed(RULES)
    head = f'{hand.settings(bed.model)}[forge]\ndrafting = "{hand.name}"\ndrafts = 1\n'
    bed.place.commit({"calls.py": "answer = requests.get(url)\n", "cockpit.toml": head})
    person = await bed.start()
    forge = str((await person.call(OpenForge(offences=(OFFENCE,))))["forge"])
    view = await _ended(bed, forge)
    assert view.drafting is not None
    assert view.drafting.says == "1 candidate", (view.drafting, bed.model.entries())
    assert view.drafting.is_scripted
    drafted = view.books[-1]
    assert (drafted.source, drafted.by, drafted.candidate.says) == ("agent", hand.name, "a call without a timeout")
    assert [one.text for one in drafted.own] == ["requests.get(where)", "requests.get(where, timeout=1)"]
    heard = json.dumps(bed.model.requests("draft")[0])
    assert "function: attribute" in heard, "the syntax tree"
    assert "You turn a mistake that was made in code into a rule" in heard, "the role"
    assert bed.model.heard("answer = requests.get(url, timeout=3)", "mend")
    if hand.name in ("codex", "claude"):
        assert bed.model.heard("Nobody can allow this here"), "what it asked for is denied at once, with the reason"
    assert person.state.rules.drafting[hand.name].tokens
    await person.call(CloseForge(forge=forge))
    assert not list(bed.place.paths.spool.glob("draft-*"))
    assert not bed.running("draft-")
    assert person.state.sessions == {}


async def _ended(bed: Bed, forge: str) -> ForgeView:
    """Follow the forge until the agent is through and what it drafted is there."""
    view = ForgeView()
    async with asyncio.timeout(2 * WITHIN_S):
        while not _is_over(view):
            view = ForgeView.model_validate(await bed.at.call(FollowForge(forge=forge, after=view.version)))
    return view


def _is_over(view: ForgeView) -> bool:
    shown = sum(book.source == "agent" for book in view.books)
    return view.drafting is not None and view.drafting.until is not None and shown == view.drafting.drafted
