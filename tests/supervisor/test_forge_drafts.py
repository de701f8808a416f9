"""Rules drafted by an agent: a real supervisor, the real native agent under the runner, and a scripted model.

What a scripted model proves is the plumbing: what an agent hears, what of its answer counts, and how it ends.
"""

from __future__ import annotations

import asyncio
import contextlib
import getpass
import json
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import psutil
import pytest
import yaml

from agents.scripted.conversation import flat
from agents.scripted.script import parse
from agents.scripted.server import ScriptedModel
from cockpit.journal.types.rules import DraftPaid
from cockpit.protocol.client import SupervisorGone
from cockpit.protocol.forge import (
    ChangeExample,
    CloseForge,
    FollowForge,
    GetRuleFiles,
    GiveFix,
    OpenForge,
    StopDrafting,
)
from cockpit.protocol.types import Down, GetStats
from cockpit.rules.types import ExampleKind
from cockpit.rules.types.forging import Book, Drafting, ForgeView, Offence, Pointed, Progress
from cockpit.sessions.runtime import runner
from cockpit.supervisor import drafter
from cockpit.supervisor.daemon import serve
from tests.supervisor.test_crash import ROOT
from tests.supervisor.world import Person, World, git, is_alive, make_repository, open_world

WITHIN_S = 30.0
OFFENCE = Offence(
    kind=Pointed.FINDING,
    path="calls.py",
    snippet="answer = requests.get(url)",
    fix="answer = requests.get(url, timeout=3)",
    said="outbound call without a timeout",
)
TESTS = """
```yaml
invalid:
  - requests.post(url, json=data)
valid:
  - session.get(url)
  - requests.get(url, timeout=9)
```
"""
PROVEN = """
```yaml
id: http-timeout
language: python
message: Outbound HTTP call without a timeout
note: Pass timeout=, in seconds.
severity: error
rule:
  all:
    - pattern: requests.$METHOD($$$ARGS)
    - not: {has: {kind: keyword_argument, regex: '^timeout\\s*=', stopBy: end}}
constraints:
  METHOD: {regex: '^(get|post|put)$'}
```
"""
TOO_BROAD = PROVEN.replace("    - not: {has: {kind: keyword_argument, regex: '^timeout\\s*=', stopBy: end}}\n", "")
BROKEN = "```yaml\nid: broken\nlanguage: python\nrule: {pattern: [\n```\n"


def says(text: str, *calls: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"text": text, "calls": list(calls), **more}


class Smith:
    """A person at a supervisor whose cockpit.toml lets an agent draft."""

    def __init__(self, world: World, ana: Person) -> None:
        self.world, self.ana = world, ana
        self.forge = ""
        self.view = ForgeView()

    async def open(self, **offence: Any) -> None:
        self.view = ForgeView()
        opened = await self.ana.call(OpenForge(offences=(OFFENCE.model_copy(update=offence),)))
        self.forge = opened["forge"]

    async def until(self, condition: Callable[[ForgeView], Any]) -> ForgeView:
        async with asyncio.timeout(WITHIN_S):
            while not condition(self.view):
                said = await self.ana.call(FollowForge(forge=self.forge, after=self.view.version))
                self.view = ForgeView.model_validate(said)
        return self.view

    async def ended(self) -> Drafting:
        """Wait until the agent's work is over, and what it drafted is judged."""

        def is_over(view: ForgeView) -> bool:
            drafting = view.drafting
            return drafting is not None and drafting.until is not None and len(drafts_in(view)) == drafting.drafted

        view = await self.until(is_over)
        assert view.drafting is not None
        return view.drafting

    async def close(self) -> None:
        await self.ana.call(CloseForge(forge=self.forge))

    @property
    def runs(self) -> list[Path]:
        """The folders of drafting agents' runs."""
        return sorted(self.world.paths.spool.glob("draft-*/1"))

    @property
    def leftovers(self) -> list[Path]:
        places = self.world.paths.data / "drafting"
        return [*self.world.paths.spool.glob("draft-*"), *(places.iterdir() if places.exists() else ())]

    def processes(self) -> list[int]:
        keepers = [runner.status(run).pid for run in self.runs]
        return [one.pid for pid in keepers if pid for one in psutil.Process(pid).children(recursive=True)]


def drafts_in(view: ForgeView) -> list[Book]:
    return [book for book in view.books if book.source == "agent"]


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("COCKPIT_HOME", str(tmp_path / "home"))
    return tmp_path / "home"


