"""Candidates of engines other than ast-grep: held against examples, and counted in trees and in accepted commits."""

from __future__ import annotations

import subprocess
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from cockpit.providers.git.run import Git
from cockpit.rules.runtime.gate import Gate, Question
from cockpit.rules.runtime.history import History
from cockpit.rules.runtime.tree_scan import Tree
from cockpit.rules.service.gate import examples_of
from cockpit.rules.service.scope import is_meant, left_out
from cockpit.rules.service.selection import selected
from cockpit.rules.service.templates import templates
from cockpit.rules.types import Engine, Example, ExampleKind
from cockpit.rules.types.forge import Candidate, HistoryDone, Judged, News, Pair, Stopped, Struck, Uncounted

LONG = "def f():\n" + "    x = 1\n" * 40
TODO = Candidate(engine=Engine.REGEX, body={"pattern": "TODO"}, says="")
SIZE = Candidate(engine=Engine.SIZE, body={"max_function_lines": 30}, says="")
NAMES = Candidate(engine=Engine.NAMING, body={"functions": "[a-z_]+"}, says="")
ABSENT = Candidate(engine=Engine.PATH, body={"absent": True}, files=("*.sql",), says="")
TOGETHER = Candidate(engine=Engine.PATH, body={"together": ["docs/**"]}, files=("*.py",), says="")
LAYERS = Candidate(engine=Engine.LAYERS, body={"domains": ["app/*"]}, says="")
COMMAND = Candidate(engine=Engine.COMMAND, body={"run": ["make"]}, says="")


@pytest.fixture
async def gate(tmp_path: Path) -> AsyncIterator[Gate]:
    async with Gate(tmp_path / "cache") as opened:
        yield opened


def commits(root: Path, *trees: dict[str, str]) -> Path:
    """Make a repository with one commit for each of these sets of files."""
    root.mkdir()
    identity = ("-c", "user.name=Ana", "-c", "user.email=ana@localhost")
    subprocess.run(["git", "init", "-q", "-b", "main"], cwd=root, check=True)
    for number, files in enumerate(trees):
        for path, text in files.items():
            (root / path).parent.mkdir(parents=True, exist_ok=True)
            (root / path).write_text(text)
        subprocess.run(["git", "add", "-A"], cwd=root, check=True)
        subprocess.run(["git", *identity, "commit", "-q", "-m", f"step {number}"], cwd=root, check=True)
    return root


async def told(gate: Gate, question: Question) -> list[News]:
    found: list[News] = []
    await gate.judge(question, found.append)
    return found


async def test_commits_are_counted_in_which_something_new_is_hit(gate: Gate, tmp_path: Path) -> None:
    root = commits(
        tmp_path / "repo",
        {"a.py": LONG, "old.txt": "TODO\n"},
        {"a.py": LONG + "\n\ndef g():\n    pass\n", "old.txt": "TODO\nmore\n"},
        {"b.py": "def Bad():\n    pass  # TODO\n", "x.sql": "select 1"},
        {"b.py": LONG, "docs/b.md": "so"},
    )
    candidates = [TODO, SIZE, NAMES, ABSENT, TOGETHER]
    news = await told(gate, Question(candidates, (), history=History(Git(root / ".git"), "main", 10)))
    assert [one for one in news if isinstance(one, Uncounted)] == []
    by_number = {
        n: sorted(one.subject for one in news if isinstance(one, Stopped) and one.candidate == n) for n in range(5)
    }
    assert by_number == {
        0: ["step 0", "step 2"],
        1: ["step 0", "step 3"],
        2: ["step 2"],
        3: ["step 2"],
        4: ["step 0", "step 1", "step 2"],
    }
    (done,) = [one for one in news if isinstance(one, HistoryDone)]
    assert (done.commits, done.counts, done.problem) == (4, (2, 2, 1, 1, 3), "")


