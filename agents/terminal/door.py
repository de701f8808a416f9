"""Where people's keys come in: a private socket beside the agent's memory, so that nothing of it passes any journal.

One connection an act: one line of JSON in, one line out.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
from collections.abc import AsyncIterator, Callable
from pathlib import Path

from pydantic import ValidationError

from cockpit.providers.paths import socket_of
from cockpit.providers.peer import is_trusted, peer_uid
from cockpit.sessions.types import TERMINAL_ACT, TERMINAL_SOCKET, TerminalAct, TerminalReply

_LINE_BYTES = 8 << 20
_WITHIN_S = 10.0


@contextlib.asynccontextmanager
async def opened(memory: Path, act: Callable[[TerminalAct], str]) -> AsyncIterator[None]:
    """Take acts at the socket of `memory` meanwhile; `act` returns why one was not done, or nothing."""
    path = socket_of(memory, TERMINAL_SOCKET)
    path.unlink(missing_ok=True)
    listener = socket.socket(socket.AF_UNIX)
    mask = os.umask(0o177)
    try:
        listener.bind(str(path))
    finally:
        os.umask(mask)
    visits: set[asyncio.Task[None]] = set()

    async def visited(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        visits.add(task)
        try:
            await _answer(reader, writer, act)
        finally:
            visits.discard(task)

    server = await asyncio.start_unix_server(visited, sock=listener, limit=_LINE_BYTES)
    try:
        yield
    finally:
        server.close()
        for task in list(visits):
            task.cancel()
        await asyncio.gather(*visits, return_exceptions=True)
        path.unlink(missing_ok=True)


async def _answer(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, act: Callable[[TerminalAct], str]
) -> None:
    with contextlib.suppress(OSError, TimeoutError, ValueError):  # whoever it was went away, or sent an endless line
        async with asyncio.timeout(_WITHIN_S):
            if is_trusted(peer_uid(writer.get_extra_info("socket"))):
                reply = TerminalReply(error=_carried_out(await reader.readline(), act))
                writer.write(reply.model_dump_json().encode() + b"\n")
                await writer.drain()
    writer.close()
    with contextlib.suppress(OSError):
        await writer.wait_closed()


def _carried_out(line: bytes, act: Callable[[TerminalAct], str]) -> str:
    try:
        return act(TERMINAL_ACT.validate_json(line))
    except ValidationError as error:
        return f"not understood: {error.errors(include_url=False, include_input=False)[0]['msg']}"
