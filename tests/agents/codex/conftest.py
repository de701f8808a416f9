from __future__ import annotations

import sys
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from tests.agents.codex import peer
from tests.agents.codex.harness import Bridge

Make = Callable[..., Bridge]


@pytest.fixture
async def make(tmp_path: Path) -> AsyncIterator[Make]:
    """Makes bridges to the stand-in; words before the settings are its traits."""
    made: list[Bridge] = []

    def one(*traits: str, **settings: object) -> Bridge:
        command = [sys.executable, "-I", "-S", str(Path(peer.__file__)), *traits]
        bridge = Bridge(tmp_path, {"command": command, "interrupt_timeout_s": 5, **settings}, f"s{len(made) + 1}")
        made.append(bridge)
        return bridge

    yield one
    for bridge in made:
        await bridge.close()