async def test_what_is_not_counted_says_so(gate: Gate, tmp_path: Path) -> None:
    root = commits(tmp_path / "repo", {"a.py": "x = 1\n"})
    tree = Tree("checkout", root)
    question = Question([LAYERS, COMMAND], (), trees=[tree], history=History(Git(root / ".git"), "main", 10))
    news = await told(gate, question)
    missing = {(one.candidate, one.where) for one in news if isinstance(one, Uncounted)}
    assert missing == {(1, "commits"), (1, "checkout")}


async def test_hits_that_the_scope_leaves_out_are_told_apart(gate: Gate, tmp_path: Path) -> None:
    root = commits(tmp_path / "repo", {"src/a.py": "f(1)\n# TODO\n", "tests/a.py": "f(1)\n# TODO\n"})
    scope = {"files": ("src/**",), "ignores": left_out(["src/a.py"], "python")}
    calls = Candidate(language="python", body={"rule": {"pattern": "f($A)"}}, says="").model_copy(update=scope)
    news = await told(gate, Question([calls, TODO.model_copy(update=scope)], (), trees=[Tree("checkout", root)]))
    found = {(one.candidate, one.is_outside, one.hits[0].path) for one in news if isinstance(one, Struck)}
    assert found == {
        (n, outside, path) for n in (0, 1) for outside, path in ((False, "src/a.py"), (True, "tests/a.py"))
    }


def test_tests_are_left_alone_unless_an_example_is_one() -> None:
    aside = left_out(["src/a.py"], "python")
    candidate = Candidate(body={}, ignores=aside, says="")
    assert [path for path in ("src/a.py", "tests/x.py", "src/test_a.py") if is_meant(candidate, path)] == ["src/a.py"]
    assert left_out(["tests/a.py"], "python") == ()


async def test_layers_found_in_examples_are_proven_by_imports(gate: Gate) -> None:
    bad = "from app.users.service.accounts import create\n\nx = create()"
    pair = Pair(bad=bad, good="x = None", path="app/users/types/account.py")
    (layers,) = [one for one in templates([pair]) if one.engine is Engine.LAYERS]
    (judged,) = [one for one in await told(gate, Question([layers], examples_of([pair]))) if isinstance(one, Judged)]
    assert judged.is_proven
    texts = [one.example.text for one in judged.verdicts]
    assert texts[0] == "app/users/types/account.py -> app/users/service/accounts.py"


async def test_a_moved_file_is_proven_by_paths(gate: Gate) -> None:
    pairs = [Pair(bad="x", good="x", path=f"src/{n}.sql", good_path=f"migrations/{n}.sql") for n in "ab"]
    (absent,) = [one for one in templates(pairs) if one.engine is Engine.PATH]
    (judged,) = [one for one in await told(gate, Question([absent], examples_of(pairs))) if isinstance(one, Judged)]
    assert judged.is_proven


async def test_wrong_examples_of_other_engines_are_wrong(gate: Gate) -> None:
    examples = [Example(kind=ExampleKind.BAD, text="fine"), Example(kind=ExampleKind.GOOD, text="a TODO")]
    (judged,) = [one for one in await told(gate, Question([TODO], examples)) if isinstance(one, Judged)]
    assert [one.is_right for one in judged.verdicts] == [False, False]


def test_templates_keep_their_places_beside_many_patterns() -> None:
    made = [Candidate(language="python", body={"rule": {"pattern": f"p{n}"}}, says=f"p{n}") for n in range(6)]
    names = Candidate(engine=Engine.NAMING, body={}, says="names", score=1.0)
    text = Candidate(engine=Engine.REGEX, body={}, says="text", score=-1.0)
    guess = Candidate(engine=Engine.PATH, body={}, says="guess", score=0.0)
    assert [one.says for one in selected(made, [text, names, guess])] == ["p0", "names", "p1", "p2"]
    assert [one.says for one in selected(made[:1], [text, names, guess])] == ["p0", "names", "guess", "text"]
    assert [one.says for one in selected([], [text])] == ["text"]
