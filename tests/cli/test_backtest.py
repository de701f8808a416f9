"""`cockpit rules backtest`: which accepted commits a rule would have stopped, on real repositories."""

from __future__ import annotations

import json
import os
import select
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from cockpit.cli import FAILED, OK, USAGE, main
from tests.providers.git_story import git, make_repository, write
from tests.rules.book import NO_EVAL

NO_TODO = "id: no-todo\nengine: regex\nmessage: left to do\nregex: {pattern: TODO}\n"


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("COCKPIT_HOME", str(tmp_path / "home"))
    root = make_repository(tmp_path / "code")
    commit(root, "Begin", {"old.py": "eval(1)\n", ".cockpit/rules/no-eval.yml": NO_EVAL})
    commit(root, "Work", {"a.py": "x = 1\neval(x)\n", "b.py": "# TODO tidy\n"})
    git(root, "checkout", "-qb", "side")
    commit(root, "Aside", {"c.py": "y = 2\neval(y)\n"})
    git(root, "checkout", "-q", "main")
    git(root, "merge", "-q", "--no-ff", "-m", "Merge the side", "side")
    commit(root, "Go on", {"a.py": "x = 1\neval(x)\n# more\n"})
    return root


def commit(root: Path, subject: str, files: dict[str, str]) -> None:
    write(root, files)
    git(root, "add", "-A")
    git(root, "commit", "-qm", subject)


def cockpit(root: Path, *words: str) -> int:
    return main(["rules", "backtest", *words, "-C", str(root)])


def test_each_commit_that_a_rule_stops_is_told_with_its_code(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cockpit(root, "no-eval") == OK
    said = capsys.readouterr()
    lines = said.out.splitlines()
    assert [line[12:] for line in lines[::3]] == ["Merge the side", "Work", "Begin"]
    assert lines[1:3] == ["  c.py:2", "      eval(y)"]
    assert "it would have stopped 3 of them (3 hits)" in said.err
    assert cockpit(root, "no-eval", "--commits", "1") == OK
    assert "of the last 1 commits it would have stopped none" in capsys.readouterr().err


def test_as_json_it_is_one_object_a_line(root: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    rule = tmp_path / "mine.yml"
    rule.write_text(NO_TODO)
    assert cockpit(root, str(rule), "--format", "json") == OK
    hit, total = map(json.loads, capsys.readouterr().out.splitlines())
    assert (hit["subject"], hit["path"], hit["line"], hit["code"]) == ("Work", "b.py", 1, "# TODO tidy")
    assert total == {
        "rule": "no-todo",
        "stopped": 1,
        "hits": 1,
        "complete": True,
        "problems": [],
        "commits": int(git(root, "rev-list", "--count", "--first-parent", "main")),
    }


def test_shared_matchers_are_known(root: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write(root, {".cockpit/utils/evil.yml": "id: evil\nlanguage: python\nrule: {pattern: eval($A)}\n"})
    rule = tmp_path / "mine.yml"
    rule.write_text("id: no-evil\nlanguage: python\nmessage: evil\nrule: {matches: evil}\n")
    assert cockpit(root, str(rule)) == OK
    assert "stopped 3 of them" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("text", "status", "why"),
    [
        ("nonsense", USAGE, "mine.yml"),
        ("id: x\nlanguage: python\nrule: {kind: nonsense}\n", FAILED, "cannot judge"),
        ("id: x\nengine: command\ncommand: {run: [ls]}\n", FAILED, "a command is not run here"),
    ],
)
def test_what_cannot_be_judged_is_no_approval(
    root: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], text: str, status: int, why: str
) -> None:
    rule = tmp_path / "mine.yml"
    rule.write_text(text)
    assert cockpit(root, str(rule)) == status
    assert why in capsys.readouterr().err
    assert cockpit(root, "nothing") == USAGE
    with pytest.raises(SystemExit):
        cockpit(root, "no-eval", "--commits", "0")


def test_interrupted_it_tells_what_it_found_and_leaves_nothing_behind(root: Path, tmp_path: Path) -> None:
    for number in range(22):
        commit(root, f"Step {number}", {"a.py": f"eval({number})\n"})
    real, slow, marker = shutil.which("git"), tmp_path / "bin/git", tmp_path / "pid"
    hangs = f"echo $$ > {marker}; exec tail -f /dev/null"
    write(tmp_path, {"bin/git": f'#!/bin/sh\ncase "$*" in *--skip=20*) {hangs};; esac\nexec {real} "$@"\n'})
    slow.chmod(0o755)
    env = {**os.environ, "PATH": f"{slow.parent}{os.pathsep}{os.environ['PATH']}"}
    program = "import sys; from cockpit.cli import main; sys.exit(main())"
    words = [sys.executable, "-c", program, "rules", "backtest", "no-eval", "-C", str(root)]
    with subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=env) as child:
        assert child.stdout is not None
        assert child.stderr is not None
        assert "Step 21" in child.stdout.readline()
        while not (marker.exists() and marker.read_text().strip()):
            select.select([], [], [], 0.01)
        child.send_signal(signal.SIGINT)
        assert "interrupted; of the newest 20 commits it would have stopped 20 of them" in child.stderr.read()
        assert child.wait() == 130
    with pytest.raises(ProcessLookupError):
        os.kill(int(marker.read_text()), 0)


LAYERS = """\
id: layers
engine: layers
layers: {domains: ["src/*"], order: [types, service, runtime], across: [types]}
"""


def test_imports_and_other_files_are_looked_up_as_they_were(
    root: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    commit(root, "Lay out", {"src/shop/types.py": "a = 1\n", "src/shop/service.py": "import shop.types\n"})
    commit(root, "Against it", {"src/shop/types.py": "a = 1\nfrom shop import service\n"})
    commit(root, "Touch it", {"src/shop/types.py": "a = 1\nfrom shop import service\nb = 2\n"})
    commit(root, "In Go", {"go.mod": "module shop.example/shop\n", "src/go/runtime/a.go": "package runtime\n"})
    commit(root, "Against it", {"src/go/types/b.go": 'package types\n\nimport "shop.example/shop/src/go/runtime"\n'})
    commit(root, "Write", {"docs/a.md": "[b](b.md)\n[c](c.md)\n", "docs/c.md": "x\n", "lone.ts": "x\n"})
    (tmp_path / "layers.yml").write_text(LAYERS)
    assert cockpit(root, str(tmp_path / "layers.yml"), "--format", "json") == OK
    *hits, _total = map(json.loads, capsys.readouterr().out.splitlines())
    assert [(one["subject"], one["path"], one["line"]) for one in hits] == [
        ("Against it", "src/go/types/b.go", 3),
        ("Against it", "src/shop/types.py", 2),
    ]
    (tmp_path / "links.yml").write_text("id: links\nengine: path\nfiles: ['**/*.md']\npath: {links: true}\n")
    assert cockpit(root, str(tmp_path / "links.yml"), "--format", "json") == OK
    (hit, _total) = map(json.loads, capsys.readouterr().out.splitlines())
    assert (hit["path"], hit["line"], hit["code"]) == ("docs/a.md", 1, "b.md")
    alone = "id: alone\nengine: path\nfiles: ['*.ts']\npath: {beside: '{stem}.test.ts', exist: ['*.toml']}\n"
    (tmp_path / "alone.yml").write_text(alone)
    assert cockpit(root, str(tmp_path / "alone.yml"), "--format", "json") == OK
    *hits, _total = map(json.loads, capsys.readouterr().out.splitlines())
    assert (hits[0]["subject"], hits[0]["path"]) == ("Write", "lone.ts")
