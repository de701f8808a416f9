"""A real repository, a real supervisor in this process, and a person at its socket."""

from __future__ import annotations

import asyncio
import contextlib
import subprocess
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import psutil

from cockpit.journal.types import AgentSaid, Envelope
from cockpit.protocol.client import Client
from cockpit.protocol.types import Command, CreateTasks, Digest, Down, Happened, Snapshot, Subscribe
from cockpit.providers.paths import Paths
from cockpit.sessions.types import AgentEvent, SessionStatus, Task
from cockpit.state.digest import apply_digest
from cockpit.state.fold import apply
from cockpit.state.model import STATE, SessionState, State
from cockpit.supervisor.daemon import serve
from cockpit.types import SessionId

S = SessionStatus
WITHIN_S = 10.0

CONFIG = """
default_agent = "fake"
[agents.fake]
driver = "native"
[sessions]
max_parallel = 8
"""
CHECK = """
[checks.tidy]
command = ["/bin/sh", "-c", "! grep -n BAD *.txt"]
parser = "exit-code"
"""


def git(folder: Path, *words: str) -> str:
    done = subprocess.run(("git", "-C", str(folder), *words), check=True, capture_output=True, text=True)
    return done.stdout.strip()


def is_alive(pid: int) -> bool:
    """Return whether a process runs; one that nobody has reaped yet does not."""
    try:
        return bool(psutil.Process(pid).status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False


def make_repository(folder: Path, config: str = CONFIG + CHECK) -> Path:
    folder.mkdir()
    git(folder, "init", "-q", "-b", "main")
    git(folder, "config", "user.name", "Ana")
    git(folder, "config", "user.email", "ana@localhost")
    (folder / "base.txt").write_text("base\n")
    (folder / "cockpit.toml").write_text(config)
    git(folder, "add", "-A")
    git(folder, "commit", "-q", "-m", "base")
    return folder


class Person:
    """A client that folds what it is told, and waits for things to be so."""

    def __init__(self, client: Client) -> None:
        self.client = client
        self.state = State()
        self.events: list[Envelope] = []
        self._changed = asyncio.Condition()
        self._reading = asyncio.create_task(self._read())
        self.is_over = False

    async def _read(self) -> None:
        async for push in self.client.pushes():
            async with self._changed:
                match push:
                    case Snapshot():
                        self.state = STATE.validate_json(push.state)
                    case Happened():
                        apply(self.state, push.envelope)
                        self.events.append(push.envelope)
                    case Digest():
                        apply_digest(self.state, push)
                    case _:
                        pass
                self._changed.notify_all()
        async with self._changed:
            self.is_over = True
            self._changed.notify_all()

    async def close(self) -> None:
        await self.client.close()
        await self._reading

    async def until(self, condition: Callable[[], Any], within_s: float = WITHIN_S) -> None:
        try:
            async with asyncio.timeout(within_s), self._changed:
                await self._changed.wait_for(condition)
        except TimeoutError:
            shown = [f"{s.id}: {s.status} ({s.reason}) {s.headline}" for s in self.state.sessions.values()]
            raise AssertionError(f"it did not happen in time: {shown} {list(self.state.attention)}") from None

    async def task(self, *turns: str, **fields: Any) -> SessionId:
        return (await self.tasks(Task(prompt="\n---\n".join(turns), title=fields.pop("title", "work"), **fields)))[0]

    async def tasks(self, *tasks: Task) -> list[SessionId]:
        created = await self.client.call(CreateTasks(tasks=tasks))
        return [SessionId(one) for one in created["sessions"]]

    async def call(self, command: Command) -> dict[str, Any]:
        return await self.client.call(command)

    def session(self, session: SessionId) -> SessionState:
        return self.state.sessions[session]

    async def status(self, session: SessionId, *wanted: SessionStatus) -> SessionState:
        def is_there() -> bool:
            return session in self.state.sessions and self.state.sessions[session].status in wanted

        await self.until(is_there)
        return self.state.sessions[session]

    async def kind(self, session: SessionId, kind: type[Any], count: int = 1) -> list[Any]:
        """Wait for so many events of a kind and return them."""

        def found() -> list[Any]:
            return [e.event for e in self.events if e.session == session and isinstance(e.event, kind)]

        await self.until(lambda: len(found()) >= count)
        return found()

    async def said(self, session: SessionId, kind: type[AgentEvent], count: int = 1) -> list[Any]:
        def found() -> list[Any]:
            mine = [e.event for e in self.events if e.session == session and isinstance(e.event, AgentSaid)]
            return [event.said for event in mine if isinstance(event.said, kind)]

        await self.until(lambda: len(found()) >= count)
        return found()


class World:
    """One repository and its supervisor."""

    def __init__(self, repository: Path) -> None:
        self.repository = repository
        self.paths = Paths.for_repo(repository)
        self.serving: asyncio.Task[None] | None = None
        self._people: list[Person] = []

    async def start(self) -> Person:
        self.serving = asyncio.create_task(serve(self.repository))
        return await self.person()

    async def person(self, everything: bool = True) -> Person:
        async with asyncio.timeout(WITHIN_S):
            while not self.paths.supervisor_socket.exists():
                assert self.serving is None or not self.serving.done(), self.serving
                await asyncio.sleep(0.005)
        person = Person(await Client.connect(self.paths.supervisor_socket))
        self._people.append(person)
        await person.call(Subscribe(everything=everything))
        await person.until(lambda: person.state.seq)
        return person

    def workspace(self, session: SessionId) -> Path:
        return self.paths.workspaces / session

    def seen(self, session: SessionId) -> list[str]:
        """Return the ids of the commands that reached the fake agent, in order."""
        file = self.paths.spool / session / "memory" / "seen"
        return [line.split()[0] for line in file.read_text().splitlines()] if file.exists() else []

    def sent(self, session: SessionId) -> list[str]:
        """Return the ids of the messages that began a turn of the fake agent, or were to."""
        file = self.paths.spool / session / "memory" / "seen"
        return [line.split()[0] for line in file.read_text().splitlines() if line.endswith(" send")]

    async def kill(self) -> None:
        """End the supervisor as a signal does: agents go on."""
        assert self.serving is not None
        self.serving.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await self.serving
        self.serving = None

    async def down(self) -> None:
        for person in self._people:
            if not person.is_over and self.serving is not None and not self.serving.done():
                with contextlib.suppress(Exception):
                    await person.call(Down())
                await self.serving
                break
        for person in self._people:
            await person.close()
        if self.serving is not None and not self.serving.done():
            await self.kill()


@contextlib.asynccontextmanager
async def open_world(repository: Path) -> AsyncIterator[World]:
    world = World(repository)
    try:
        yield world
    finally:
        if world.serving is None:  # agents may have been left at work
            await world.start()
        await world.down()
