from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.agents.bench import Bench


@pytest.fixture
async def bench(tmp_path: Path) -> AsyncIterator[Bench]:
    bench = Bench(tmp_path)
    yield bench
    await bench.close()


@pytest.fixture
async def mechanic(tmp_path: Path) -> AsyncIterator[Bench]:
    bench = Bench(tmp_path, "mechanic")
    yield bench
    await bench.close()
