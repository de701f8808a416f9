from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from agents import registry
from cockpit.providers.sandbox import Sandbox
from cockpit.supervisor import agent_life, daemon, session
from tests.supervisor.fake_driver import FakeDriver
from tests.supervisor.world import World, make_repository, open_world


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("COCKPIT_HOME", str(tmp_path / "home"))
    monkeypatch.setitem(registry._MAKERS, "native", FakeDriver)
    monkeypatch.setattr(agent_life, "INTERRUPT_GRACE_S", 0.4)
    monkeypatch.setattr(agent_life, "STOP_GRACE_S", 0.3)
    monkeypatch.setattr(session, "OWED_TURN_S", 1.0)
    monkeypatch.setattr(daemon, "TICK_S", 0.05)
    # Checks of these tests meet the test outside the workspace; confinement has tests of its own.
    monkeypatch.setattr(Sandbox, "detect", lambda: Sandbox(None, "a test"))
    return tmp_path / "home"


@pytest.fixture
async def world(tmp_path: Path, home: Path) -> AsyncIterator[World]:
    async with open_world(make_repository(tmp_path / "repo")) as one:
        yield one


@pytest.fixture
def real_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A place of its own, where agents and the sandbox are the real ones."""
    monkeypatch.setenv("COCKPIT_HOME", str(tmp_path / "home"))
    return tmp_path / "home"
