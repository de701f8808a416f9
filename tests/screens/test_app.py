"""The app: what it wires, what it tells by itself, and what it must not load."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from cockpit.journal import types as ev
from cockpit.screens.app import make_app
from cockpit.screens.wire import WIRE_VERSION, Hello
from cockpit.sessions.types import AttentionKind
from tests.screens import samples
from tests.screens.pages import screen

HEAVY = ("textual.widgets._markdown", "markdown_it", "openai", "git", "asyncssh", "aiohttp", "PIL")


def test_a_screen_loads_nothing_heavy() -> None:
    program = f"import sys, cockpit.screens.app; print(*[m for m in {HEAVY!r} if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=50)
    assert done.stdout.split() == []


def test_an_app_is_made_from_what_a_relay_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COCKPIT_HOME", str(tmp_path / "home"))
    app = make_app(Hello(version=WIRE_VERSION, repo=str(tmp_path), columns=80, rows=24, user="ada"))
    assert app.theme == "cockpit-dark"
    assert [binding.key for binding in app.BINDINGS if binding.priority] == ["ctrl+q", "ctrl+p"]  # type: ignore[union-attr]  # all of ours are Binding


async def test_a_broken_configuration_is_told_where_it_is_seen(tmp_path: Path) -> None:
    async with screen(tmp_path, before=samples.fleet) as fleet:
        await fleet.until(lambda: fleet.app.news._notes is not None)
        fleet.supervisor.happen(None, ev.ConfigBroken(error="cockpit.toml:3: chekcs is not an option"))
        await fleet.until(lambda: "chekcs is not an option" in fleet.toasts())
        await fleet.until(lambda: "[cockpit.toml is broken]" in fleet.text().splitlines()[0])


async def test_something_new_that_waits_rings_the_terminal(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with screen(tmp_path, before=samples.fleet) as fleet:
        written: list[str] = []
        monkeypatch.setattr(fleet.app.signs, "_write", written.append)
        await fleet.until(lambda: fleet.app.signs._known is not None)
        samples.raised(fleet.supervisor, "flaky-test", AttentionKind.STALLED, "silent for 10 minutes")
        await fleet.until(lambda: any("silent for 10 minutes" in text for text in written))
        assert "\x07" in written
        assert any("4 waiting" in text for text in written)


async def test_an_unreadable_configuration_file_keeps_the_screen_going(tmp_path: Path) -> None:
    async with screen(tmp_path, before=samples.fleet, files={"cockpit.toml": "[ui\n"}) as fleet:
        await fleet.until(lambda: "cockpit.toml" in fleet.toasts())
        assert "Needs you" in fleet.text()
