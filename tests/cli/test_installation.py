"""Our packages are told from others of the same name without running either."""

from __future__ import annotations

import importlib
import sys
from pathlib import Path

import pytest

from cockpit.cli import FAILED, main
from cockpit.cli.installation import OverwrittenError, ensure_intact


@pytest.fixture
def merged(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return an `agents` that has all our files, and is found first."""
    folder = tmp_path / "agents"
    folder.mkdir()
    (folder / "registry.py").touch()
    (folder / "__init__.py").touch()
    for name in [name for name in sys.modules if name == "agents" or name.startswith("agents.")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.syspath_prepend(str(tmp_path))
    importlib.invalidate_caches()
    return folder


def test_this_checkout_is_intact() -> None:
    ensure_intact()


def test_files_merged_into_one_folder_are_noticed(merged: Path) -> None:
    ensure_intact()
    (merged / "__init__.py").write_text("from agents.run import Runner\n", "utf-8")
    with pytest.raises(OverwrittenError, match="overwritten its package 'agents'"):
        ensure_intact()


def test_the_command_says_so_before_it_does_anything(merged: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (merged / "registry.py").unlink()
    assert main(["up"]) == FAILED
    assert "environment of its own" in capsys.readouterr().err
