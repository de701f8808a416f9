"""The journal: the append-only log of events that everything shown is a fold of.

`Journal` is the event loop's side of it. Sequence numbers are given out at the call of `append`, on the loop, so that
subscribers can be told the order at once; the awaitable it returns is done when the rows are on disk. All methods
are called on the loop that opened the journal, and none blocks it.
"""

import asyncio
import contextlib
import sqlite3
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self, TypeVar

from cockpit.journal.errors import (
    JournalClosedError,
    JournalError,
    JournalFailedError,
    JournalUnreadableError,
    JournalUnsupportedError,
)
from cockpit.journal.repo import readers, store
from cockpit.journal.repo.breath import Breather
from cockpit.journal.repo.row import Row
from cockpit.journal.repo.writer import Write, Writer

MAX_WAITING_ROWS = 20_000
"""From so many rows not yet on disk on, `Journal.room` waits."""
MAX_WAITING_BYTES = 32 * 1024 * 1024
"""From so many bytes not yet on disk on, `Journal.room` waits."""
_ROW_OVERHEAD_BYTES = 100

_T = TypeVar("_T")


@dataclass(slots=True)
class _Ticket:
    """A write that is not yet on disk, and who waits for it."""

    done: asyncio.Future[range]
    seqs: range
    size_bytes: int


@dataclass(frozen=True, slots=True)
class _Opened:
    """What opening brings from the thread it happens in."""

    lock: store.WriterLock
    db: sqlite3.Connection
    last_seq: int

    def discard(self) -> None:
        self.db.close()
        self.lock.release()


