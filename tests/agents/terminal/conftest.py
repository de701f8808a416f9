from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.agents.terminal.tube import TerminalBench


@pytest.fixture
async def shell(tmp_path: Path) -> AsyncIterator[TerminalBench]:
    bench = TerminalBench(tmp_path)
    yield bench
    await bench.close()