@contextlib.asynccontextmanager
async def smithy(tmp_path: Path, *steps: dict[str, Any], agent: str = "", forge: str = "") -> AsyncIterator[Smith]:
    script = tmp_path / "model.yml"
    script.write_text(yaml.safe_dump({"rules": [{"name": "drafts", "steps": list(steps)}]}))
    config = f"""
[agents.scribe]
driver = "native"
{f'script = "{script}"' if steps else ""}
{agent}
[forge]
drafting = "scribe"
{forge}
"""
    repository = make_repository(tmp_path / "repo", config)
    (repository / "calls.py").write_text("import requests\n\nanswer = requests.get(url)\n")
    git(repository, "add", "-A")
    git(repository, "commit", "-q", "-m", "call")
    async with open_world(repository) as world:
        yield Smith(world, await world.start())


async def test_what_an_agent_drafts_appears_behind_the_others(tmp_path: Path, place: Path) -> None:
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
    tmp_path: Path, place: Path
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


async def test_what_never_proves_is_told_and_not_shown(tmp_path: Path, place: Path) -> None:
    async with smithy(tmp_path, *[says(TOO_BROAD)] * 3) as smith:
        await smith.open()
        drafting = await smith.ended()
        assert drafting.says.startswith(
            "no candidates; 1 did not prove: http-timeout: This good example (given) was hit"
        )
        assert not drafts_in(smith.view)


async def test_its_own_examples_never_stand_against_the_persons(tmp_path: Path, place: Path) -> None:
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


async def test_a_hostile_answer_is_turned_down_piece_by_piece(tmp_path: Path, place: Path) -> None:
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


