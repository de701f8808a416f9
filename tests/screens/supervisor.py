"""A supervisor for screens under test: a real unix socket with the protocol's lines, over a state fed by hand."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from cockpit.journal import types as ev
from cockpit.protocol.types import (
    PROTOCOL,
    REQUEST,
    Command,
    ErrorInfo,
    Happened,
    Hello,
    Progress,
    Reply,
    Snapshot,
    Subscribe,
    Watch,
)
from cockpit.sessions.types import AgentEvent
from cockpit.state.fold import apply
from cockpit.state.model import STATE, State
from cockpit.types import SessionId

START = 1_800_000_000.0


class FakeSupervisor:
    """Keeps a journal, pushes it to who subscribed, and records every other command."""

    def __init__(self) -> None:
        self.state = State()
        self.journal: list[ev.Envelope] = []
        self.commands: list[Any] = []
        self.refusals: dict[str, ErrorInfo] = {}
        """By `cmd`: answers with this error."""
        self.results: dict[str, dict[str, Any]] = {}
        self.pid = 100
        self.protocol = PROTOCOL
        self.watched: tuple[SessionId, ...] = ()
        self.at = START
        self._changed = asyncio.Condition()
        self._serving: set[asyncio.Task[None]] = set()
        self._writers: set[asyncio.StreamWriter] = set()
        self._seq = itertools.count(1)
        self._server: asyncio.Server | None = None

    async def start(self, socket: Path) -> None:
        """Listen."""
        self._server = await asyncio.start_unix_server(self._serve, str(socket))

    async def stop(self) -> None:
        """Close every connection, as a supervisor that ends does."""
        assert self._server is not None
        self._server.close()
        for serving in self._serving:
            serving.cancel()
        await asyncio.gather(*self._serving, return_exceptions=True)
        await self._server.wait_closed()

    def happen(self, session: str | None, *events: ev.Event) -> None:
        """Append events and push them."""
        for event in events:
            name = SessionId(session) if session is not None else None
            envelope = ev.Envelope(seq=next(self._seq), at=self.at, session=name, event=event)
            self.journal.append(envelope)
            apply(self.state, envelope)
            self._push(Happened(envelope=envelope))

    def say(self, session: str, *said: AgentEvent) -> None:
        """Let an agent say something that is journaled."""
        self.happen(session, *(ev.AgentSaid(said=each) for each in said))

    def progress(self, session: str, said: AgentEvent) -> None:
        """Push a delta."""
        self._push(Progress(session=SessionId(session), said=said))

    async def commanded(self, kind: type[BaseModel], count: int = 1) -> list[Any]:
        """Wait until so many commands of a kind have come, and return them."""
        async with asyncio.timeout(10), self._changed:
            await self._changed.wait_for(lambda: len(self.of(kind)) >= count)
        return self.of(kind)

    async def until(self, condition: Callable[[], bool]) -> None:
        """Wait until something is so after a command."""
        async with asyncio.timeout(10), self._changed:
            await self._changed.wait_for(condition)

    def of(self, kind: type[BaseModel]) -> list[Any]:
        """Return the commands of a kind so far."""
        return [command for command in self.commands if isinstance(command, kind)]

    def _push(self, push: BaseModel) -> None:
        line = push.model_dump_json().encode() + b"\n"
        for writer in self._writers:
            writer.write(line)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._serving.add(task)
        try:
            await self._converse(reader, writer)
        except (ConnectionError, asyncio.CancelledError):
            pass  # the screen left, or the test is over
        finally:
            self._serving.discard(task)
            self._writers.discard(writer)
            writer.close()

    async def _converse(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while line := await reader.readline():
            request = REQUEST.validate_json(line)
            reply = self._answer(request.id, request.command)
            writer.write(reply.model_dump_json().encode() + b"\n")
            if isinstance(request.command, Subscribe):
                snapshot = Snapshot(state=STATE.dump_json(self.state).decode())
                writer.write(snapshot.model_dump_json().encode() + b"\n")
                self._writers.add(writer)
            async with self._changed:
                self._changed.notify_all()

    def _answer(self, number: int, command: Command) -> Reply:
        self.commands.append(command)
        if error := self.refusals.get(command.cmd):
            return Reply(reply=number, error=error)
        if isinstance(command, Hello):
            return Reply(reply=number, result={"protocol": self.protocol, "pid": self.pid})
        if isinstance(command, Watch):
            self.watched = command.sessions
        if command.cmd == "get_events":
            mine = [e.model_dump(mode="json") for e in self.journal if e.session == command.session]
            return Reply(reply=number, result={"envelopes": mine[-command.limit :], "is_start": True})
        return Reply(reply=number, result=self.results.get(command.cmd, {}))


@contextlib.asynccontextmanager
async def fake_supervisor(socket: Path) -> AsyncIterator[FakeSupervisor]:
    """Run one for a test."""
    supervisor = FakeSupervisor()
    await supervisor.start(socket)
    try:
        yield supervisor
    finally:
        await supervisor.stop()
