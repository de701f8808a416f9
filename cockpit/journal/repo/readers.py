"""Reading the journal: a few read-only connections, each used by one thread at a time, never on the event loop."""

import asyncio
import json
import queue
import sqlite3
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TypeVar

from cockpit.journal.repo.row import Row
from cockpit.journal.repo.store import connect_reader
from cockpit.journal.repo.writer import snapshot_digest

READERS = 3

_T = TypeVar("_T")
_CHUNK_ROWS = 256
"""So few that taking a chunk apart holds the event loop up for about a millisecond."""


class Readers:
    """The pool. Connections are opened when first needed and kept until `close`."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._threads = ThreadPoolExecutor(READERS, thread_name_prefix="journal-reader")
        self._idle: queue.SimpleQueue[sqlite3.Connection] = queue.SimpleQueue()

    async def run(self, query: Callable[[sqlite3.Connection], _T]) -> _T:
        """Run `query` with a read-only connection in a thread of the pool."""
        return await asyncio.get_running_loop().run_in_executor(self._threads, self._borrow, query)

    def close(self) -> None:
        """Wait for the queries under way and close every connection. Blocks."""
        self._threads.shutdown()
        while not self._idle.empty():
            self._idle.get_nowait().close()

    def _borrow(self, query: Callable[[sqlite3.Connection], _T]) -> _T:
        try:
            db = self._idle.get_nowait()
        except queue.Empty:
            db = connect_reader(self._path)
        try:
            return query(db)
        finally:
            self._idle.put(db)


def rows_after(
    db: sqlite3.Connection, after_seq: int, limit: int, session: str | None, kinds: Sequence[str] | None
) -> list[Row]:
    """Return up to `limit` rows after `after_seq`, oldest first, of one session or some kinds where given."""
    rows: list[Row] = []
    while len(rows) < limit:
        where, values = _where("seq > ?", after_seq, session, kinds)
        wanted = min(_CHUNK_ROWS, limit - len(rows))
        chunk = _rows(db, f"{where} ORDER BY seq LIMIT ?", (*values, wanted))
        rows += chunk
        if len(chunk) < wanted:
            break
        after_seq = chunk[-1].seq
    return rows


def rows_before(
    db: sqlite3.Connection, before_seq: int, limit: int, session: str | None, kinds: Sequence[str] | None
) -> list[Row]:
    """Return the up to `limit` rows next before `before_seq`, oldest first."""
    chunks: list[list[Row]] = []
    missing = limit
    while missing > 0:
        where, values = _where("seq < ?", before_seq, session, kinds)
        wanted = min(_CHUNK_ROWS, missing)
        chunk = _rows(db, f"{where} ORDER BY seq DESC LIMIT ?", (*values, wanted))
        chunks.append(chunk)
        if len(chunk) < wanted:
            break
        missing -= wanted
        before_seq = chunk[0].seq
    return [row for chunk in reversed(chunks) for row in chunk]


def newest_whole_snapshot(db: sqlite3.Connection) -> tuple[int, bytes] | None:
    """Return the newest snapshot that is undamaged and not ahead of the events, or None."""
    snapshots = db.execute(
        "SELECT seq, digest, body FROM snapshots WHERE seq <= (SELECT coalesce(max(seq), 0) FROM events)"
        " ORDER BY seq DESC"
    )
    for seq, digest, body in snapshots.fetchall():
        if isinstance(body, bytes) and snapshot_digest(seq, body) == digest:
            return seq, body
    return None


def spool_offsets(db: sqlite3.Connection) -> dict[str, int]:
    """Return how far into each session's spool the journal has come, in bytes."""
    return dict(db.execute("SELECT session, offset FROM spool").fetchall())


def _where(bound: str, seq: int, session: str | None, kinds: Sequence[str] | None) -> tuple[str, list[str | int]]:
    terms: list[str] = [bound]
    values: list[str | int] = [seq]
    if session is not None:
        terms.append("session = ?")
        values.append(session)
    if kinds is not None:
        terms.append(f"kind IN ({','.join('?' * len(kinds))})")
        values.extend(kinds)
    return "WHERE " + " AND ".join(terms), values


def _rows(db: sqlite3.Connection, which: str, values: Sequence[str | int]) -> list[Row]:
    """Return the rows of one chunk, oldest first.

    The chunk comes as one JSON text, hence in one step of SQLite: the interpreter lock is handed over once a step, and
    getting it back from a busy event loop can take milliseconds, which row by row would add up to seconds.
    """
    inner = f"SELECT seq, at, session, kind, version, body FROM events {which}"
    columns = "seq, CAST(round(at * 1000000) AS INTEGER), session, kind, version, body"
    text = db.execute(f"SELECT json_group_array(json_array({columns})) FROM ({inner})", values).fetchone()[0]
    return [
        Row(at=at_us / 1e6, kind=kind, version=version, body=body, session=session, seq=seq)
        for seq, at_us, session, kind, version, body in sorted(json.loads(text))
    ]
