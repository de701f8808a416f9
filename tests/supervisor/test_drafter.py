"""Every way in which an agent that drafts rules ends: told to, in time, dead, stillborn, or with its supervisor."""

from __future__ import annotations

import asyncio
import contextlib
import signal
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from cockpit.protocol.client import SupervisorGone
from cockpit.protocol.forge import (
    StopDrafting,
)
from cockpit.protocol.types import Down
from cockpit.sessions.runtime import runner
from cockpit.supervisor import drafter
from cockpit.supervisor.daemon import serve
from tests.supervisor.drafting import (
    PROVEN,
    TOO_BROAD,
    WITHIN_S,
    Smith,
    says,
    smithy,
)
from tests.supervisor.test_crash import ROOT
from tests.supervisor.world import Person, World, is_alive


async def test_an_agent_that_never_stops_talking_is_ended(
    tmp_path: Path, real_home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(drafter, "SPOOL_LIMIT_BYTES", 20_000)
    async with smithy(tmp_path, says("many words " * 9_000)) as smith:
        await smith.open()
        drafting = await smith.ended()
        assert (drafting.says, drafting.is_bad) == ("it said more than 0 MiB", True)
        assert not smith.leftovers


async def test_an_agent_that_ends_at_once_says_why(tmp_path: Path, real_home: Path) -> None:
    async with smithy(tmp_path, agent='script = "/nowhere/script.yml"') as smith:
        await smith.open()
        drafting = await smith.ended()
        assert drafting.is_bad
        assert drafting.says.startswith("it ended with status 2: the agent cannot work: /nowhere/script.yml")


async def test_a_used_up_budget_ends_it(tmp_path: Path, real_home: Path) -> None:
    steps = [says(TOO_BROAD)] * 3
    async with smithy(tmp_path, *steps, agent="budget = { tokens = 1 }") as smith:
        await smith.open()
        drafting = await smith.ended()
        assert (drafting.says, drafting.is_bad) == ("its budget of 1 tokens is used up", True)


HANGS = says("", {"tool": "run", "arguments": {"command": "sleep 4987"}})


async def test_an_agent_that_takes_too_long_is_ended(tmp_path: Path, real_home: Path) -> None:
    async with smithy(tmp_path, says(PROVEN, delay_ms=60_000), forge="minutes = 0.02") as smith:
        await smith.open()
        drafting = await smith.ended()
        assert (drafting.says, drafting.is_bad) == ("stopped: it took longer than 0.02 min", True)
        assert not smith.leftovers


@pytest.mark.parametrize("how", ["stop", "close"])
async def test_an_agent_that_hangs_is_ended(tmp_path: Path, real_home: Path, how: str) -> None:
    async with smithy(tmp_path, HANGS) as smith:
        await smith.open()
        pids = await hanging(smith)
        if how == "close":
            await smith.close()
        else:
            assert (await smith.ana.call(StopDrafting(forge=smith.forge)))["was_drafting"]
            assert (await smith.ended()).says == "stopped"
            view = await smith.until(lambda view: all(book.is_judged for book in view.books))
            assert view.books, "the others go on"
        await gone(pids)
        assert not smith.leftovers


async def test_an_agent_that_dies_is_told(tmp_path: Path, real_home: Path) -> None:
    async with smithy(tmp_path, HANGS) as smith:
        await smith.open()
        await hanging(smith)
        runner.signal_group(smith.runs[0], signal.SIGKILL)
        drafting = await smith.ended()
        assert drafting.is_bad
        assert drafting.says.startswith("it ") and ("vanished" in drafting.says or "ended with" in drafting.says)
        assert not smith.leftovers


async def test_an_agent_that_cannot_be_started_is_told(tmp_path: Path, real_home: Path) -> None:
    async with smithy(tmp_path, agent='model = "x"\napprove = "nonsense"') as smith:
        await smith.open()
        drafting = await smith.ended()
        assert drafting.is_bad
        assert "approve" in drafting.says
        assert not smith.leftovers


async def test_what_a_killed_supervisor_leaves_is_ended_by_the_next(tmp_path: Path, real_home: Path) -> None:
    async with smithy(tmp_path, HANGS) as smith:
        await smith.ana.call(Down())
        assert smith.world.serving is not None
        await smith.world.serving
        smith.world.serving = None
        child = subprocess.Popen([sys.executable, "-m", "cockpit.supervisor", str(smith.world.repository)], cwd=ROOT)
        smith.ana = await reached(smith.world)
        await smith.open()
        pids = await hanging(smith)
        child.kill()
        await asyncio.to_thread(child.wait)
        assert any(map(is_alive, pids)), "an agent under the runner outlives a supervisor"
        smith.world.serving = asyncio.create_task(serve(smith.world.repository))
        await reached(smith.world)
        await gone(pids)
        assert not smith.leftovers


async def gone(pids: list[int]) -> None:
    """Wait for processes to be gone: a command in a sandbox dies of the death of its agent, a moment later."""
    async with asyncio.timeout(WITHIN_S):
        while any(map(is_alive, pids)):
            await asyncio.sleep(0.01)


async def hanging(smith: Smith) -> list[int]:
    """Wait until the agent's command runs; return its processes."""

    def found() -> list[int]:
        pids = smith.processes()
        lines = [" ".join(psutil.Process(pid).cmdline()) for pid in pids]
        return pids if any("sleep 4987" in line for line in lines) else []

    async with asyncio.timeout(WITHIN_S):
        while True:
            with contextlib.suppress(psutil.NoSuchProcess):
                if pids := await asyncio.to_thread(found):
                    return pids
            await asyncio.sleep(0.02)


async def reached(world: World) -> Person:
    """Wait for a supervisor where another one left its socket."""
    async with asyncio.timeout(WITHIN_S):
        while True:
            try:
                return await world.person()
            except SupervisorGone:
                await asyncio.sleep(0.01)
