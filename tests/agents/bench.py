"""A bench for agents: a real process, commands through a named pipe, events as they come, a real scripted server."""

from __future__ import annotations

import asyncio
import itertools
import json
import multiprocessing
import os
import signal
from collections.abc import Callable, Mapping
from multiprocessing.context import ForkServerProcess
from pathlib import Path
from typing import Any, TypeVar

from agents.base import LaunchContext, McpAccess
from agents.registry import driver
from agents.scripted.script import parse
from agents.scripted.server import ScriptedModel
from cockpit.sessions.types import (
    AgentCommand,
    AgentEvent,
    AgentReady,
    Close,
    CommandAcknowledged,
    Send,
    Task,
    TurnEnded,
)
from cockpit.types import SessionId
from tests.agents import forked

E = TypeVar("E")
LIMIT_S = 20
_processes = multiprocessing.get_context("forkserver")
_processes.set_forkserver_preload(["tests.agents.forked"])


class Bench:
    """One session's folders and its agent."""

    def __init__(self, folder: Path, name: str = "native") -> None:
        self.workspace, self.memory = folder / "workspace", folder / "memory"
        self.scratch, self.pipes = folder / "scratch", folder / "pipes"
        for made in (self.workspace, self.memory, self.pipes):
            made.mkdir()
        for pipe in ("stdin", "stdout"):
            os.mkfifo(self.pipes / pipe)
        self.driver = driver(name)
        self.module = f"agents.{name}"
        self.events: list[AgentEvent] = []
        self.settings: dict[str, object] = {}
        self.checks: tuple[Mapping[str, object], ...] = ()
        self.env: dict[str, str] = {}
        self.thread, self.fork = "", ""
        self.limit_s: float = LIMIT_S
        self.mcp: McpAccess | None = None
        self.hidden: tuple[Path, ...] = ()
        self.request_log = folder / "requests.jsonl"
        self.process: ForkServerProcess | None = None
        self._arrived: asyncio.Queue[AgentEvent] = asyncio.Queue()
        self._ids = itertools.count(1)
        self._stdin = os.open(self.pipes / "stdin", os.O_RDWR)
        self._transport: asyncio.ReadTransport | None = None

    # -- the model

    def model(self, script: str, **options: Any) -> ScriptedModel:
        """Return a scripted model to enter."""
        return ScriptedModel(parse(script), request_log=self.request_log, **options)

    def use(self, model: ScriptedModel, **settings: object) -> None:
        """Point the agent at a model."""
        self.settings = {
            "model": "m",
            "base_url": model.url,
            "approve": "never-ask",
            "retry_wait_s": 0.01,
            "request_timeout_s": 10,
            **settings,
        }

    def requests(self) -> list[dict[str, Any]]:
        """Return what was really sent to the model."""
        return [json.loads(line)["body"] for line in self.request_log.read_text().splitlines()]

    # -- the agent

    async def start(self, *, resume: bool = False, expect_ready: bool = True) -> None:
        """Start the agent."""
        if self._transport is None:
            await self._listen()
        launch = self.driver.launch(
            LaunchContext(
                session=SessionId("s1"),
                task=Task(prompt="a task"),
                workspace=self.workspace,
                scratch=self.scratch,
                memory=self.memory,
                home=self.memory.parent / "home",
                settings=self.settings,
                env={},
                checks=self.checks,
                resume=resume,
                thread=self.thread if resume else "",
                fork=self.fork,
                hidden=self.hidden,
                mcp=self.mcp,
            )
        )
        assert launch.argv[1:] == ("-P", "-m", self.module)
        env = {**launch.env, **self.env}
        self.process = _processes.Process(target=forked.run, args=(self.module, env, self.pipes))
        await asyncio.to_thread(self.process.start)
        if expect_ready:
            await self.until(AgentReady)

    async def _listen(self) -> None:
        reader = asyncio.StreamReader(limit=1 << 26)
        pipe = os.fdopen(os.open(self.pipes / "stdout", os.O_RDWR), "rb", buffering=0)
        self._transport, _ = await asyncio.get_running_loop().connect_read_pipe(
            lambda: asyncio.StreamReaderProtocol(reader), pipe
        )
        self._reading = asyncio.create_task(self._read(reader))

    async def _read(self, reader: asyncio.StreamReader) -> None:
        while line := await reader.readline():
            for event in self.driver.decode(line):
                self._arrived.put_nowait(event)

    def command_id(self) -> str:
        return f"c{next(self._ids)}"

    def command(self, command: AgentCommand) -> None:
        """Write a command."""
        os.write(self._stdin, self.driver.encode(command))

    def send(self, text: str) -> str:
        """Begin a turn; return the command's id."""
        command = Send(id=self.command_id(), text=text)
        self.command(command)
        return command.id

    async def until(self, kind: type[E], holds: Callable[[E], bool] = lambda event: True) -> E:
        """Return the next event of a kind; all events on the way are kept."""
        try:
            async with asyncio.timeout(self.limit_s):
                while True:
                    event = await self._arrived.get()
                    self.events.append(event)
                    if isinstance(event, kind) and holds(event):
                        return event
        except TimeoutError:
            seen = "\n".join(repr(event)[:200] for event in self.events[-20:])
            raise AssertionError(f"no {kind.__name__}; seen:\n{seen}\n{self.stderr()}") from None

    async def acknowledged(self, command: str) -> None:
        """Wait until a command was taken."""
        await self.until(CommandAcknowledged, lambda event: event.command == command)

    async def asked(self, count: int = 1) -> None:
        """Wait until the model was asked so many times."""
        async with asyncio.timeout(self.limit_s):
            while not self.request_log.exists() or len(self.requests()) < count:
                await asyncio.sleep(0.005)

    async def turn(self, text: str) -> TurnEnded:
        """Carry out a whole turn."""
        self.send(text)
        return await self.until(TurnEnded)

    def seen(self, kind: type[E]) -> list[E]:
        """Return the events of a kind so far."""
        return [event for event in self.events if isinstance(event, kind)]

    def stderr(self) -> str:
        path = self.pipes / "stderr"
        return path.read_text() if path.exists() else ""

    async def kill(self) -> None:
        """Kill the agent as a crash would."""
        assert self.process is not None and self.process.pid is not None
        os.kill(self.process.pid, signal.SIGKILL)
        await self.ended()

    async def ended(self) -> int | None:
        """Wait for the agent's end; return its exit status."""
        assert self.process is not None
        await asyncio.to_thread(self.process.join, self.limit_s)
        assert not self.process.is_alive(), "the agent does not end"
        code = self.process.exitcode
        self.process.close()
        self.process = None
        return code

    async def finish(self) -> None:
        """Let the agent end in good order."""
        self.command(Close(id=self.command_id()))
        await self.ended()

    async def close(self) -> None:
        """End everything."""
        if self.process is not None:
            await self.finish()
        os.close(self._stdin)
        if self._transport is not None:
            self._transport.close()
            self._reading.cancel()
            await asyncio.gather(self._reading, return_exceptions=True)
