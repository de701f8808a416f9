"""Work that must not be cut in half by a cancellation."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import TypeVar

T = TypeVar("T")


async def to_its_end(work: Coroutine[None, None, T]) -> T:
    """Await `work` to its end, whatever is cancelled meanwhile; then let the cancellation through.

    A failure of `work` that was cancelled meanwhile is the cause of the cancellation that is raised: to raise the
    failure itself would let somebody catch it and go on as if nobody had cancelled.
    """
    task = asyncio.ensure_future(work)
    cancelled: asyncio.CancelledError | None = None
    while not task.done():
        try:
            await asyncio.wait([task])
        except asyncio.CancelledError as error:
            cancelled = error
    if cancelled is not None:
        raise cancelled from None if task.cancelled() else task.exception()
    return task.result()
