from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from cockpit.supervisor import agent_life, daemon, session
from tests.supervisor import fake_driver
from tests.supervisor.world import World, make_repository, open_world


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("COCKPIT_HOME", str(tmp_path / "home"))
    fake_driver_maker = fake_driver.FakeDriver
    monkeypatch.setitem(fake_driver.registry._MAKERS, "native", fake_driver_maker)
    monkeypatch.setattr(agent_life, "INTERRUPT_GRACE_S", 0.4)
    monkeypatch.setattr(agent_life, "STOP_GRACE_S", 0.3)
    monkeypatch.setattr(session, "OWED_TURN_S", 1.0)
    monkeypatch.setattr(daemon, "TICK_S", 0.05)
    return tmp_path / "home"


@pytest.fixture
async def world(tmp_path: Path, home: Path) -> AsyncIterator[World]:
    async with open_world(make_repository(tmp_path / "repo")) as one:
        yield one
