"""Work that is seen through to its end."""

from __future__ import annotations

import asyncio

import pytest

from cockpit.providers.uncut import to_its_end


async def test_work_ends_however_often_it_is_cancelled_and_then_the_cancellation_counts() -> None:
    began, go_on = asyncio.Event(), asyncio.Event()
    done: list[str] = []

    async def work() -> None:
        began.set()
        await go_on.wait()
        done.append("done")

    task = asyncio.create_task(to_its_end(work()))
    await began.wait()
    for _ in range(3):
        task.cancel()
        await asyncio.sleep(0)
        assert not task.done()
    go_on.set()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert done == ["done"]


async def test_a_failure_does_not_swallow_the_cancellation() -> None:
    began, go_on = asyncio.Event(), asyncio.Event()

    async def fail() -> None:
        began.set()
        await go_on.wait()
        raise ValueError("no")

    task = asyncio.create_task(to_its_end(fail()))
    await began.wait()
    task.cancel()
    await asyncio.sleep(0)
    go_on.set()
    with pytest.raises(asyncio.CancelledError) as cancelled:
        await task
    assert isinstance(cancelled.value.__cause__, ValueError)


async def test_what_it_returns_and_raises_comes_through() -> None:
    async def fail() -> None:
        raise ValueError("no")

    async def answer() -> int:
        return 42

    assert await to_its_end(answer()) == 42
    with pytest.raises(ValueError, match="no"):
        await to_its_end(fail())
