"""kill -9 of the supervisor at random moments, while agents work, people decide and changes land.

    python -m tests.bench.bench_kill [--quick]

Real agents of our own (a scripted model stands in), real worktrees and merges, beside 20 chatty spools as load. People
redirect the long-running agents all the time and approve the short ones' changes; what was acknowledged is remembered
and looked for at the end.
"""

from __future__ import annotations

import asyncio
import json
import random
import re
import subprocess
import sys
import time
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import psutil

from cockpit.journal.types import AgentSaid
from cockpit.protocol.client import Client, CommandFailed, SupervisorGone
from cockpit.protocol.types import Approve, CreateTasks, Down, Happened, Redirect, Snapshot, Subscribe
from cockpit.sessions.types import SessionStatus, Task
from cockpit.state.fold import apply
from cockpit.state.model import STATE, State
from cockpit.types import SessionId
from tests.bench.figures import figure, heading, middle, none_of
from tests.bench.stage import Stage, read_all

LONG = 4
CHATTY = 20
_STEPS = 900
_SETTINGS = """
default_agent = "scripted"
[sessions]
max_parallel = 500
stall_minutes = 600
[budget]
minutes = 0
rounds = 0
[agents.scripted]
driver = "native"
model = "scripted"
script = "{script}"
max_steps = 2000
context_window = 50000000
"""


def script(quick_tasks: int) -> str:
    """Return the model's script: long tasks that go on and on, and short ones that add one file."""
    rules = []
    for number in range(quick_tasks):
        patch = f"*** Begin Patch\n*** Add File: short-{number}.txt\n+short {number}\n*** End Patch"
        rules.append(
            {
                "name": f"short {number}",
                "when": {"task": f"short task {number}\\b"},
                "steps": [
                    {"text": "Adding it.", "calls": [{"tool": "edit", "arguments": {"patch": patch}}]},
                    {"text": "There.", "calls": [{"tool": "done", "arguments": {"summary": f"short {number}"}}]},
                ],
            }
        )
    note = {"patch": "*** Begin Patch\n*** Add File: note.txt\n+uncommitted work\n*** End Patch"}
    steps: list[dict[str, object]] = [{"text": "A note.", "calls": [{"tool": "edit", "arguments": note}]}]
    look = {"tool": "read", "arguments": {"path": "cart.py"}}
    steps += [{"delay_ms": 300, "text": "I go on looking at the cart.", "calls": [look]}] * _STEPS
    rules.append({"name": "long", "when": {"task": "long task"}, "steps": steps})
    return json.dumps({"model": "scripted", "rules": rules})


@dataclass(slots=True)
class World:
    """What people did and saw, across the lives of the supervisor."""

    long: list[SessionId] = field(default_factory=list)
    short: list[SessionId] = field(default_factory=list)
    redirects: dict[str, SessionId] = field(default_factory=dict)
    approvals: set[SessionId] = field(default_factory=set)
    said: int = 0
    answered_ms: list[float] = field(default_factory=list)
    back_ms: list[float] = field(default_factory=list)
    not_back: int = 0


class Person:
    """Follows one life of the supervisor, redirects and approves until it dies."""

    def __init__(self, client: Client, world: World) -> None:
        self._client, self._world = client, world
        self.state = State()
        self.heard: set[SessionId] = set()

    async def follow(self) -> None:
        """Keep the state."""
        async for push in self._client.pushes():
            if isinstance(push, Snapshot):
                self.state = STATE.validate_json(push.state)
            elif isinstance(push, Happened):
                apply(self.state, push.envelope)
                if isinstance(push.envelope.event, AgentSaid) and push.envelope.session is not None:
                    self.heard.add(push.envelope.session)

    async def decide(self, dice: random.Random) -> None:
        """Redirect and approve, and remember what was acknowledged."""
        world = self._world
        with suppress(SupervisorGone):
            while True:
                session = dice.choice(world.long)
                world.said += 1
                text = f"note {world.said:05} of a person"
                with suppress(CommandFailed):
                    await self._client.call(Redirect(session=session, text=text))
                    world.redirects[text] = session
                await self._approve_ready()
                await asyncio.sleep(dice.uniform(0.0, 0.08))

    async def _approve_ready(self) -> None:
        for session in self._world.short:
            state = self.state.sessions.get(session)
            if state is not None and state.status is SessionStatus.READY and session not in self._world.approvals:
                with suppress(CommandFailed):
                    await self._client.call(Approve(session=session))
                    self._world.approvals.add(session)


