from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.agents.acp.peers import PeerBench


@pytest.fixture
async def peer(tmp_path: Path) -> AsyncIterator[PeerBench]:
    bench = PeerBench(tmp_path)
    yield bench
    await bench.close()
