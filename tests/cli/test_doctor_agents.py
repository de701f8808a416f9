"""`cockpit doctor` on agents of others: what is here, what is not, and what to do about it."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

from cockpit.cli import NEEDS_HUMAN, OK, main

ANSWER = '{"jsonrpc": "2.0", "id": 1, "result": {"agentInfo": {"version": "1.2.3"}}}'
CODEX = '{"id": 1, "result": {"userAgent": "cockpit/%s (somewhere)"}}'


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "bin").mkdir()
    monkeypatch.setenv("COCKPIT_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}:/usr/bin:/bin")
    for name in ("OPENAI_API_KEY", "CODEX_API_KEY", "GEMINI_API_KEY", "GOOGLE_API_KEY"):
        monkeypatch.delenv(name, raising=False)
    subprocess.run(["git", "init", "-q", tmp_path / "repo"], check=True)
    return tmp_path


def program(place: Path, name: str, answer: str) -> None:
    file = place / "bin" / name
    file.write_text(f"#!/bin/sh\nread line; echo '{answer}'; cat >/dev/null\n")
    file.chmod(0o755)


def examine(place: Path, capsys: pytest.CaptureFixture[str]) -> tuple[int, dict[str, dict[str, str]]]:
    status = main(["doctor", "--json", "-C", str(place / "repo")])
    return status, {one["subject"]: one for one in json.loads(capsys.readouterr().out)}


def test_what_nobody_asked_for_is_one_quiet_line(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    status, found = examine(place, capsys)
    assert status == OK
    assert found["agents"]["level"] == "ok"
    assert found["agents"]["found"] == (
        "not installed, and not needed: claude, codex, codex-acp, gemini, opencode, qwen"
    )


def test_an_agent_that_somebody_set_up_and_that_is_not_here_is_to_be_installed(
    place: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (place / "repo" / "cockpit.toml").write_text('[agents.codex]\nmodel = "large"\n')
    status, found = examine(place, capsys)
    assert status == NEEDS_HUMAN
    assert found["agent codex"]["level"] == "fail"
    assert "npm install -g @openai/codex" in found["agent codex"]["advice"]


def test_an_agent_that_is_to_draft_rules_is_wanted(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (place / "repo" / "cockpit.toml").write_text('[forge]\ndrafting = "codex"\n')
    status, found = examine(place, capsys)
    assert status == NEEDS_HUMAN
    assert found["agent codex"]["level"] == "fail"
    (place / "repo" / "cockpit.toml").write_text('[forge]\ndrafting = "codx"\n')
    status, found = examine(place, capsys)
    assert status == NEEDS_HUMAN
    assert "'codx' is not an agent" in found["config"]["found"]


@pytest.mark.parametrize(("version", "level"), [("0.168.9", "fail"), ("0.170.0", "warn")])
def test_codex_is_started_and_its_version_looked_at(
    version: str, level: str, place: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    program(place, "codex", CODEX % version)
    (place / "repo" / "cockpit.toml").write_text('default_agent = "codex"\n')
    codex = examine(place, capsys)[1]["agent codex"]
    assert codex["level"] == level
    assert version in codex["found"]
    assert ("too old" in codex["found"]) is (level == "fail")
    assert ("codex login" in codex["advice"]) is (level == "warn")


def test_one_that_is_here_and_logged_in_is_well(
    place: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    program(place, "opencode", ANSWER)
    monkeypatch.setenv("OPENAI_API_KEY", "a-secret")
    status = main(["doctor", "-C", str(place / "repo")])
    said = capsys.readouterr().out
    line = next(line for line in said.splitlines() if "opencode" in line)
    assert status == OK
    assert line.startswith("✓ agent opencode 1.2.3 ")
    assert line.endswith("answers, log-in found")
    assert "a-secret" not in said


def test_settings_that_are_wrong_are_told(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (place / "repo" / "cockpit.toml").write_text('[agents.codex]\nmodle = "large"\n')
    status, found = examine(place, capsys)
    assert status == NEEDS_HUMAN
    assert "modle" in found["agent codex"]["found"]
