"""The gates of forges: each has a process of its own, which the next forge takes over warm."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from pathlib import Path

from cockpit.rules.runtime.gate import Gate

KEPT_S = 600.0
"""How long a process waits for the next forge."""


class Gates:
    """Lends gates. `tasks` owns what closes the one that waits."""

    def __init__(self, folder: Path, tasks: asyncio.TaskGroup) -> None:
        self._folder, self._tasks = folder, tasks
        self._spare: Gate | None = None
        self._taken = asyncio.Event()

    @contextlib.asynccontextmanager
    async def gate(self) -> AsyncIterator[Gate]:
        """Lend the gate that waits, else a new one; afterwards it waits for the next forge."""
        gate, self._spare = self._spare, None
        if gate is None:
            gate = Gate(self._folder)
            await gate.__aenter__()
        else:
            self._taken.set()
        is_sound = False
        try:
            yield gate
            is_sound = True
        finally:
            if is_sound and self._spare is None:
                self._spare, self._taken = gate, asyncio.Event()
                self._tasks.create_task(self._wait(gate, self._taken), name="a gate waits")
            else:
                await gate.__aexit__(None, None, None)

    async def _wait(self, gate: Gate, taken: asyncio.Event) -> None:
        try:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(KEPT_S):
                    await taken.wait()
        finally:
            if not taken.is_set():
                self._spare = None
                await gate.__aexit__(None, None, None)
