"""A client of the supervisor's socket, for screens, the headless runner and tests."""

from __future__ import annotations

import asyncio
import itertools
import json
from collections.abc import AsyncIterator
from contextlib import suppress
from pathlib import Path
from typing import Any, Self

from cockpit.protocol.types import LINE_LIMIT_BYTES, PUSH, Command, Ending, ErrorInfo, Push, Reply, Request


class CommandFailed(Exception):
    """The supervisor refused a command; `info` says what happened, what was kept and what to do next."""

    def __init__(self, info: ErrorInfo) -> None:
        super().__init__(str(info))
        self.info = info


class SupervisorGone(Exception):
    """The connection ended: the supervisor stopped, crashed or was replaced."""


class Client:
    """One connection. Calls may overlap; pushes arrive in order through `pushes()`."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader, self._writer = reader, writer
        self._ids = itertools.count(1)
        self._waiting: dict[int, asyncio.Future[dict[str, Any]]] = {}
        self._pushes: asyncio.Queue[Push | None] = asyncio.Queue()
        self._is_gone = False
        self._why_gone = "the supervisor closed the connection"
        self._reading = asyncio.create_task(self._read(), name="supervisor-client")

    @classmethod
    async def connect(cls, socket: Path) -> Self:
        """Open a connection. Raises `SupervisorGone` when nobody listens."""
        try:
            reader, writer = await asyncio.open_unix_connection(str(socket), limit=LINE_LIMIT_BYTES)
        except OSError as error:
            raise SupervisorGone(f"no supervisor listens on {socket}: {error}") from error
        return cls(reader, writer)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def call(self, command: Command) -> dict[str, Any]:
        """Send a command and return its result. Raises `CommandFailed` or `SupervisorGone`."""
        if self._is_gone:
            raise SupervisorGone(self._why_gone)
        number = next(self._ids)
        waiting = asyncio.get_running_loop().create_future()
        self._waiting[number] = waiting
        try:
            self._writer.write(Request(id=number, command=command).model_dump_json().encode() + b"\n")
            await self._writer.drain()
            result: dict[str, Any] = await waiting
            return result
        except (ConnectionError, RuntimeError) as error:
            raise SupervisorGone(str(error)) from error
        finally:
            self._waiting.pop(number, None)

    async def pushes(self) -> AsyncIterator[Push]:
        """Yield pushes in order until the connection ends. One consumer."""
        while (push := await self._pushes.get()) is not None:
            yield push

    async def close(self) -> None:
        """End the connection; calls under way raise `SupervisorGone`."""
        self._reading.cancel()
        with suppress(asyncio.CancelledError):
            await self._reading
        self._writer.close()
        with suppress(OSError):
            await self._writer.wait_closed()

    async def _read(self) -> None:
        try:
            while line := await self._reader.readline():
                self._take(line)
        except OSError:
            with suppress(OSError):  # it has broken for the writer, too; asyncio reports what nobody looks at
                await self._writer.wait_closed()
        except ValueError:
            pass  # an unreadable line ends it like a broken connection; callers are told below
        finally:
            self._is_gone = True
            for waiting in self._waiting.values():
                if not waiting.done():
                    waiting.set_exception(SupervisorGone(self._why_gone))
            self._pushes.put_nowait(None)

    def _take(self, line: bytes) -> None:
        if not line.startswith(b'{"reply"'):
            push = PUSH.validate_json(line)
            if isinstance(push, Ending):
                self._why_gone = push.reason
            self._pushes.put_nowait(push)
            return
        reply = Reply.model_validate(json.loads(line))
        waiting = self._waiting.get(reply.reply)
        if waiting is None or waiting.done():
            return
        if reply.error is not None:
            waiting.set_exception(CommandFailed(reply.error))
        else:
            waiting.set_result(reply.result or {})