async def one_life(stage: Stage, world: World, dice: random.Random, killed_s: float) -> float:
    """Start the supervisor, wait until all sessions are back, let people decide, kill it; return when that was."""
    supervisor = await asyncio.to_thread(stage.start_supervisor)
    async with await stage.client() as client:
        world.answered_ms.append((time.perf_counter() - killed_s) * 1000)
        person = Person(client, world)
        await client.call(Subscribe(everything=True))
        following = asyncio.create_task(person.follow())
        try:
            await _back(person, world)
            world.back_ms.append((time.perf_counter() - killed_s) * 1000)
        except TimeoutError:
            world.not_back += 1
        deciding = asyncio.create_task(person.decide(dice))
        with suppress(CommandFailed):
            task = Task(prompt=f"short task {len(world.short)} of the shop", base="main")
            world.short += [SessionId(s) for s in (await client.call(CreateTasks(tasks=(task,))))["sessions"]]
        await asyncio.sleep(dice.uniform(0.05, 2.5))
        supervisor.kill()
        killed_s = time.perf_counter()
        for task_of_ours in (following, deciding):
            task_of_ours.cancel()
        await asyncio.gather(following, deciding, return_exceptions=True)
    await asyncio.to_thread(supervisor.wait, 10)
    return killed_s


async def _back(person: Person, world: World) -> None:
    """Wait until every long session is at work and its agent was heard."""
    async with asyncio.timeout(20):
        while not all(
            session in person.heard and person.state.sessions[session].status is SessionStatus.WORKING
            for session in world.long
        ):
            await asyncio.sleep(0.005)


async def settle(stage: Stage, world: World) -> None:
    """Let what was approved land, then end everything in good order."""
    await asyncio.to_thread(stage.start_supervisor)
    async with await stage.client() as client:
        person = Person(client, world)
        await client.call(Subscribe(everything=True))
        following = asyncio.create_task(person.follow())
        with suppress(TimeoutError):
            async with asyncio.timeout(90):
                while not all(_is_over(person.state, session, world) for session in world.short):
                    await person._approve_ready()
                    await asyncio.sleep(0.1)
        counts = Counter(str(person.state.sessions[s].status) for s in world.short)
        figure("short sessions at the end", ", ".join(f"{n} {status}" for status, n in counts.items()))
        await client.call(Down())
        await following
    await asyncio.to_thread(stage.stop_supervisor)


def _is_over(state: State, session: SessionId, world: World) -> bool:
    found = state.sessions.get(session)
    if found is None:
        return False
    at_rest = (SessionStatus.LANDED, SessionStatus.FAILED, SessionStatus.PAUSED, SessionStatus.INTERRUPTED)
    return found.status in at_rest or (found.status is SessionStatus.READY and session in world.approvals)


def git(folder: Path, *words: str) -> tuple[int, str]:
    """Run git; return its status and what it said."""
    done = subprocess.run(("git", "-C", str(folder), *words), capture_output=True, text=True, check=False)
    return done.returncode, done.stdout


def broken_worktrees(stage: Stage, world: World) -> int:
    """Count workspaces that git cannot use, or whose uncommitted work is gone."""
    broken = 0
    for session in (*world.long, *world.short):
        folder = stage.paths.workspaces / session
        if not folder.exists() and session in world.short:
            continue  # a short one may not have begun
        is_usable = git(folder, "status", "--porcelain")[0] == 0
        has_work = session not in world.long or (folder / "note.txt").exists()
        broken += not (is_usable and has_work)
    return broken + (git(stage.repository, "fsck", "--no-dangling")[0] != 0)


