"""Agents of others behind their bridges: what each costs the cockpit, how late they are heard and answered.

    python -m tests.bench.bench_agents [--quick]

Supervisor, runners, bridges, worktrees, journal and socket are the real ones. In codex's place stands a program that
speaks its protocol: what the agent itself costs is no figure of ours.
"""

from __future__ import annotations

import asyncio
import contextlib
import random
import sys
import time
from collections.abc import Callable, Iterable
from pathlib import Path

import psutil

from cockpit.protocol.client import Client
from cockpit.protocol.types import AnswerRequest, CreateTasks, Down, Happened, Push, Subscribe, Watch
from cockpit.sessions.types import AgentMessage, AnswerDecision, RequestRaised, Task, TurnStarted
from cockpit.types import SessionId
from tests.bench.figures import below, figure, heading, middle, percentile
from tests.bench.stage import Meter, Stage, rss_mb

PEER = Path(__file__).with_name("codex_peer.py")
SETTINGS = f"""
default_agent = "peer"
[sessions]
max_parallel = 5000
stall_minutes = 600
[budget]
minutes = 0
[agents.peer]
driver = "codex"
command = ["{sys.executable}", "-S", "{PEER}"]
"""
RATE_PER_S = 2
REQUESTS = 4
WATCHED = 4
_BEGIN_WITHIN_S = 300.0
_SETTLE_S = 3.0


