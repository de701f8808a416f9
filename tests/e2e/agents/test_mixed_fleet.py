"""Codex, Claude, Gemini, OpenCode and codex over ACP at work at the same time in one repository, on one screen."""

from __future__ import annotations

import asyncio

import pytest

from cockpit.protocol.types import Approve
from cockpit.sessions.types import SessionStatus
from tests.e2e.agents import mixed
from tests.e2e.agents.bed import open_gate
from tests.e2e.agents.conftest import MakeBed

pytestmark = pytest.mark.timeout(300)


async def test_five_different_agents_work_side_by_side_and_all_land(make_bed: MakeBed) -> None:
    bed = make_bed(mixed.rules())
    mixed.settle(bed)
    async with mixed.at_work(bed) as workers:
        fleet = await asyncio.to_thread(mixed.screen, bed)
        for worker in workers:
            await asyncio.to_thread(fleet.session(worker.title).expect, "working")
        for worker in workers:
            open_gate(bed.workspace(worker.session), mixed.HELD)
        for worker in workers:
            await bed.status(worker.session, SessionStatus.READY)
    for worker in workers:
        await bed.at.call(Approve(session=worker.session))
    for worker in workers:
        await bed.status(worker.session, SessionStatus.LANDED)
        await asyncio.to_thread(fleet.session(worker.title).expect, "landed")
    notes = bed.place.git("ls-tree", "--name-only", "main", "notes/").splitlines()
    assert sorted(notes) == sorted(worker.file for worker in workers)
    agents = {bed.at.session(worker.session).agent for worker in workers}
    assert len(agents) == len(workers), agents
