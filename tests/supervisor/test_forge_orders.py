"""When a forge works: a person's order ends what is under way, what an agent brings waits for it."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator

from cockpit.rules.types.errors import RulesError
from cockpit.supervisor.forge.orders import Orders


class Work:
    """Work that lasts until it is let go, and remembers how it went."""

    def __init__(self) -> None:
        self.orders = Orders()
        self.done: list[str] = []
        self.began = asyncio.Event()
        self.may_end = asyncio.Event()
        self.problem = ""

    async def __call__(self) -> None:
        self.began.set()
        try:
            await self.may_end.wait()
        except asyncio.CancelledError:
            self.done.append("cut")
            raise
        self.done.append("whole")
        if self.problem:
            raise RulesError(self.problem)

    async def beginning(self) -> None:
        await asyncio.wait_for(self.began.wait(), 10)
        self.began.clear()


@contextlib.asynccontextmanager
async def at_work() -> AsyncIterator[tuple[Work, list[str]]]:
    work, failures = Work(), list[str]()
    running = asyncio.create_task(work.orders.carry_out(work, failures.append))
    try:
        yield work, failures
    finally:
        running.cancel()
        await asyncio.wait([running])


async def test_an_order_ends_what_is_under_way() -> None:
    async with at_work() as (work, _failures):
        work.orders.give()
        await work.beginning()
        work.orders.give()
        await work.beginning()
        assert work.done == ["cut"]


async def test_what_is_left_waits_until_the_work_is_done_and_begins_it_when_nothing_is_under_way() -> None:
    async with at_work() as (work, _failures):
        work.orders.leave()
        await work.beginning()
        work.orders.leave()
        work.may_end.set()
        await work.beginning()
        assert work.done[0] == "whole"


async def test_what_could_not_be_done_is_told_and_the_next_order_is_carried_out() -> None:
    async with at_work() as (work, failures):
        work.problem = "the parser fell"
        work.may_end.set()
        work.orders.give()
        await work.beginning()
        work.orders.give()
        await work.beginning()
        assert failures[0] == "the parser fell"
