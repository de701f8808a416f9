"""The supervisor's side of the socket: many clients at once, and none of them slows anything down."""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import os
import socket as socket_module
from collections.abc import Callable
from pathlib import Path
from typing import Any, Protocol

from pydantic import ValidationError

from cockpit.journal.types import Envelope
from cockpit.protocol.types import (
    REQUEST,
    REQUEST_LIMIT_BYTES,
    Command,
    Digest,
    Ending,
    ErrorInfo,
    Progress,
    Reply,
    Request,
    Snapshot,
    Subscribe,
    Watch,
)
from cockpit.providers.peer import account_name, is_trusted, peer_uid
from cockpit.sessions.types import AgentEvent
from cockpit.state.digest import digest_of, is_chatter
from cockpit.state.model import STATE, State
from cockpit.types import SessionId

log = logging.getLogger(__name__)

DIGEST_EVERY_S = 0.2
BACKLOG_BYTES = 4 << 20
"""A client with so much unread is let fall behind: it gets a new snapshot when it has caught up."""
PROGRESS_BACKLOG_BYTES = 256 << 10
COMMANDS_AT_A_TIME = 32
"""Commands of one client under way; the next line is read when one of them is answered and the answer taken."""


class CommandRefused(Exception):
    """A command cannot be carried out; the three parts of the error are shown to the person."""

    def __init__(self, what: str, kept: str = "", next: str = "") -> None:  # noqa: A002  the protocol's own word
        super().__init__(what)
        self.info = ErrorInfo(what=what, kept=kept, next=next)


class Handler(Protocol):
    """Carries out commands."""

    async def __call__(self, command: Command, person: str) -> dict[str, Any]:
        """Return the result. Raises `CommandRefused`."""
        ...


class Connection:
    """What the server keeps of one client. Made by `Server.connect`."""

    def __init__(self, writer: asyncio.StreamWriter, person: str) -> None:
        self.writer, self.person = writer, person
        self.is_subscribed = False
        self.wants_everything = False
        self.is_lagging = False
        self.watched: frozenset[SessionId] = frozenset()
        self.chatty: set[SessionId] = set()
        self.snapshots = 0
        self.limit_bytes = BACKLOG_BYTES

    @property
    def backlog_bytes(self) -> int:
        """How much the client has not read yet, beyond what the system holds for it."""
        return self.writer.transport.get_write_buffer_size()

    def send(self, line: bytes) -> None:
        """Hand a line to the socket, without waiting."""
        if not self.writer.is_closing():
            self.writer.write(line)


