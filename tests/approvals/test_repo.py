"""A line of the policy is added to a file, and nothing else of it changes."""

from __future__ import annotations

import fcntl
import stat
import subprocess
import sys
import tomllib
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from cockpit.approvals import repo
from cockpit.approvals.repo import PolicyNotWritten, add_line
from cockpit.approvals.types import Section

LINE = "uv run pytest *"


def fine(_text: str) -> None:
    pass


def add(file: Path, line: str = LINE, section: Section = Section.COMMANDS) -> bool:
    return add_line(file, section, line, within=file.parent, check=fine)


def test_comments_and_form_are_kept(tmp_path: Path) -> None:
    file = tmp_path / "cockpit.toml"
    file.write_text(
        '# ours\n[policy]   # who may what\ncommands = [ # these\n  "ls", # fine\n]\n\n[ui]\nbell = true # loud\n'
    )
    file.chmod(0o640)
    assert add(file)
    text = file.read_text()
    assert text == (
        '# ours\n[policy]   # who may what\ncommands = [ # these\n  "ls", # fine\n  "uv run pytest *",\n]\n'
        "\n[ui]\nbell = true # loud\n"
    )
    assert stat.S_IMODE(file.stat().st_mode) == 0o640
    assert not add(file)
    assert file.read_text() == text
    assert [one.name for one in tmp_path.iterdir()] == ["cockpit.toml"]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[ui]\nbell = true",
        "policy.commands = ['ls']\n",
        "policy = {edits = ['src/**']}\n",
        "[policy]\n[policy.deny]\ncommands = ['git push']\n[ui]\nbell = true\n",
        "[policy.deny]\ncommands = ['git push']\n",
        '[policy]\nedits = ["a"]\n[[checks]]\nname = "x"\ncommand = "x"\n',
        "[policy]\ncommands = []\n",
        "[policy]\r\ncommands = ['ls']\r\n",
    ],
)
def test_every_notation_means_the_same_and_one_line_more(tmp_path: Path, text: str) -> None:
    file = tmp_path / "cockpit.toml"
    file.write_bytes(text.encode())
    before = tomllib.loads(text)
    assert add(file)
    after = tomllib.loads(file.read_bytes().decode())
    assert after["policy"]["commands"] == [*before.get("policy", {}).get("commands", []), LINE]
    del after["policy"]["commands"]
    before.get("policy", {}).pop("commands", None)
    assert {**before, "policy": before.get("policy", {})} == after


def test_a_file_is_made_where_there_is_none(tmp_path: Path) -> None:
    file = tmp_path / "folder" / "config.toml"
    assert add_line(file, Section.HOSTS, "docs.example", within=tmp_path, check=fine)
    assert tomllib.loads(file.read_text()) == {"policy": {"hosts": ["docs.example"]}}


@pytest.mark.parametrize(
    ("text", "why"),
    [
        (b"[policy\n", "it is broken"),
        (b"policy = 3\n", "is no list"),
        (b"[policy]\ncommands = 'ls'\n", "is no list"),
        (b"\xff\n", "not UTF-8"),
        (b"# " + b"x" * 1_000_001, "larger than"),
    ],
)
def test_a_file_that_cannot_be_used_is_left_alone(tmp_path: Path, text: bytes, why: str) -> None:
    file = tmp_path / "cockpit.toml"
    file.write_bytes(text)
    with pytest.raises(PolicyNotWritten, match=why):
        add(file)
    assert file.read_bytes() == text
    assert [one.name for one in tmp_path.iterdir()] == ["cockpit.toml"]


def test_what_would_not_be_a_configuration_is_not_written(tmp_path: Path) -> None:
    file = tmp_path / "cockpit.toml"
    file.write_text("[nonsense]\n")

    def refuse(_text: str) -> None:
        raise ValueError("nonsense is not an option")

    with pytest.raises(PolicyNotWritten, match="nonsense is not an option"):
        add_line(file, Section.EDITS, "src/**", within=tmp_path, check=refuse)
    assert file.read_text() == "[nonsense]\n"


def test_a_link_is_followed_where_it_stays_and_refused_where_it_leads_out(tmp_path: Path) -> None:
    inside, outside = tmp_path / "repo", tmp_path / "elsewhere.toml"
    inside.mkdir()
    outside.write_text("")
    file = inside / "cockpit.toml"
    file.symlink_to(outside)
    with pytest.raises(PolicyNotWritten, match="outside"):
        add(file)
    assert outside.read_text() == ""
    file.unlink()
    (inside / "real.toml").write_text("")
    file.symlink_to("real.toml")
    assert add(file)
    assert file.is_symlink() and LINE in (inside / "real.toml").read_text()


def test_a_folder_in_its_place_is_told(tmp_path: Path) -> None:
    (tmp_path / "cockpit.toml").mkdir()
    with pytest.raises(PolicyNotWritten, match="it is no file"):
        add(tmp_path / "cockpit.toml")


def test_lines_that_many_add_at_once_are_all_kept(tmp_path: Path) -> None:
    file = tmp_path / "cockpit.toml"
    lines = [f"make t{number} *" for number in range(24)]
    with ThreadPoolExecutor(8) as pool:
        assert all(pool.map(lambda line: _patiently(file, line), lines))
    assert sorted(tomllib.loads(file.read_text())["policy"]["commands"]) == sorted(lines)


def _patiently(file: Path, line: str) -> bool:
    for _ in range(50):
        try:
            return add(file, line)
        except PolicyNotWritten as error:
            assert "changes all the time" in str(error)
    return False


def test_who_holds_the_file_for_long_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(repo, "_WAIT_S", 0.05)
    file = tmp_path / "cockpit.toml"
    file.write_text("")
    with file.open() as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        with pytest.raises(PolicyNotWritten, match="held it"):
            add(file)


def test_an_editor_that_saves_meanwhile_loses_nothing(tmp_path: Path) -> None:
    file = tmp_path / "cockpit.toml"
    file.write_text("[ui]\n")
    saves = iter(["[ui]\nbell = true\n"])

    def save(_text: str) -> None:
        for text in saves:
            file.write_text(text)

    assert add_line(file, Section.COMMANDS, LINE, within=tmp_path, check=save)
    assert tomllib.loads(file.read_text()) == {"ui": {"bell": True}, "policy": {"commands": [LINE]}}


def test_a_process_killed_while_writing_leaves_the_old_file_or_the_new(tmp_path: Path) -> None:
    file = tmp_path / "cockpit.toml"
    file.write_text("[ui]\nbell = true\n")
    program = (
        "import os, sys, pathlib; from cockpit.approvals import repo; from cockpit.approvals.types import Section\n"
        "repo.os.fsync = lambda descriptor: os.kill(os.getpid(), 9)\n"
        "repo.add_line(pathlib.Path(sys.argv[1]), Section.COMMANDS, 'ls', within=pathlib.Path(sys.argv[1]).parent,"
        " check=lambda text: None)\n"
    )
    assert subprocess.run([sys.executable, "-c", program, str(file)], check=False).returncode == -9
    assert file.read_text() == "[ui]\nbell = true\n"
    assert add(file)
