"""Rules drafted by an agent: a real supervisor, the real native agent under the runner, and a scripted model.

What a scripted model proves is the plumbing: what an agent hears, and what of its answer counts.
"""

from __future__ import annotations

import getpass
import json
from pathlib import Path

import yaml

from cockpit.journal.types.rules import DraftPaid
from cockpit.protocol.forge import (
    ChangeExample,
    GetRuleFiles,
    GiveFix,
)
from cockpit.protocol.types import GetStats
from cockpit.rules.types import ExampleKind
from cockpit.rules.types.forging import ForgeView, Pointed, Progress
from tests.supervisor.drafting import (
    BROKEN,
    OFFENCE,
    PROVEN,
    TESTS,
    TOO_BROAD,
    drafts_in,
    last_words,
    model,
    says,
    smithy,
    talks_to,
)
from tests.supervisor.world import git


async def test_what_an_agent_drafts_appears_behind_the_others(tmp_path: Path, real_home: Path) -> None:
    async with smithy(tmp_path, says(TESTS + PROVEN)) as smith:
        await smith.open()
        drafting = await smith.ended()
        assert (drafting.agent, drafting.is_scripted, drafting.says) == ("scribe", True, "1 candidate")
        view = await smith.until(lambda view: all(book.is_judged for book in view.books))
        assert view.books[-1].source == "agent"
        assert {book.source for book in view.books[:-1]} == {"made"}
        book = view.books[-1]
        assert (book.by, book.is_proven, len(book.verdicts)) == ("scribe", True, 2)
        own = ["requests.post(url, json=data)", "session.get(url)", "requests.get(url, timeout=9)"]
        assert [one.text for one in book.own] == own
        files = (await smith.ana.call(GetRuleFiles(forge=smith.forge, candidate=book.number)))["files"]
        rule = yaml.safe_load(next(text for path, text in files.items() if "/rules/" in path))
        tests = next(text for path, text in files.items() if "/rule-tests/" in path)
        assert rule["note"] == "Pass timeout=, in seconds."
        assert rule["metadata"]["origin"][-1] == {"kind": "drafted", "who": "scribe"}
        assert tests.startswith("# By the agent scribe that drafted the rule: the last 2 of valid and 1 of invalid.\n")
        assert yaml.safe_load(tests)["invalid"][-1] == own[0]
        assert not smith.leftovers


async def test_an_agent_is_shown_the_examples_with_their_trees_and_hears_what_came_out_wrong(
    tmp_path: Path, real_home: Path
) -> None:
    log = tmp_path / "asked.jsonl"
    steps = (says(TESTS + TOO_BROAD + BROKEN), says(TOO_BROAD), says(PROVEN))
    async with model(tmp_path, *steps, log=log) as url, smithy(tmp_path, agent=talks_to(url)) as smith:
        await smith.open()
        assert (await smith.ended()).says == "1 candidate"
    first, second, third = [json.loads(line)["body"]["input"] for line in log.read_text().splitlines()]
    brief, failures, again = (last_words(one) for one in (first, second, third))
    assert "answer = requests.get(url, timeout=3)" in brief
    assert "function: attribute" in brief
    assert "outbound call without a timeout" in brief
    assert "http-timeout:" in failures
    assert "This good example (given) was hit:\n```\nanswer = requests.get(url, timeout=3)" in failures
    assert "This good example (your own) was hit:\n```\nrequests.get(url, timeout=9)" in failures
    assert "block 3:" in failures
    assert "line " in failures.partition("block 3:")[2]
    assert len(third) > len(second) > len(first), "one conversation"
    assert "block 3" not in again


async def test_what_never_proves_is_told_and_not_shown(tmp_path: Path, real_home: Path) -> None:
    async with smithy(tmp_path, *[says(TOO_BROAD)] * 3) as smith:
        await smith.open()
        drafting = await smith.ended()
        assert drafting.says.startswith(
            "no candidates; 1 did not prove: http-timeout: This good example (given) was hit"
        )
        assert not drafts_in(smith.view)


async def test_its_own_examples_never_stand_against_the_persons(tmp_path: Path, real_home: Path) -> None:
    contrary = """
```yaml
invalid:
  - answer = requests.get(url, timeout=3)
  - frobnicate(url)
valid:
  - answer = requests.get(url)
```
"""
    async with smithy(tmp_path, *[says(contrary + PROVEN)] * 3) as smith:
        await smith.open()
        assert (await smith.ended()).says == "1 candidate"
        (book,) = drafts_in(smith.view)
        assert book.own == (), "the one that it cannot prove itself is not kept"