class Server:
    """Listens on a unix socket (mode 0600, same account only)."""

    def __init__(self, state: State, handle: Handler, last_words: Callable[[], str] = str) -> None:
        """Serve `state`.

        Args:
            state: what screens are shown.
            handle: carries out the commands that are not about the connection itself.
            last_words: says at the end why it came against our will; empty: it did not.
        """
        self._state, self._handle, self._last_words = state, handle, last_words
        self._connections: set[Connection] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self.dropped_progress = 0

    @property
    def clients(self) -> int:
        """How many are connected."""
        return len(self._connections)

    def is_watched(self, session: SessionId) -> bool:
        """Whether any client wants this session's progress, or every event of every session as it happens."""
        return any(session in one.watched or one.wants_everything for one in self._connections)

    async def serve(self, socket: Path, ready: Callable[[], None]) -> None:
        """Listen until cancelled. The socket file is replaced; the caller holds the lock that makes this safe."""
        server = await asyncio.start_unix_server(self._accept, sock=_listening(socket), limit=REQUEST_LIMIT_BYTES)
        try:
            ready()
            await self._send_digests()
        finally:
            server.close()
            words = self._last_words()
            for connection in list(self._connections):
                if words:
                    connection.send(_line(Ending(reason=f"The supervisor has ended: {words}")))
                connection.writer.close()
            for task in list(self._tasks):
                task.cancel()
            await asyncio.gather(*self._tasks, return_exceptions=True)
            _remove(socket)

    # --- what happens is told -----------------------------------------------------------------------------------

    def happened(self, envelope: Envelope, body: bytes) -> None:
        """Tell the subscribers of an event (see `Record.listen`)."""
        line: bytes | None = None
        is_chat = is_chatter(envelope.event)
        for connection in self._connections:
            if not connection.is_subscribed or connection.is_lagging:
                continue
            session = envelope.session
            if is_chat and session and session not in connection.watched and not connection.wants_everything:
                connection.chatty.add(session)
                continue
            # The event may build on what was summed up, such as the usage that a budget counts from.
            if due := connection.chatty if session is None else connection.chatty & {session}:
                self._send_digest(connection, tuple(due), envelope.seq - 1)
            line = line or _event_line(envelope, body)
            self._send_or_lag(connection, line)

    def progress(self, session: SessionId, said: AgentEvent) -> None:
        """Show a delta to those who watch the session; a client that reads slowly misses it."""
        line: bytes | None = None
        for connection in self._connections:
            if session not in connection.watched or connection.is_lagging:
                continue
            if connection.backlog_bytes > PROGRESS_BACKLOG_BYTES:
                self.dropped_progress += 1
                continue
            line = line or _line(Progress(session=session, said=said))
            connection.send(line)

    def _send_or_lag(self, connection: Connection, line: bytes) -> None:
        if connection.backlog_bytes > connection.limit_bytes:
            connection.is_lagging = True
            connection.chatty.clear()
            return
        connection.send(line)

    async def _send_digests(self) -> None:
        while True:
            await asyncio.sleep(DIGEST_EVERY_S)
            self.catch_up()

    def catch_up(self) -> None:
        """Send what was summed up, and a snapshot to each client that had fallen behind and has read everything."""
        for connection in self._connections:
            if connection.is_lagging and connection.backlog_bytes == 0:
                self._send_snapshot(connection)
            elif connection.chatty and connection.backlog_bytes < PROGRESS_BACKLOG_BYTES:
                self._send_digest(connection, tuple(connection.chatty), self._state.seq)

    def _send_digest(self, connection: Connection, chatty: tuple[SessionId, ...], seq: int) -> None:
        connection.chatty.difference_update(chatty)
        connection.send(_line(digest_of(self._state, chatty, seq)))

    def _send_snapshot(self, connection: Connection) -> None:
        connection.is_lagging = False
        connection.chatty.clear()
        connection.snapshots += 1
        line = _line(Snapshot(state=STATE.dump_json(self._state).decode()))
        # What is behind a large snapshot is not behind because of its own slowness.
        connection.limit_bytes = BACKLOG_BYTES + len(line)
        connection.send(line)

    # --- what clients say ---------------------------------------------------------------------------------------

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        try:
            uid = peer_uid(writer.get_extra_info("socket"))
            if is_trusted(uid):
                await self._converse(reader, self.connect(writer, account_name(uid)))
            else:
                log.warning("refused a connection of account %s", account_name(uid))
        except (OSError, asyncio.CancelledError):
            pass  # the client went away, or we are closing: the connection ends either way
        finally:
            writer.close()
            with contextlib.suppress(OSError):
                await writer.wait_closed()

    async def _converse(self, reader: asyncio.StreamReader, connection: Connection) -> None:
        places = asyncio.Semaphore(COMMANDS_AT_A_TIME)
        try:
            async with asyncio.TaskGroup() as commands:
                with contextlib.suppress(OSError, ValueError):  # it went away, or sent an endless line
                    while line := await reader.readline():
                        await places.acquire()
                        commands.create_task(self._answer(connection, line, places))
        finally:
            self._connections.discard(connection)

    async def _answer(self, connection: Connection, line: bytes, places: asyncio.Semaphore) -> None:
        try:
            reply = _parse(line)
            if isinstance(reply, Request):
                reply = await self._reply(connection, reply)
            connection.send(_line(reply))
            with contextlib.suppress(OSError):  # it went away
                await connection.writer.drain()
        finally:
            places.release()

    async def _reply(self, connection: Connection, request: Request) -> Reply:
        try:
            return Reply(reply=request.id, result=await self.carry_out(connection, request.command))
        except CommandRefused as refused:
            return Reply(reply=request.id, error=refused.info)
        except Exception as error:  # the edge of a command: told to the person, logged with its trace
            log.exception("command failed: %s", request.command.cmd)
            info = ErrorInfo(what=f"{type(error).__name__}: {error}", next="The supervisor's log has the details.")
            return Reply(reply=request.id, error=info)

    def connect(self, writer: asyncio.StreamWriter, person: str) -> Connection:
        """Begin to serve a client; it is told nothing before it subscribes."""
        connection = Connection(writer, person)
        self._connections.add(connection)
        return connection

    async def carry_out(self, connection: Connection, command: Command) -> dict[str, Any]:
        """Carry out a client's command and return its result. Raises `CommandRefused`."""
        match command:
            case Subscribe():
                connection.wants_everything = command.everything
                connection.is_subscribed = True
                self._send_snapshot(connection)
                return {}
            case Watch():
                self._watch(connection, frozenset(command.sessions))
                return {}
            case _:
                return await self._handle(command, connection.person)

    def _watch(self, connection: Connection, sessions: frozenset[SessionId]) -> None:
        if connection.chatty:  # what was summed up so far must not be added twice
            self._send_digest(connection, tuple(connection.chatty), self._state.seq)
        connection.watched = sessions


def _listening(path: Path) -> socket_module.socket:
    _remove(path)
    listener = socket_module.socket(socket_module.AF_UNIX)
    mask = os.umask(0o177)
    try:
        listener.bind(str(path))
    finally:
        os.umask(mask)
    return listener


def _remove(path: Path) -> None:
    path.unlink(missing_ok=True)


def _parse(line: bytes) -> Request | Reply:
    try:
        return REQUEST.validate_json(line)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        where = ".".join(str(part) for part in first["loc"])
        info = ErrorInfo(what=f"not a command of this protocol: {where}: {first['msg']}", kept="Nothing was done.")
        return Reply(reply=_id_of(line), error=info)


def _id_of(line: bytes) -> int:
    try:
        number = json.loads(line)["id"]
    except (ValueError, KeyError, TypeError):
        return 0
    return number if isinstance(number, int) else 0


def _line(message: Reply | Snapshot | Digest | Progress | Ending) -> bytes:
    return message.model_dump_json().encode() + b"\n"


def _event_line(envelope: Envelope, body: bytes) -> bytes:
    session = b"null" if envelope.session is None else b'"%s"' % envelope.session.encode()
    return b'{"push":"event","envelope":{"seq":%d,"at":%a,"session":%s,"event":%s}}\n' % (
        envelope.seq,
        envelope.at,
        session,
        body,
    )