async def test_an_agent_that_never_stops_talking_is_ended(
    tmp_path: Path, place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(drafter, "SPOOL_LIMIT_BYTES", 20_000)
    async with smithy(tmp_path, says("many words " * 9_000)) as smith:
        await smith.open()
        drafting = await smith.ended()
        assert (drafting.says, drafting.is_bad) == ("it said more than 0 MiB", True)
        assert not smith.leftovers


async def test_an_agent_that_ends_at_once_says_why(tmp_path: Path, place: Path) -> None:
    async with smithy(tmp_path, agent='script = "/nowhere/script.yml"') as smith:
        await smith.open()
        drafting = await smith.ended()
        assert drafting.is_bad
        assert drafting.says.startswith("it ended with status 2: the agent cannot work: /nowhere/script.yml")


async def test_who_pays_is_in_the_costs(tmp_path: Path, place: Path) -> None:
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


async def test_a_used_up_budget_ends_it(tmp_path: Path, place: Path) -> None:
    steps = [says(TOO_BROAD)] * 3
    async with smithy(tmp_path, *steps, agent="budget = { tokens = 1 }") as smith:
        await smith.open()
        drafting = await smith.ended()
        assert (drafting.says, drafting.is_bad) == ("its budget of 1 tokens is used up", True)


async def test_what_it_asks_for_is_denied_at_once(tmp_path: Path, place: Path) -> None:
    asks = {"tool": "ask", "arguments": {"question": "May I?", "options": ["yes"]}}
    runs = {"tool": "run", "arguments": {"command": "touch out.txt", "needs_network": True, "reason": "I want to"}}
    async with smithy(tmp_path, says("", asks), says("", runs), says(PROVEN)) as smith:
        await smith.open()
        assert (await smith.ended()).says == "1 candidate"


async def test_it_can_write_nothing_of_the_repository(tmp_path: Path, place: Path) -> None:
    aim = tmp_path / "repo" / "written.txt"
    runs = {"tool": "run", "arguments": {"command": f"echo x >{aim}; git -C {aim.parent} commit -q --allow-empty -m x"}}
    async with smithy(tmp_path, says("", runs), says(PROVEN)) as smith:
        before = git(smith.world.repository, "rev-parse", "HEAD")
        await smith.open()
        assert (await smith.ended()).says == "1 candidate"
        assert not aim.exists()
        assert git(smith.world.repository, "rev-parse", "HEAD") == before
        assert git(smith.world.repository, "worktree", "list").count("\n") == 0


HANGS = says("", {"tool": "run", "arguments": {"command": "sleep 4321"}})


async def test_an_agent_that_takes_too_long_is_ended(tmp_path: Path, place: Path) -> None:
    async with smithy(tmp_path, says(PROVEN, delay_ms=60_000), forge="minutes = 0.02") as smith:
        await smith.open()
        drafting = await smith.ended()
        assert (drafting.says, drafting.is_bad) == ("stopped: it took longer than 0.02 min", True)
        assert not smith.leftovers


@pytest.mark.parametrize("how", ["stop", "close"])
async def test_an_agent_that_hangs_is_ended(tmp_path: Path, place: Path, how: str) -> None:
    async with smithy(tmp_path, HANGS) as smith:
        await smith.open()
        pids = await hanging(smith)
        if how == "close":
            await smith.close()
        else:
            assert (await smith.ana.call(StopDrafting(forge=smith.forge)))["was_drafting"]
            assert (await smith.ended()).says == "stopped"
            view = await smith.until(lambda view: all(book.is_judged for book in view.books))
            assert view.books, "the others go on"
        assert not any(map(is_alive, pids))
        assert not smith.leftovers


async def test_an_agent_that_dies_is_told(tmp_path: Path, place: Path) -> None:
    async with smithy(tmp_path, HANGS) as smith:
        await smith.open()
        await hanging(smith)
        runner.signal_group(smith.runs[0], signal.SIGKILL)
        drafting = await smith.ended()
        assert drafting.is_bad
        assert drafting.says.startswith("it ") and ("vanished" in drafting.says or "ended with" in drafting.says)
        assert not smith.leftovers


async def test_an_agent_that_cannot_be_started_is_told(tmp_path: Path, place: Path) -> None:
    async with smithy(tmp_path, agent='model = "x"\napprove = "nonsense"') as smith:
        await smith.open()
        drafting = await smith.ended()
        assert drafting.is_bad
        assert "approve" in drafting.says
        assert not smith.leftovers


async def test_what_a_killed_supervisor_leaves_is_ended_by_the_next(tmp_path: Path, place: Path) -> None:
    async with smithy(tmp_path, HANGS) as smith:
        await smith.ana.call(Down())
        assert smith.world.serving is not None
        await smith.world.serving
        smith.world.serving = None
        child = subprocess.Popen([sys.executable, "-m", "cockpit.supervisor", str(smith.world.repository)], cwd=ROOT)
        smith.ana = await reached(smith.world)
        await smith.open()
        pids = await hanging(smith)
        child.kill()
        await asyncio.to_thread(child.wait)
        assert any(map(is_alive, pids)), "an agent under the runner outlives a supervisor"
        smith.world.serving = asyncio.create_task(serve(smith.world.repository))
        await reached(smith.world)
        assert not any(map(is_alive, pids))
        assert not smith.leftovers


async def test_a_fix_leaves_a_draft_where_it_is_and_tries_it_again(tmp_path: Path, place: Path) -> None:
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


async def test_an_agent_waits_for_examples_and_drafts_once_there_are_some(tmp_path: Path, place: Path) -> None:
    async with smithy(tmp_path, says(PROVEN)) as smith:
        await smith.open(kind=Pointed.TRANSCRIPT, snippet="", fix="", path="calls.py", line=None)
        view = await smith.until(lambda view: view.progress is not Progress.GATHERING or view.problems)
        assert view.drafting is None
        for kind, text in ((ExampleKind.BAD, OFFENCE.snippet), (ExampleKind.GOOD, OFFENCE.fix)):
            await smith.ana.call(ChangeExample(forge=smith.forge, do="put", kind=kind, text=text))
        assert (await smith.ended()).says == "1 candidate"


async def hanging(smith: Smith) -> list[int]:
    """Wait until the agent's command runs; return its processes."""

    def found() -> list[int]:
        pids = smith.processes()
        lines = [" ".join(psutil.Process(pid).cmdline()) for pid in pids]
        return pids if any("sleep 4321" in line for line in lines) else []

    async with asyncio.timeout(WITHIN_S):
        while True:
            with contextlib.suppress(psutil.NoSuchProcess):
                if pids := await asyncio.to_thread(found):
                    return pids
            await asyncio.sleep(0.02)


async def reached(world: World) -> Person:
    """Wait for a supervisor where another one left its socket."""
    async with asyncio.timeout(WITHIN_S):
        while True:
            try:
                return await world.person()
            except SupervisorGone:
                await asyncio.sleep(0.01)


def talks_to(url: str) -> str:
    return f'base_url = "{url}"\nmodel = "scripted"\napi = "responses"'


@contextlib.asynccontextmanager
async def model(tmp_path: Path, *steps: dict[str, Any], log: Path) -> AsyncIterator[str]:
    script = parse(yaml.safe_dump({"rules": [{"name": "drafts", "steps": list(steps)}]}))
    async with ScriptedModel(script, request_log=log) as server:
        yield server.url


def last_words(said: list[dict[str, Any]]) -> str:
    """Return what the agent heard last."""
    return next(flat(one["content"]) for one in reversed(said) if one.get("role") == "user")
