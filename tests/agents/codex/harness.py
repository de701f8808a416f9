"""A bridge as a real process, told commands and heard event by event."""

from __future__ import annotations

import asyncio
import itertools
import json
import os
import signal
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TypeVar

from agents.base import LaunchContext, McpAccess
from agents.codex.driver import CodexDriver
from agents.trace import read
from cockpit.providers.process_tree import SESSION_MARKER
from cockpit.sessions.types import (
    AgentCommand,
    AgentEvent,
    AgentReady,
    Answer,
    AnswerDecision,
    Budget,
    Close,
    Interrupt,
    Review,
    Send,
    Steer,
    Task,
    TurnEnded,
)
from cockpit.types import SessionId

E = TypeVar("E")
LIMIT_S = 30
_LINE_LIMIT_BYTES = 1 << 26


class Bridge:
    """One session's folders and its bridge."""

    def __init__(self, folder: Path, settings: Mapping[str, object], name: str = "s1") -> None:
        self.name = name
        self.workspace, self.scratch = folder / "workspaces" / name / "tree", folder / "workspaces" / name / "tmp"
        self.memory, self.home = folder / "state" / name / "memory", folder / "state" / "homes" / "codex"
        self.hidden = (folder / "state", folder / "workspaces")
        for made in (self.workspace, self.memory):
            made.mkdir(parents=True, exist_ok=True)
        self.driver = CodexDriver()
        self.settings = dict(settings)
        self.env = {"HOME": str(folder / "user")}
        self.mcp: McpAccess | None = None
        self.fork = ""
        self.role_text = ""
        self.budget: Budget | None = None
        self.events: list[AgentEvent] = []
        self.process: asyncio.subprocess.Process | None = None
        self._arrived: asyncio.Queue[AgentEvent] = asyncio.Queue()
        self._ids = itertools.count(1)
        self._reading: asyncio.Task[None] | None = None

    async def start(self, *, resume: bool = False, expect_ready: bool = True) -> None:
        thread = next((one.thread for one in reversed(self.events) if isinstance(one, AgentReady)), "")
        launch = self.driver.launch(
            LaunchContext(
                session=SessionId(self.name),
                task=Task(prompt="a task", budget=self.budget),
                workspace=self.workspace,
                scratch=self.scratch,
                memory=self.memory,
                home=self.home,
                settings=self.settings,
                env={},
                hidden=self.hidden,
                role_text=self.role_text,
                resume=resume,
                thread=thread if resume else "",
                fork=self.fork,
                mcp=self.mcp,
            )
        )
        errors = os.open(self.memory / "bridge.err", os.O_WRONLY | os.O_CREAT | os.O_APPEND)
        try:
            self.process = await asyncio.create_subprocess_exec(
                *launch.argv,
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                stderr=errors,
                cwd=self.workspace,
                env={**os.environ, **launch.env, **self.env, SESSION_MARKER: self.name},
                limit=_LINE_LIMIT_BYTES,
                start_new_session=True,
            )
        finally:
            os.close(errors)
        self._reading = asyncio.create_task(self._read(self.process))
        if expect_ready:
            await self.until(AgentReady)

    async def _read(self, process: asyncio.subprocess.Process) -> None:
        assert process.stdout is not None
        while line := await process.stdout.readline():
            for event in self.driver.decode(line):
                self._arrived.put_nowait(event)

    # -- commands

    async def command(self, command: AgentCommand) -> str:
        assert self.process is not None
        assert self.process.stdin is not None
        self.process.stdin.write(self.driver.encode(command))
        await self.process.stdin.drain()
        return command.id

    def new_id(self) -> str:
        return f"c{next(self._ids)}"

    async def send(self, text: str) -> str:
        return await self.command(Send(id=self.new_id(), text=text))

    async def steer(self, text: str, *, now: bool = False) -> str:
        return await self.command(Steer(id=self.new_id(), text=text, now=now))

    async def interrupt(self) -> str:
        return await self.command(Interrupt(id=self.new_id()))

    async def review(self, instructions: str = "") -> str:
        return await self.command(Review(id=self.new_id(), instructions=instructions))

    async def answer(self, request: str, decision: AnswerDecision, text: str = "") -> str:
        return await self.command(Answer(id=self.new_id(), request=request, decision=decision, text=text))

    # -- events

    async def until(self, kind: type[E], holds: Callable[[E], bool] = lambda event: True) -> E:
        """Return the next event of a kind; all events on the way are kept."""
        try:
            async with asyncio.timeout(LIMIT_S):
                while True:
                    event = await self._arrived.get()
                    self.events.append(event)
                    if isinstance(event, kind) and holds(event):
                        return event
        except TimeoutError:
            seen = "\n".join(repr(event)[:300] for event in self.events[-20:])
            raise AssertionError(f"no {kind.__name__}; seen:\n{seen}\n{self.stderr()}") from None

    async def turn(self, text: str) -> TurnEnded:
        await self.send(text)
        return await self.until(TurnEnded)

    def seen(self, kind: type[E]) -> list[E]:
        return [event for event in self.events if isinstance(event, kind)]

    def frames(self) -> list[tuple[str, str]]:
        """Return what was exchanged with codex."""
        return list(read(self.memory / "trace.jsonl"))

    def sent(self, method: str) -> list[dict[str, object]]:
        """Return the parameters of what codex was asked for by a method."""
        frames = [json.loads(text) for way, text in self.frames() if way == "out"]
        return [frame.get("params", {}) for frame in frames if frame.get("method") == method]

    def stderr(self) -> str:
        path = self.memory / "bridge.err"
        log = self.memory / "codex.log"
        return "\n".join(one.read_text(errors="replace")[-3000:] for one in (path, log) if one.exists())

    # -- the end

    async def ended(self) -> int:
        """Wait for the bridge's end; return its exit status."""
        assert self.process is not None
        async with asyncio.timeout(LIMIT_S):
            status = await self.process.wait()
        assert self._reading is not None
        await self._reading
        while not self._arrived.empty():
            self.events.append(self._arrived.get_nowait())
        if self.process.stdin is not None:
            self.process.stdin.close()
        self.process = None
        return status

    async def kill(self) -> None:
        assert self.process is not None
        self.process.send_signal(signal.SIGKILL)
        await self.ended()

    async def close(self) -> int | None:
        if self.process is None:
            return None
        if self.process.returncode is None:
            await self.command(Close(id=self.new_id()))
        return await self.ended()


@asynccontextmanager
async def bridge(folder: Path, name: str = "s1", **settings: object) -> AsyncIterator[Bridge]:
    """A bridge that is ended with the test."""
    one = Bridge(folder, settings, name)
    try:
        yield one
    finally:
        await one.close()
