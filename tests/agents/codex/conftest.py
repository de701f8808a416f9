from __future__ import annotations

import sys
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest
import pytest_asyncio

from tests.agents.codex import peer
from tests.agents.codex.harness import Bridge

Make = Callable[..., Bridge]
STAND_IN = (sys.executable, "-I", "-S", str(Path(peer.__file__)))


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def lasting(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Bridge]:
    """One bridge for a whole module, whose tests each end their turns."""
    one = Bridge(tmp_path_factory.mktemp("codex"), {"command": STAND_IN})
    await one.start()
    yield one
    await one.close()


@pytest.fixture
def bridge(lasting: Bridge) -> Bridge:
    """The module's bridge, without what it said before."""
    lasting.events.clear()
    return lasting


@pytest.fixture
async def make(tmp_path: Path) -> AsyncIterator[Make]:
    """Makes bridges to the stand-in; words before the settings are its traits."""
    made: list[Bridge] = []

    def one(*traits: str, **settings: object) -> Bridge:
        command = [*STAND_IN, *traits]
        bridge = Bridge(tmp_path, {"command": command, "interrupt_timeout_s": 5, **settings}, f"s{len(made) + 1}")
        made.append(bridge)
        return bridge

    yield one
    for bridge in made:
        await bridge.close()