class Ear:
    """Hears what the supervisor tells a client."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self.late_ms: list[float] = []
        self.begun: set[SessionId] = set()
        self.asked: list[tuple[SessionId, RequestRaised]] = []
        self._changed = asyncio.Event()

    async def listen(self) -> None:
        """Listen until cancelled."""
        async for push in self._client.pushes():
            self._take(push)
            self._changed.set()

    def _take(self, push: Push) -> None:
        if not isinstance(push, Happened) or push.envelope.session is None:
            return
        match getattr(push.envelope.event, "said", None):
            case TurnStarted():
                self.begun.add(push.envelope.session)
            case AgentMessage(text=text) if text.startswith("@"):
                self.late_ms.append((time.time() - float(text[1:].split()[0])) * 1000)
            case RequestRaised() as request:
                self.asked.append((push.envelope.session, request))
            case _:
                pass

    async def until(self, condition: Callable[[], bool], within_s: float) -> None:
        """Wait for something to be so."""
        async with asyncio.timeout(within_s):
            while not condition():
                self._changed.clear()
                await self._changed.wait()


async def _begin(stage: Stage, client: Client, ear: Ear, agents: int) -> None:
    prompt = f"bench {stage.folder} {RATE_PER_S} {REQUESTS}"
    tasks = tuple(Task(prompt=prompt, title=f"agent {number}", base="main") for number in range(agents))
    created = await client.call(CreateTasks(tasks=tasks))
    stage.sessions = [SessionId(one) for one in created["sessions"]]
    await ear.until(lambda: len(ear.begun) == agents, _BEGIN_WITHIN_S)


async def _press_all(client: Client, ear: Ear, presses: int) -> dict[str, float]:
    """Answer each request as a person would, one after the other; return when `a` was pressed, by what was asked."""
    dice = random.Random(7)
    pressed: dict[str, float] = {}
    for number in range(presses):
        await ear.until(lambda number=number: len(ear.asked) > number, 60.0)  # type: ignore[misc]  # a default
        session, request = ear.asked[number]
        await asyncio.sleep(0.02 + 0.06 * dice.random())
        pressed[request.title] = time.time()
        await client.call(AnswerRequest(session=session, request=request.request, decision=AnswerDecision.ONCE))
    return pressed


async def _reached(folder: Path, presses: int) -> dict[str, float]:
    """Return when each answer came to the agent."""
    reached: dict[str, float] = {}
    async with asyncio.timeout(30):
        while len(reached) < presses:
            await asyncio.sleep(0.1)
            for file in (one for one in folder.iterdir() if one.name.isdigit()):
                for line in file.read_text().splitlines():
                    title, at = line.rsplit(" ", 1)
                    reached[title] = float(at)
    return reached


def _of(processes: Iterable[psutil.Process], word: str) -> list[psutil.Process]:
    found = []
    for process in processes:
        with contextlib.suppress(psutil.Error):
            if any(word in part for part in process.cmdline()):
                found.append(process)
    return found


def _pss_mb(processes: list[psutil.Process]) -> float:
    """Return the memory of all of them, what they share counted once, in MB."""
    total = 0
    for process in processes:
        with contextlib.suppress(psutil.Error):
            total += getattr(process.memory_full_info(), "pss", process.memory_info().rss)
    return total / 1e6


async def _measure(stage: Stage, agents: int, seconds: float) -> None:
    supervisor = stage.start_supervisor()
    alone_mb = rss_mb(supervisor)
    async with await stage.client() as client:
        ear = Ear(client)
        await client.call(Subscribe())
        listening = asyncio.create_task(ear.listen())
        before_s = time.perf_counter()
        await _begin(stage, client, ear, agents)
        figure("all at work after", f"{time.perf_counter() - before_s:.0f} s")
        await client.call(Watch(sessions=tuple(stage.sessions[:WATCHED])))
        runners = _of(psutil.process_iter(), str(stage.paths.spool))
        bridges = [child for runner in runners for child in runner.children()]
        _tell_memory(supervisor, bridges, runners, agents, alone_mb)
        await _tell_work(stage, supervisor, bridges, agents, seconds)
        figure("agent's write -> at a client that looks, p50 / p95", f"{middle(ear.late_ms)} ms")
        (stage.folder / "ask").touch()
        presses = agents * REQUESTS
        pressed = await _press_all(client, ear, presses)
        reached = await _reached(stage.folder, presses)
        took_ms = [(reached[title] - at) * 1000 for title, at in pressed.items()]
        figure("`a` pressed -> approval at the agent, p50 / p95", f"{middle(took_ms)} ms")
        below(f"p95 of {presses} presses", percentile(took_ms, 0.95), 50, "ms")
        listening.cancel()
        await client.call(Down())
    await asyncio.to_thread(supervisor.wait, 60)


def _tell_memory(
    supervisor: psutil.Process,
    bridges: list[psutil.Process],
    runners: list[psutil.Process],
    agents: int,
    alone_mb: float,
) -> None:
    grown_mb = rss_mb(supervisor) - alone_mb
    figure("supervisor, RSS for each agent", f"{grown_mb / agents:.2f} MB ({alone_mb:.0f} MB alone)")
    figure("bridge and runner, memory for each agent (PSS)", f"{_pss_mb([*bridges, *runners]) / agents:.1f} MB")


async def _tell_work(
    stage: Stage, supervisor: psutil.Process, bridges: list[psutil.Process], agents: int, seconds: float
) -> None:
    await asyncio.sleep(_SETTLE_S)
    meters = [Meter(one) for one in (supervisor, *bridges)]
    await asyncio.sleep(seconds / 2)
    shares = [meter.share() for meter in meters]
    figure("idle: supervisor / bridge, for each agent", f"{shares[0] / agents:.3f} / {sum(shares[1:]) / agents:.3f} %")
    (stage.folder / "talk").touch()
    await asyncio.sleep(1.0)
    meters = [Meter(one) for one in (supervisor, *bridges)]
    await asyncio.sleep(seconds)
    shares = [meter.share() for meter in meters]
    what = f"{RATE_PER_S} messages/s: supervisor / bridge, for each agent"
    figure(what, f"{shares[0] / agents:.2f} / {sum(shares[1:]) / agents:.2f} %")


def measure(agents: int, seconds: float) -> None:
    """Measure with so many agents and print the figures."""
    heading(f"{agents} agents behind the bridge to codex, each a program that speaks its protocol (not counted)")
    with Stage(SETTINGS) as stage:
        asyncio.run(_measure(stage, agents, seconds))


def main(quick: bool) -> None:
    """Few agents, then many."""
    for agents in (4,) if quick else (10, 50):
        measure(agents, 4.0 if quick else 15.0)


if __name__ == "__main__":
    main("--quick" in sys.argv)