class Journal:
    """One journal, open for appending and reading. Made by `Journal.open`; an async context manager that closes."""

    def __init__(self, path: Path, opened: _Opened) -> None:
        """Take over what `open` opened."""
        self.path = path
        self._lock = opened.lock
        self._loop = asyncio.get_running_loop()
        self._next_seq = opened.last_seq + 1
        self._durable_seq = opened.last_seq
        self._tickets: deque[_Ticket] = deque()
        self._waiting_rows = 0
        self._waiting_bytes = 0
        self._has_room = asyncio.Event()
        self._has_room.set()
        self._has_failed = asyncio.Event()
        self._failure: JournalFailedError | None = None
        self._closing: asyncio.Future[None] | None = None
        self._breather = Breather(self._loop)
        self._readers = readers.Readers(path)
        self._writer = Writer(opened.db, path, self._committed_in_thread, self._failed_in_thread)

    @classmethod
    async def open(cls, path: Path, *, refuse: Callable[[Path], None] | None = None) -> Self:
        """Open the journal at `path`, making it and its folder if need be; what a crash left half-written is dropped.

        Args:
            path: the database file; `-wal`, `-shm` and `.lock` files lie beside it.
            refuse: called with the folder before anything is written; raises if a journal must not live there.

        Raises:
            JournalLockedError: another writer has it open.
            JournalUnsupportedError: the place cannot hold a journal.
            JournalTooNewError: it was written by a newer release.
            JournalUnreadableError: the file is damaged.
            JournalFailedError: the disk is full.
        """
        opening = asyncio.ensure_future(asyncio.to_thread(_open, path, refuse))
        try:
            opened = await asyncio.shield(opening)
        except asyncio.CancelledError:
            opening.add_done_callback(_discard)
            raise
        return cls(path, opened)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def close(self) -> None:
        """Put everything appended on disk and let go of the files; safe to call twice, and finished even if cancelled.

        A write that fails meanwhile is told to those who wait for it, not raised here.
        """
        if self._closing is None:
            self._closing = asyncio.ensure_future(asyncio.to_thread(self._close_files))
        await asyncio.shield(self._closing)
        self._breather.close()

    # Writing

    def append(self, rows: Sequence[Row], *, spool: tuple[str, int] | None = None) -> asyncio.Future[range]:
        """Give `rows` the next sequence numbers and queue them; the result is awaited for "it is on disk".

        The rows of one call and the spool offset reach the disk together or not at all. The awaitable may be ignored
        (a failure then shows in `failure` and `failed`), and may be cancelled without taking the rows back. Whoever
        appends without waiting calls `room` first.

        Args:
            rows: the events; their `seq` is ignored.
            spool: a session and the byte offset in its spool up to which these rows, and those before, tell all.

        Returns:
            A future of the rows' sequence numbers; it raises `JournalFailedError` if they did not reach the disk.

        Raises:
            ValueError: a row cannot be stored; none of them was taken.
            JournalClosedError: the journal is closed.
            JournalFailedError: an earlier write failed.
        """
        self._check_open()
        size_bytes = 0
        for row in rows:
            row.check()
            size_bytes += len(row.body) + _ROW_OVERHEAD_BYTES
        seqs = range(self._next_seq, self._next_seq + len(rows))
        stored = [
            (seq, row.at, row.session, row.kind, row.version, row.body) for seq, row in zip(seqs, rows, strict=True)
        ]
        self._next_seq = seqs.stop
        return self._submit(Write(stored, size_bytes, spool=spool), seqs)

    def snapshot_save(self, seq: int, body: bytes) -> asyncio.Future[range]:
        """Keep `body` as the fold of all events up to and including `seq`; the last two snapshots are kept.

        Returns:
            A future that is done when the snapshot, and all events before it, are on disk.

        Raises:
            ValueError: no event has that number yet.
            JournalClosedError: the journal is closed.
            JournalFailedError: an earlier write failed.
        """
        self._check_open()
        if not 0 <= seq < self._next_seq:
            raise ValueError(f"a snapshot at {seq} is ahead of the journal, which ends at {self._next_seq - 1}")
        return self._submit(Write((), len(body), snapshot=(seq, body)), range(self._next_seq, self._next_seq))

    async def room(self) -> None:
        """Wait while too much is queued; called before an `append` that nobody waits for, to bound memory.

        Raises:
            JournalClosedError: the journal is closed.
            JournalFailedError: a write failed, now or earlier.
        """
        await self._has_room.wait()
        self._check_open()

    async def flushed(self) -> int:
        """Wait until all that is appended so far is on disk, and so seen by every read from now on.

        Returns:
            The sequence number up to which that is true.

        Raises:
            JournalFailedError: it did not reach the disk.
        """
        last = self._next_seq - 1
        if self._tickets:
            await self._submit(Write((), 0), range(self._next_seq, self._next_seq))
        elif self._failure is not None:
            raise self._failure
        return last

    def last_seq(self) -> int:
        """Return the last sequence number given out, 0 for none; its row may still be on its way to the disk."""
        return self._next_seq - 1

    def durable_seq(self) -> int:
        """Return the sequence number up to which every row is on disk."""
        return self._durable_seq

    @property
    def failure(self) -> JournalFailedError | None:
        """Why the journal stopped accepting, if it has."""
        return self._failure

    async def failed(self) -> JournalFailedError:
        """Wait until a write fails, and return the failure; for a task that watches the journal."""
        await self._has_failed.wait()
        assert self._failure is not None
        return self._failure

    # Reading

    async def read(
        self, after_seq: int, limit: int, session: str | None = None, kinds: Sequence[str] | None = None
    ) -> list[Row]:
        """Return up to `limit` rows on disk after `after_seq`, oldest first; of one session or some kinds if given."""
        return await self._read(lambda db: readers.rows_after(db, after_seq, limit, session, kinds))

    async def read_backwards(
        self, session: str | None, before_seq: int, limit: int, kinds: Sequence[str] | None = None
    ) -> list[Row]:
        """Return the `limit` rows next before `before_seq`, oldest first: a page to put in front of what is shown."""
        return await self._read(lambda db: readers.rows_before(db, before_seq, limit, session, kinds))

    async def tail(self, session: str | None, limit: int) -> list[Row]:
        """Return the last `limit` rows on disk, oldest first, of one session or (None) of all."""
        return await self.read_backwards(session, self._next_seq, limit)

    async def snapshot_load(self) -> tuple[int, bytes] | None:
        """Return the newest undamaged snapshot (the last event it covers, its body); None: fold from the start."""
        return await self._read(readers.newest_whole_snapshot)

    async def spool_offsets(self) -> dict[str, int]:
        """Return, for each session, the byte offset in its spool from which to follow it."""
        return await self._read(readers.spool_offsets)

    # Within

    async def _read(self, query: Callable[[sqlite3.Connection], _T]) -> _T:
        if self._closing is not None:
            raise JournalClosedError(self.path)
        self._breather.begin()
        try:
            return await self._readers.run(query)
        except sqlite3.Error as error:
            raise JournalUnreadableError(self.path, str(error)) from error
        finally:
            self._breather.end()

    def _check_open(self) -> None:
        if self._failure is not None:
            raise self._failure
        if self._closing is not None:
            raise JournalClosedError(self.path)

    def _submit(self, write: Write, seqs: range) -> asyncio.Future[range]:
        done: asyncio.Future[range] = self._loop.create_future()
        self._tickets.append(_Ticket(done, seqs, write.size_bytes))
        self._waiting_rows += len(seqs)
        self._waiting_bytes += write.size_bytes
        if self._waiting_rows >= MAX_WAITING_ROWS or self._waiting_bytes >= MAX_WAITING_BYTES:
            self._has_room.clear()
        self._breather.begin()
        self._writer.submit(write)
        return done

    def _committed(self, count: int) -> None:
        self._breather.end(count)
        for _ in range(count):
            ticket = self._tickets.popleft()
            self._waiting_rows -= len(ticket.seqs)
            self._waiting_bytes -= ticket.size_bytes
            self._durable_seq = ticket.seqs.stop - 1
            if not ticket.done.done():
                ticket.done.set_result(ticket.seqs)
        if self._waiting_rows <= MAX_WAITING_ROWS // 2 and self._waiting_bytes <= MAX_WAITING_BYTES // 2:
            self._has_room.set()

    def _fail(self, error: Exception) -> None:
        self._failure = JournalFailedError(self.path, str(error), self._durable_seq)
        for ticket in self._tickets:
            if not ticket.done.done():
                ticket.done.set_exception(self._failure)
                ticket.done.exception()  # counts as seen: who ignores the awaitable learns of it through `failure`
        self._breather.end(len(self._tickets))
        self._tickets.clear()
        self._has_failed.set()
        self._has_room.set()

    def _committed_in_thread(self, count: int) -> None:
        self._tell_loop(self._committed, count)

    def _failed_in_thread(self, error: Exception) -> None:
        self._tell_loop(self._fail, error)

    def _tell_loop(self, callback: Callable[[_T], None], value: _T) -> None:
        with contextlib.suppress(RuntimeError):  # the loop is closed: nobody is left to tell
            self._loop.call_soon_threadsafe(callback, value)

    def _close_files(self) -> None:
        self._readers.close()
        self._writer.close()
        self._lock.release()


def _open(path: Path, refuse: Callable[[Path], None] | None) -> _Opened:
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise JournalUnsupportedError(path, f"its folder cannot be made ({error.strerror})") from error
    if refuse is not None:
        refuse(path.parent)
    lock = store.WriterLock(path)
    try:
        return _Opened(lock, *store.connect_writer(path))
    except JournalError:
        lock.release()
        raise


def _discard(opening: asyncio.Future[_Opened]) -> None:
    if not opening.cancelled() and opening.exception() is None:
        opening.result().discard()
