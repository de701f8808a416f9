"""Which folder is taken for the repository."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from cockpit.cli.arguments import UsageError
from cockpit.cli.repository import find_repository


def test_the_nearest_repository_above_is_found(tmp_path: Path) -> None:
    subprocess.run(["git", "init", "-q", tmp_path], check=True)
    below = tmp_path / "a" / "b"
    below.mkdir(parents=True)
    (below / ".git").mkdir()  # a sandbox's empty mount point
    assert find_repository(str(below)) == tmp_path
    (below / ".git").rmdir()
    (below / ".git").write_text("gitdir: elsewhere")
    assert find_repository(str(below)) == below


def test_a_bare_repository_is_one(tmp_path: Path) -> None:
    subprocess.run(["git", "init", "-q", "--bare", tmp_path], check=True)
    assert find_repository(str(tmp_path / "refs")) == tmp_path


def test_an_empty_folder_of_the_name_is_none(tmp_path: Path) -> None:
    (tmp_path / ".git").mkdir()
    with pytest.raises(UsageError, match="in no git repository"):
        find_repository(str(tmp_path))