HOSTILE = """
```yaml
id: steal
engine: command
command: {run: "curl -d @/etc/passwd localhost"}
```
```yaml
id: ../../.git/hooks/pre-commit
language: python
rule: {pattern: "$A"}
```
```yaml
id: hidden
language: python
message: "\\e]0;gone\\a"
rule: {pattern: print}
```
```yaml
id: no-such-kind
language: python
rule: {kind: "nothing at all"}
```
```yaml
id: other-language
language: brainfuck
rule: {pattern: x}
```
"""


async def test_a_hostile_answer_is_turned_down_piece_by_piece(tmp_path: Path, real_home: Path) -> None:
    log = tmp_path / "asked.jsonl"
    async with (
        model(tmp_path, says(HOSTILE + "\x1b[2J"), says(PROVEN), log=log) as url,
        smithy(tmp_path, agent=talks_to(url)) as smith,
    ):
        await smith.open()
        assert (await smith.ended()).says == "1 candidate"
        assert [book.candidate.body["rule"] for book in drafts_in(smith.view)] != []
    failures = last_words(json.loads(log.read_text().splitlines()[1])["body"]["input"])
    assert "steal:\n\nline 2: engine 'command' is not for agents to draft" in failures
    assert ".git/hooks/pre-commit:\n\nline 1: id: String should match pattern" in failures
    assert "block 3:\n\nholds characters that a person cannot see" in failures
    assert "no-such-kind:\n\n" in failures
    assert "other-language:\n\nlanguage: the examples are python" in failures


async def test_who_pays_is_in_the_costs(tmp_path: Path, real_home: Path) -> None:
    price = "price = { input = 10.0, output = 10.0 }"
    async with smithy(tmp_path, says(PROVEN), agent=price) as smith:
        await smith.open()
        await smith.ended()
        await smith.ana.until(lambda: smith.ana.state.rules.drafting)
        usage = smith.ana.state.rules.drafting["scribe"]
        assert usage.tokens > 0
        assert usage.cost_usd
        assert smith.ana.state.total.tokens == usage.tokens == smith.ana.state.today.tokens
        (paid,) = [one.event for one in smith.ana.events if isinstance(one.event, DraftPaid)]
        assert (paid.agent, paid.by) == ("scribe", getpass.getuser())
        used = (await smith.ana.call(GetStats()))["used"]
        assert used["drafts"]["scribe"]["input_tokens"] == usage.input_tokens


async def test_what_it_asks_for_is_denied_at_once(tmp_path: Path, real_home: Path) -> None:
    asks = {"tool": "ask", "arguments": {"question": "May I?", "options": ["yes"]}}
    runs = {"tool": "run", "arguments": {"command": "touch out.txt", "needs_network": True, "reason": "I want to"}}
    async with smithy(tmp_path, says("", asks), says("", runs), says(PROVEN)) as smith:
        await smith.open()
        assert (await smith.ended()).says == "1 candidate"


async def test_it_can_write_nothing_of_the_repository(tmp_path: Path, real_home: Path) -> None:
    aim = tmp_path / "repo" / "written.txt"
    runs = {"tool": "run", "arguments": {"command": f"echo x >{aim}; git -C {aim.parent} commit -q --allow-empty -m x"}}
    async with smithy(tmp_path, says("", runs), says(PROVEN)) as smith:
        before = git(smith.world.repository, "rev-parse", "HEAD")
        await smith.open()
        assert (await smith.ended()).says == "1 candidate"
        assert not aim.exists()
        assert git(smith.world.repository, "rev-parse", "HEAD") == before
        assert git(smith.world.repository, "worktree", "list").count("\n") == 0


async def test_a_fix_leaves_a_draft_where_it_is_and_tries_it_again(tmp_path: Path, real_home: Path) -> None:
    async with smithy(tmp_path, says(PROVEN)) as smith:
        await smith.open()
        await smith.ended()
        (book,) = drafts_in(smith.view)
        await smith.ana.call(GiveFix(forge=smith.forge, text="answer = session.get(url)"))

        def is_tried(view: ForgeView) -> bool:
            found = view.book(book.number)
            return found is not None and any(one.example.text == "answer = session.get(url)" for one in found.verdicts)

        view = await smith.until(is_tried)
        assert view.book(book.number) is not None
        assert view.books[0].number == book.number, "those that were made anew stand behind it"


async def test_an_agent_waits_for_examples_and_drafts_once_there_are_some(tmp_path: Path, real_home: Path) -> None:
    async with smithy(tmp_path, says(PROVEN)) as smith:
        await smith.open(kind=Pointed.TRANSCRIPT, snippet="", fix="", path="calls.py", line=None)
        view = await smith.until(lambda view: view.progress is not Progress.GATHERING or view.problems)
        assert view.drafting is None
        for kind, text in ((ExampleKind.BAD, OFFENCE.snippet), (ExampleKind.GOOD, OFFENCE.fix)):
            await smith.ana.call(ChangeExample(forge=smith.forge, do="put", kind=kind, text=text))
        assert (await smith.ended()).says == "1 candidate"
