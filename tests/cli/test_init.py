"""`cockpit init` on real repositories, with and without a terminal."""

from __future__ import annotations

import os
import pty
import subprocess
import sys
from pathlib import Path

import pytest

from cockpit.cli import NEEDS_HUMAN, OK, USAGE, main
from cockpit.config import load

COMMAND = "import sys; from cockpit.cli import main; sys.exit(main(['init', *sys.argv[1:]]))"


def git(folder: Path, *words: str) -> str:
    identity = ("-c", "user.name=Test", "-c", "user.email=test@localhost")
    done = subprocess.run(["git", "-C", folder, *identity, *words], check=True, capture_output=True, text=True)
    return done.stdout


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("COCKPIT_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("PATH", os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]]))
    root = tmp_path / "repo"
    root.mkdir()
    git(root, "init", "-q", "-b", "main")
    (root / "pyproject.toml").write_text("[tool.ruff]\nline-length = 100\n", "utf-8")
    (root / "code.py").write_text("import os\n", "utf-8")
    git(root, "add", "-A")
    git(root, "commit", "-q", "-m", "Begin")
    return root


def answer(root: Path, reply: str, *options: str) -> tuple[int, str]:
    """Run the command in a terminal, answer its question, and return its status and what it showed."""
    leader, follower = pty.openpty()
    try:
        with subprocess.Popen(
            [sys.executable, "-c", COMMAND, "-C", root, *options], stdin=follower, stdout=follower, stderr=follower
        ) as process:
            os.close(follower)
            shown = b""
            while True:
                try:
                    piece = os.read(leader, 65536)
                except OSError:
                    break
                if not piece:
                    break
                shown += piece
                if shown.endswith(b"[y/n] "):
                    os.write(leader, reply.encode())
            return process.wait(30), shown.decode()
    finally:
        os.close(leader)


def test_without_a_terminal_it_shows_and_writes_nothing(repository: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["init", "-C", str(repository)]) == NEEDS_HUMAN
    said = capsys.readouterr()
    assert "ruff is configured; fails now with 1 finding" in said.out
    assert "--yes" in said.err
    assert git(repository, "status", "--porcelain") == ""


def test_with_yes_it_writes_what_reads_back(repository: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["init", "--yes", "-C", str(repository)]) == OK
    assert [check.name for check in load(repository).checks] == ["ruff", "format"]
    said = capsys.readouterr()
    assert "Commit it" in said.out
    assert "fails now with 1 finding" in said.err
    assert git(repository, "status", "--porcelain") == "?? cockpit.toml\n"

    before = (repository / "cockpit.toml").read_text("utf-8")
    assert main(["init", "--yes", "-C", str(repository)]) == OK
    assert "says this already" in capsys.readouterr().out
    assert (repository / "cockpit.toml").read_text("utf-8") == before


def test_the_commit_is_tried_and_not_what_lies_about(repository: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (repository / "code.py").write_text("X = 1\n", "utf-8")
    main(["init", "-C", str(repository)])
    assert "ruff is configured; fails now with 1 finding" in capsys.readouterr().out


def test_a_file_that_says_something_else_is_not_replaced_unseen(
    repository: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = repository / "cockpit.toml"
    file.write_text('[sessions]\nsetup = "true"\n', "utf-8")
    assert main(["init", "--yes", "-C", str(repository)]) == NEEDS_HUMAN
    said = capsys.readouterr()
    assert '-setup = "true"' in said.out
    assert "+[[checks]]" in said.out
    assert "left as it was" in said.err
    assert file.read_text("utf-8") == '[sessions]\nsetup = "true"\n'


def test_in_a_terminal_the_person_decides(repository: Path) -> None:
    status, shown = answer(repository, "n\n")
    assert status == NEEDS_HUMAN
    assert "Write this to" in shown
    assert not (repository / "cockpit.toml").exists()

    status, shown = answer(repository, "y\n")
    assert status == OK
    assert len(load(repository).checks) == 2

    (repository / "cockpit.toml").write_text("# mine\n", "utf-8")
    status, shown = answer(repository, "y\n", "--yes")
    assert "Replace" in shown
    assert "-# mine" in shown
    assert status == OK
    assert len(load(repository).checks) == 2


@pytest.mark.parametrize("kind", ["none", "empty", "bare"])
def test_where_it_makes_no_sense_it_says_why(
    kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("COCKPIT_HOME", str(tmp_path / "home"))
    place = tmp_path / "place"
    place.mkdir()
    if kind != "none":
        git(place, "init", "-q", *(["--bare"] if kind == "bare" else []))
    words = {"none": "no git repository", "empty": "no commit yet", "bare": "bare repository"}
    assert main(["init", "-C", str(place)]) == USAGE
    assert words[kind] in capsys.readouterr().err


def test_hostile_names_reach_neither_the_terminal_nor_the_file_raw(
    repository: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = repository / "evil\x1b]0;owned\x07"
    folder.mkdir()
    (folder / "package.json").write_text('{"scripts": {"test": "true", "lint": "\\u001b[2J"}}', "utf-8")
    git(repository, "add", "-A")
    git(repository, "commit", "-q", "-m", "Add a trap")
    assert main(["init", "--yes", "-C", str(repository)]) == OK
    said = capsys.readouterr()
    assert "owned-lint" in said.out
    assert "\x1b" not in said.out + said.err + (repository / "cockpit.toml").read_text("utf-8")
