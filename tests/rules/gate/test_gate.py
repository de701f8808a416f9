"""The gate with real parsers, real trees and a real git history."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
from collections.abc import AsyncIterator
from pathlib import Path
from typing import TypeVar

import pytest

from cockpit.providers.git.run import Git
from cockpit.rules.runtime.gate import Gate, Question
from cockpit.rules.runtime.history import History
from cockpit.rules.runtime.tree_scan import MOST_HITS, Tree
from cockpit.rules.runtime.workshop import Workshop, WorkshopError
from cockpit.rules.service.gate import examples_of
from cockpit.rules.types import Engine, Example, ExampleKind, Rule, RuleId
from cockpit.rules.types.forge import (
    Candidate,
    Doubt,
    Doubted,
    HistoryDone,
    Judged,
    News,
    Pair,
    Stopped,
    Struck,
    TreeDone,
)

PAIRS = (
    Pair(bad="requests.get(url)", good="requests.get(url, timeout=10)"),
    Pair(bad="requests.post(url, json=body)", good="requests.post(url, json=body, timeout=5)"),
)
EVERY_GET = Candidate(language="python", body={"rule": {"pattern": "requests.get($$$A)"}}, says="every get")
BARE_GET = Candidate(language="python", body={"rule": {"pattern": "requests.get($A)"}}, says="get with one argument")


@pytest.fixture
async def gate(tmp_path: Path) -> AsyncIterator[Gate]:
    async with Gate(tmp_path / "cache") as opened:
        yield opened


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    root = tmp_path / "tree"
    root.mkdir()
    (root / "one.py").write_text("import requests\n\nrequests.get(a)\nrequests.get(b, timeout=1)\n")
    (root / "two.py").write_text("x = requests.get(\n    c\n)\n")
    (root / "notes.md").write_text("requests.get(d)\n")
    return root


Kind = TypeVar("Kind")


async def asked(gate: Gate, question: Question) -> list[News]:
    told: list[News] = []
    await gate.judge(question, told.append)
    return told


def only(told: list[News], kind: type[Kind]) -> list[Kind]:
    return [one for one in told if isinstance(one, kind)]


async def test_examples_turn_red_and_green(gate: Gate) -> None:
    judged = only(await asked(gate, Question([EVERY_GET, BARE_GET], examples_of(PAIRS[:1]))), Judged)
    assert [one.is_proven for one in judged] == [False, True]
    assert [[verdict.is_right for verdict in one.verdicts] for one in judged] == [[True, False], [True, True]]


async def test_nothing_is_proven_without_a_bad_example(gate: Gate) -> None:
    good = [one for one in examples_of(PAIRS) if one.kind is ExampleKind.GOOD]
    (judged,) = only(await asked(gate, Question([BARE_GET], good)), Judged)
    assert all(verdict.is_right for verdict in judged.verdicts)
    assert not judged.is_proven


@pytest.mark.parametrize(
    "body",
    [
        {"rule": {"pattern": "requests.get("}},  # matches nothing, and says nothing
        {"rule": {"kind": "no_such_kind"}},
        {"rule": {"regex": "(?=a)"}},
        {"rule": {}},
        {"rule": {"pattern": {"context": "", "selector": "x"}}},
    ],
)
async def test_an_incomplete_rule_is_never_proven(gate: Gate, body: dict[str, object]) -> None:
    typed = Candidate(language="python", body=body, says="half typed")
    judged = only(await asked(gate, Question([typed, BARE_GET], examples_of(PAIRS[:1]))), Judged)
    assert [one.is_proven for one in judged] == [False, True]


async def test_a_language_that_makes_the_parser_panic_is_told(gate: Gate, capfd: pytest.CaptureFixture[str]) -> None:
    typed = Candidate(language="toml", body={"rule": {"pattern": "a"}}, says="")
    (judged,) = only(await asked(gate, Question([typed], examples_of(PAIRS))), Judged)
    assert "toml" in judged.problem
    assert capfd.readouterr().err == ""


async def test_hits_in_several_trees_are_told_with_their_code(gate: Gate, tree: Path, tmp_path: Path) -> None:
    clean = tmp_path / "clean"
    clean.mkdir()
    (clean / "a.py").write_text("pass\n")
    trees = [Tree("main", tree), Tree("session 4", clean)]
    told = await asked(gate, Question([BARE_GET, EVERY_GET], (), trees=trees))
    assert {one.tree: one.counts for one in only(told, TreeDone)} == {"main": (2, 3), "session 4": (0, 0)}
    hits = [hit for one in only(told, Struck) if one.candidate == 0 for hit in one.hits]
    assert {(hit.path, hit.line, hit.end_line) for hit in hits} == {("one.py", 3, 3), ("two.py", 1, 3)}
    assert {hit.text for hit in hits} == {"requests.get(a)", "requests.get(\n    c\n)"}


async def test_a_candidate_keeps_to_its_files(gate: Gate, tree: Path) -> None:
    narrow = EVERY_GET.model_copy(update={"files": ("two.*",)})
    (done,) = only(await asked(gate, Question([narrow], (), trees=[Tree("main", tree)])), TreeDone)
    assert done.counts == (1,)


async def test_a_candidate_that_the_program_refuses_does_not_hide_the_others(gate: Gate, tree: Path) -> None:
    refused = Candidate(language="python", body={"rule": {"pattern": "else:\n    $A"}}, says="")
    told = await asked(gate, Question([refused, BARE_GET], (), trees=[Tree("main", tree)]))
    assert [one.candidate for one in only(told, Judged) if one.problem] == [0]
    (done,) = only(told, TreeDone)
    assert (done.counts, done.problem) == ((0, 2), "")


async def test_a_rule_that_hits_everywhere_is_cut_and_doubted(gate: Gate, tree: Path) -> None:
    (tree / "many.py").write_text("requests.get(a)\n" * (MOST_HITS + 500))
    told = await asked(gate, Question([BARE_GET], (), trees=[Tree("main", tree)]))
    (done,) = only(told, TreeDone)
    assert done.is_cut
    assert done.counts == (MOST_HITS,)
    assert [one.doubt for one in only(told, Doubted)] == [Doubt.TOO_BROAD]


async def test_other_rules_good_examples_stay_good(gate: Gate) -> None:
    good = Example(kind=ExampleKind.GOOD, text="def f():\n    return requests.get(u, timeout=3)")
    other = Rule(id=RuleId("http-timeout"), language="Python", body={"rule": {"pattern": "x"}}, examples=(good,))
    told = await asked(gate, Question([EVERY_GET, BARE_GET], (), others=[other]))
    (doubt,) = only(told, Doubted)
    assert (doubt.candidate, doubt.doubt) == (0, Doubt.CONFLICT)
    assert "http-timeout" in doubt.message


async def test_other_engines_pass_the_same_gate(gate: Gate, tree: Path) -> None:
    regex = Candidate(engine=Engine.REGEX, body={"pattern": r"requests\.get\(\w+\)"}, says="regex")
    told = await asked(gate, Question([regex], examples_of(PAIRS[:1]), trees=[Tree("main", tree)]))
    assert only(told, Judged)[0].is_proven
    assert only(told, TreeDone)[0].counts == (2,)  # a line of code, and one of prose


def commit(root: Path, subject: str, text: str) -> None:
    (root / "app.py").write_text(text)
    who = ("-c", "user.name=a", "-c", "user.email=a@example.org")
    subprocess.run(["git", *who, "add", "-A"], cwd=root, check=True)
    subprocess.run(["git", *who, "commit", "-qm", subject], cwd=root, check=True)


async def test_history_says_which_commits_would_have_been_stopped(gate: Gate, tmp_path: Path) -> None:
    root = tmp_path / "repository"
    subprocess.run(["git", "init", "-q", str(root)], check=True)
    commit(root, "begin", "import requests\n")
    commit(root, "fetch", "import requests\nrequests.get(a)\n")
    commit(root, "wait", "import requests\nrequests.get(a)\nwait()\n")
    commit(root, "fetch more", "import requests\nrequests.get(a)\nwait()\nrequests.get(\n    b\n)\n")
    told = await asked(gate, Question([BARE_GET], (), history=History(Git(root / ".git"), "HEAD", 50)))
    assert [one.subject for one in only(told, Stopped)] == ["fetch more", "fetch"]
    (done,) = only(told, HistoryDone)
    assert (done.commits, done.counts, done.problem) == (4, (2,), "")


async def test_a_history_that_cannot_be_read_is_no_silence(gate: Gate, tmp_path: Path) -> None:
    root = tmp_path / "empty"
    subprocess.run(["git", "init", "-q", str(root)], check=True)
    told = await asked(gate, Question([BARE_GET], (), history=History(Git(root / ".git"), "main", 5)))
    assert only(told, HistoryDone)[0].problem


async def test_a_judgement_can_be_called_off(gate: Gate, tree: Path) -> None:
    begun = asyncio.Event()
    question = Question([BARE_GET] * 3, examples_of(PAIRS), trees=[Tree("main", tree)])
    judging = asyncio.create_task(gate.judge(question, lambda _: begun.set()))
    await begun.wait()
    judging.cancel()
    with pytest.raises(asyncio.CancelledError):
        await judging
    (judged,) = only(await asked(gate, Question([BARE_GET], examples_of(PAIRS[:1]))), Judged)
    assert judged.is_proven


async def test_a_workshop_that_falls_is_replaced() -> None:
    async with Workshop() as workshop:
        await workshop.warm_up()
        process = workshop._process
        assert process is not None
        calls = [asyncio.create_task(workshop.call("hits", _heavy())) for _ in range(2)]
        await asyncio.sleep(0)
        os.kill(process.pid, signal.SIGKILL)
        for call in calls:
            with pytest.raises(WorkshopError):
                await call
        assert await workshop.call("ready", {}) is True


async def test_a_call_that_takes_too_long_is_ended() -> None:
    async with Workshop() as workshop:
        await workshop.warm_up()
        workshop._timeout_s = 0.01
        with pytest.raises(WorkshopError, match="longer"):
            await workshop.call("hits", _heavy())
        workshop._timeout_s = 20.0
        assert await workshop.call("ready", {}) is True


def _heavy() -> dict[str, object]:
    return {"language": "python", "texts": ["f(a)\n" * 60_000] * 2, "bodies": [{"rule": {"pattern": "g($A)"}}] * 5}


async def test_proposals_are_put_to_a_tree(gate: Gate, tree: Path) -> None:
    found = await gate.ranked(await gate.proposals(PAIRS, "python"), "python", Tree("main", tree))
    assert 2 <= len(found) <= 4
    shown = [Candidate(language="python", body=one.body, says=one.says) for one in found]
    judged = only(await asked(gate, Question(shown, examples_of(PAIRS))), Judged)
    assert all(one.is_proven for one in judged)
