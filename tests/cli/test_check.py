"""`cockpit check` and `cockpit rules` on real repositories."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from cockpit.cli import FAILED, NEEDS_HUMAN, OK, USAGE, main
from tests.providers.git_story import git, make_repository, write
from tests.rules.book import NO_EVAL


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("COCKPIT_HOME", str(tmp_path / "home"))
    root = make_repository(tmp_path / "code")
    write(root, {".cockpit/rules/no-eval.yml": NO_EVAL, "old.py": "eval(x)\n"})
    git(root, "add", "-A")
    git(root, "commit", "-qm", "Begin with rules")
    return root


def cockpit(root: Path, *words: str) -> int:
    return main([*words, "-C", str(root)])


def test_only_what_changed_is_looked_into_unless_all_is_asked_for(
    root: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cockpit(root, "check") == OK
    assert capsys.readouterr().out == ""
    assert cockpit(root, "check", "--all") == NEEDS_HUMAN
    assert "old.py:1:1" in capsys.readouterr().out
    write(root, {"new.py": "x = 1\neval(x)\n"})
    assert cockpit(root, "check", "--changed") == NEEDS_HUMAN
    said = capsys.readouterr().out
    assert "new.py:2:1" in said
    assert "old.py" not in said


def test_a_base_takes_in_everything_since_the_two_parted(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    git(root, "checkout", "-qb", "work")
    write(root, {"new.py": "eval(x)\n"})
    git(root, "add", "-A")
    git(root, "commit", "-qm", "Work")
    assert cockpit(root, "check") == OK
    assert cockpit(root, "check", "--base", "main") == NEEDS_HUMAN
    capsys.readouterr()
    assert cockpit(root, "check", "--base", "nowhere") == USAGE
    assert "cannot compare with nowhere" in capsys.readouterr().err
    write(root, {"cockpit.toml": '[rules]\nbase = "main"\n'})
    assert cockpit(root, "check") == NEEDS_HUMAN


def test_the_baseline_lets_old_code_be_and_stops_new_code(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cockpit(root, "check", "--baseline") == OK
    assert cockpit(root, "check", "--all") == OK
    assert "1 known before" in capsys.readouterr().err
    write(root, {"old.py": "x = 1\n\neval(x)\neval(x)\n"})
    assert cockpit(root, "check", "--all") == NEEDS_HUMAN


def test_a_rule_that_cannot_run_is_no_approval(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write(root, {".cockpit/rules/bad.yml": "id: bad\nlanguage: python\nrule: {kind: nonsense}\n", "new.py": "x\n"})
    assert cockpit(root, "check") == FAILED
    assert "cannot judge: .cockpit/rules/bad.yml: rule bad: ast-grep cannot read it" in capsys.readouterr().out


def test_checks_and_commands_run_too_and_only_when_concerned(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    toml = '[checks.words]\ncommand = ["sh", "-c", "echo bad; exit 1"]\ninputs = ["*.txt"]\n'
    rule = (
        "id: no-tabs\nengine: command\nseverity: error\nmessage: tabs\nfiles: ['*.py']\n"
        "command: {run: [sh, -c, 'grep -Hn bad new.py && exit 1 || true'], parser: regex,"
        " pattern: '^(?P<path>[^:\\n]+):(?P<line>\\d+):(?P<message>.*)$'}\n"
    )
    write(root, {"cockpit.toml": toml, ".cockpit/invariants/no-tabs.yml": rule, "new.py": "x\n# bad\n"})
    assert cockpit(root, "check", "--format", "json") == NEEDS_HUMAN
    report = json.loads(capsys.readouterr().out)
    assert report["checks"] == []
    assert [(one["code"], one["path"], one["line"]) for one in report["findings"]] == [("no-tabs", "new.py", 2)]
    write(root, {"f.txt": "changed\n"})
    assert cockpit(root, "check", "--format", "json") == NEEDS_HUMAN
    assert [one["check"] for one in json.loads(capsys.readouterr().out)["checks"]] == ["words"]
    assert cockpit(root, "check", "--rules-only", "--format", "json") == OK


def test_a_command_is_not_run_on_an_agents_word(root: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    workspace = tmp_path / "home/data/repos/code/workspaces/fix-1"
    git(root, "worktree", "add", "-q", str(workspace), "-b", "fix")
    marker = tmp_path / "ran"
    rule = f"id: run\nengine: command\ncommand: {{run: [touch, {marker}]}}\n"
    write(workspace, {".cockpit/invariants/run.yml": rule})
    assert cockpit(workspace, "check", "--all") == NEEDS_HUMAN
    assert "not run in an agent's workspace" in capsys.readouterr().err
    assert not marker.exists()


def test_sarif_and_github(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    cockpit(root, "check", "--all", "--format", "sarif")
    assert json.loads(capsys.readouterr().out)["runs"][0]["results"][0]["ruleId"] == "no-eval"
    cockpit(root, "check", "--all", "--format", "github")
    assert capsys.readouterr().out.startswith("::error file=old.py,line=1,col=1,title=no-eval::")


def test_rules_are_adopted_listed_shown_and_proven(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cockpit(root, "rules", "add", "logging/no-print", "size", "--state", "shadow") == OK
    assert cockpit(root, "rules", "add", "size") == OK
    assert "kept .cockpit/invariants/file-size.yml" in capsys.readouterr().out
    assert cockpit(root, "rules", "list") == OK
    assert [line.split()[0] for line in capsys.readouterr().out.splitlines()] == [
        *("file-size", "function-size", "no-eval", "no-print"),
    ]
    assert cockpit(root, "rules", "show", "no-print") == OK
    assert "state: shadow" in capsys.readouterr().out
    assert cockpit(root, "rules", "test") == OK
    assert "proven  no-print: 2 bad, 2 good" in capsys.readouterr().out
    assert cockpit(root, "rules", "show", "nothing") == USAGE
    assert cockpit(root, "rules", "add", "nothing") == USAGE
    assert cockpit(root, "rules", "add") == OK
    write(root, {".cockpit/rule-tests/no-eval-test.yml": "id: no-eval\nvalid: [eval(1)]\n"})
    assert cockpit(root, "rules", "test", "no-eval") == NEEDS_HUMAN
    assert "hits this good example" in capsys.readouterr().out


def test_a_command_is_held_to_the_baseline_the_base_and_comments(
    root: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = (
        "id: no-bad\nengine: command\nseverity: error\nmessage: bad\nfiles: ['*.py']\n"
        "command: {run: [sh, -c, 'grep -Hn bad *.py && exit 1; exit 0'], parser: regex,"
        " pattern: '^(?P<path>[^:\\n]+):(?P<line>\\d+):(?P<message>.*)$'}\n"
    )
    grows = (
        "id: only-grows\nengine: command\nseverity: error\nmessage: taken away\nfiles: ['*.py']\n"
        "command: {run: [sh, -c, 'grep -vxFf \"$1\" \"$0\" && exit 1; exit 0', '{base}/{file}', '{file}']}\n"
    )
    write(root, {".cockpit/invariants/no-bad.yml": words, "old.py": "x = 'bad'\n"})
    git(root, "add", "-A")
    git(root, "commit", "-qm", "Old")
    assert cockpit(root, "check", "--baseline") == OK
    write(root, {"old.py": "y = 1\nx = 'bad'\n", "new.py": "# ast-grep-ignore: no-bad\nz = 'bad'\n"})
    assert cockpit(root, "check") == OK
    write(root, {"new.py": "z = 'bad'\n", ".cockpit/invariants/only-grows.yml": grows, "old.py": "y = 1\n"})
    assert cockpit(root, "check", "--format", "json") == NEEDS_HUMAN
    report = json.loads(capsys.readouterr().out.splitlines()[-1])
    found = [(one["code"], one["path"], one["line"]) for one in report["findings"]]
    assert found == [("no-bad", "new.py", 1), ("only-grows", "old.py", None)]


@pytest.mark.parametrize(("state", "status"), [("block", FAILED), ("warn", OK)])
def test_a_missing_tool_is_told_with_how_to_get_it(
    root: Path, capsys: pytest.CaptureFixture[str], state: str, status: int
) -> None:
    rule = (
        "id: tool\nengine: command\nseverity: error\nmessage: x\n"
        f"command: {{run: [no-such-tool], install: 'pip install it'}}\nmetadata: {{state: {state}}}\n"
    )
    write(root, {".cockpit/invariants/tool.yml": rule})
    assert cockpit(root, "check") == status
    assert "`no-such-tool` is not here: pip install it" in capsys.readouterr().out


def test_no_agent_is_asked_unless_a_person_says_so(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    rule = "id: twin\nengine: judge\nmessage: x\njudge: {prompt: Is there a twin?}\n"
    write(root, {".cockpit/invariants/twin.yml": rule})
    assert cockpit(root, "check") == OK
    assert "1 not judged: `--judge` asks an agent, at its price" in capsys.readouterr().err
    assert cockpit(root, "check", "--judge") == USAGE
    assert 'name one in cockpit.toml, as in `[rules] judge = "NAME"`' in capsys.readouterr().err


def test_adopting_rules_says_what_was_done_what_is_missing_and_what_to_do_next(
    root: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write(root, {"src/shop/types.py": "x = 1\n"})
    assert cockpit(root, "rules", "add", "layers", "api", "logging/no-console") == OK
    said = capsys.readouterr()
    assert "wrote .cockpit/invariants/layers.yml\n" in said.out
    assert "note  no-console: it looks at no file here yet: `files` in .cockpit/rules/no-console.yml" in said.out
    assert "note  layers" not in said.out
    assert "Next: `cockpit rules test`" in said.err
    before = {path: path.read_text() for path in (root / ".cockpit").rglob("*.yml")}
    assert cockpit(root, "rules", "add", "layers", "api") == OK
    assert before == {path: path.read_text() for path in (root / ".cockpit").rglob("*.yml")}
    assert cockpit(root, "rules", "test") == OK
    assert "untried openapi-valid: no example can try it; `cockpit check` runs it" in capsys.readouterr().out
