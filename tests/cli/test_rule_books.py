"""`cockpit rules state` and `retire` where no supervisor runs, and the curve of `cockpit stats`."""

from __future__ import annotations

from pathlib import Path

import pytest

from cockpit.cli import OK, USAGE, main
from cockpit.cli.curve import rows
from tests.providers.git_story import git, make_repository, write
from tests.rules.book import NO_EVAL

FILE = ".cockpit/rules/no-eval.yml"


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("COCKPIT_HOME", str(tmp_path / "home"))
    root = make_repository(tmp_path / "code")
    write(root, {FILE: f"# ours\n{NO_EVAL}"})
    git(root, "add", "-A")
    git(root, "commit", "-qm", "Begin with rules")
    return root


def test_without_a_supervisor_the_file_is_changed_and_nothing_else(
    root: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["rules", "state", "no-eval", "shadow", "-C", str(root)]) == OK
    said = capsys.readouterr()
    assert said.out == f"no-eval is shadow in {FILE}\n"
    assert "Commit it" in said.err
    text = (root / FILE).read_text()
    assert text.startswith("# ours\n")
    assert "state: shadow" in text
    assert main(["rules", "retire", "no-eval", "-C", str(root)]) == OK
    assert "state: retired" in (root / FILE).read_text()
    assert git(root, "status", "--porcelain").strip() == f"M {FILE}"
    assert not (root.parent / "home").exists()


def test_a_rule_that_only_warned_stops_changes_when_it_is_to_block(root: Path) -> None:
    file = root / FILE
    file.write_text(file.read_text().replace("severity: error", "severity: warning"))
    assert main(["rules", "state", "no-eval", "block", "-C", str(root)]) == OK
    assert "severity: error" in file.read_text()


def test_of_several_rules_in_a_file_the_one_that_is_meant_is_changed(root: Path) -> None:
    file = root / FILE
    file.write_text(f"{NO_EVAL}---\n{NO_EVAL.replace('no-eval', 'no-exec').replace('eval(', 'exec(')}")
    assert main(["rules", "state", "no-exec", "shadow", "-C", str(root)]) == OK
    first, second = file.read_text().split("---\n")
    assert first == NO_EVAL
    assert "state: shadow" in second


def test_what_makes_no_sense_is_said(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["rules", "state", "nothing", "block", "-C", str(root)]) == USAGE
    assert "there are: no-eval" in capsys.readouterr().err


def test_the_curve_is_printed_with_ticks_where_rules_began() -> None:
    said = [{"at": 1e9 + n, "value": max(0.0, 2 - n / 10), "caught": 0.5, "rules": []} for n in range(30)]
    said[4]["rules"] = ["no-print"]
    lines = list(rows(said))
    assert "since 9 Sep 2001" in lines[0] or "since 8 Sep 2001" in lines[0]
    assert lines[1].startswith("  2.0 █")
    assert lines[1].rstrip().endswith(("▅", "▆", "▇", "█", "▄", "▃", "▂", "▁"))
    assert lines[5].count("▲") == 1
    assert lines[6].strip() == "now 0.00, 20 changes ago 1.10; caught by rules 0.50; ▲ a rule began: no-print"
    assert all(len(line) <= 80 for line in lines[:6])