def orphans(stage: Stage) -> list[str]:
    """Return the processes that are left of this stage, but for its talkers."""
    commands = []
    for process in stage.processes():
        with suppress(psutil.Error):
            commands.append(" ".join(process.cmdline()))
    return [command for command in commands if "talkers" not in command]


async def verdict(stage: Stage, world: World) -> None:
    """Look for everything that was acknowledged, and for anything that happened twice."""
    decisions = [json.loads(one.body)["decision"] for one in await read_all(stage.paths, ["decision_made"])]
    kept = {decision["text"] for decision in decisions if decision["kind"] == "redirect"}
    approved = {decision["session"] for decision in decisions if decision["kind"] == "approve"}
    lost = [text for text in world.redirects if text not in kept]
    lost += [session for session in world.approvals if session not in approved]
    figure("decisions acknowledged", f"{len(world.redirects)} redirects, {len(world.approvals)} approvals")
    none_of("acknowledged decisions lost", len(lost))
    taken: Counter[str] = Counter()
    for session in world.long:
        log = (stage.paths.spool / session / "memory" / "commands.jsonl").read_text()
        taken.update(re.findall(r"note \d{5} of a person", log))
    none_of("acknowledged redirects that no agent got", sum(text not in taken for text in world.redirects))
    none_of("commands doubled", sum(count - 1 for count in taken.values()))
    landed = [line for line in git(stage.repository, "log", "--format=", "--name-only", "main")[1].splitlines() if line]
    none_of("changes landed twice", sum(count - 1 for name, count in Counter(landed).items() if "short" in name))
    none_of("broken worktrees", broken_worktrees(stage, world))
    left = orphans(stage)
    none_of("orphans", len(left))
    for command in left:
        print(f"    {command[:150]}")


async def flight(stage: Stage, kills: int, seed: int) -> None:
    """Kill the supervisor so many times, then judge."""
    world, dice = World(), random.Random(seed)
    await asyncio.to_thread(stage.start_supervisor)
    async with await stage.client() as client:
        tasks = tuple(Task(prompt=f"long task {number}", base="main") for number in range(LONG))
        world.long = [SessionId(one) for one in (await client.call(CreateTasks(tasks=tasks)))["sessions"]]
        person = Person(client, world)
        await client.call(Subscribe(everything=True))
        following = asyncio.create_task(person.follow())
        notes = [stage.paths.workspaces / session / "note.txt" for session in world.long]
        async with asyncio.timeout(60):
            while not all(note.exists() for note in notes):
                await asyncio.sleep(0.05)
        following.cancel()
    killed_s = time.perf_counter()
    for _ in range(kills):
        killed_s = await one_life(stage, world, dice, killed_s)
    await settle(stage, world)
    figure("killed -> the next supervisor answers, p50 / p95", f"{middle(world.answered_ms[1:])} ms")
    figure("killed -> heard from every agent, p50 / p95", f"{middle(world.back_ms[1:])} ms")
    none_of("restarts after which a session did not come back", world.not_back)
    await verdict(stage, world)


def main(quick: bool) -> None:
    """Kill it."""
    kills, seed = (8 if quick else 50), random.SystemRandom().randrange(10_000)
    heading(f"kill -9 of the supervisor at {kills} random moments (seed {seed}): {LONG} agents at work, a new task in "
            f"each life, {CHATTY} chatty spools x 50 events/s")  # fmt: skip
    with Stage() as stage:
        path = stage.folder / "script.json"
        path.write_text(script(kills))
        (stage.repository / "cockpit.toml").write_text(_SETTINGS.replace("{script}", str(path)))
        git(stage.repository, "commit", "-qam", "Settings", "--author", "Bench <bench@localhost>")
        stage.seed(CHATTY)
        stage.start_talkers()
        stage.talk(50, 0.2, 10_000)
        asyncio.run(flight(stage, kills, seed))


if __name__ == "__main__":
    main("--quick" in sys.argv)
