"""What an agent started and left behind: found by the mark that everything it starts inherits."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal

from cockpit.providers.process_tree import RUN_MARKER, find_marked, kill_marked

_PATIENCE_S = 0.4
_LIMIT_S = 3.0
_POLL_S = 0.05


async def marked(mark: str) -> frozenset[int]:
    """Return the processes that carry a mark."""
    return frozenset(await asyncio.to_thread(find_marked, RUN_MARKER, mark))


async def end_newer(mark: str, before: frozenset[int]) -> int:
    """Kill what carries a mark and was not there before, once it had a moment to go by itself.

    Returns:
        How many had to be killed.
    """
    loop = asyncio.get_running_loop()
    began, killed = loop.time(), set[int]()
    while found := await marked(mark) - before:
        waited = loop.time() - began
        if waited > _LIMIT_S:
            break
        if waited > _PATIENCE_S:
            for pid in found:
                with contextlib.suppress(ProcessLookupError, PermissionError):
                    os.kill(pid, signal.SIGKILL)
            killed |= found
        await asyncio.sleep(_POLL_S)
    return len(killed)


async def end_all(mark: str) -> None:
    """Kill everything that carries a mark."""
    with contextlib.suppress(TimeoutError):
        await asyncio.to_thread(kill_marked, mark, marker=RUN_MARKER)
