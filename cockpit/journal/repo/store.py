"""The journal's SQLite file: schema, the one connection that may write, and the connections that may only read.

SQLite before 3.51.3 can lose committed data when two connections write or checkpoint at the wrong moment. So exactly
one connection writes and checkpoints (guarded by a file lock), and all others are opened with `mode=ro`.
"""

import fcntl
import os
import sqlite3
from pathlib import Path

from cockpit.journal.errors import (
    JournalError,
    JournalFailedError,
    JournalLockedError,
    JournalTooNewError,
    JournalUnreadableError,
    JournalUnsupportedError,
)

SCHEMA_VERSION = 1
BUSY_TIMEOUT_S = 2.0
PAGE_BYTES = 2048
"""Every event touches a page of the index of its session, and touched pages are what is written: 7 kB an event with
200 sessions writing in turn, against 12 kB with pages of 4096."""
WAL_KEPT_BYTES = 16 * 1024 * 1024

_TABLES = (
    "CREATE TABLE events(seq INTEGER PRIMARY KEY, at REAL NOT NULL, session TEXT, kind TEXT NOT NULL,"
    " version INTEGER NOT NULL, body TEXT NOT NULL)",
    "CREATE INDEX events_by_session ON events(session, seq)",
    "CREATE TABLE spool(session TEXT PRIMARY KEY, offset INTEGER NOT NULL) WITHOUT ROWID",
    "CREATE TABLE snapshots(seq INTEGER PRIMARY KEY, digest BLOB NOT NULL, body BLOB NOT NULL)",
    "CREATE TABLE meta(schema_version INTEGER NOT NULL, opened INTEGER NOT NULL)",
)


class WriterLock:
    """The OS lock that makes this process the only writer of one journal; freed by the kernel if the process dies."""

    def __init__(self, path: Path) -> None:
        """Take the lock beside the journal at `path`.

        Raises:
            JournalLockedError: someone else holds it.
            JournalUnsupportedError: the lock file cannot be made or locked.
        """
        try:
            self._fd = os.open(path.with_name(path.name + ".lock"), os.O_RDWR | os.O_CREAT, 0o600)
        except OSError as error:
            raise JournalUnsupportedError(path, error.strerror or str(error)) from error
        try:
            fcntl.flock(self._fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
            os.ftruncate(self._fd, 0)
            os.pwrite(self._fd, str(os.getpid()).encode(), 0)
        except BlockingIOError as error:
            holder = os.pread(self._fd, 20, 0).decode("ascii", "replace").strip()
            os.close(self._fd)
            raise JournalLockedError(path, holder) from error
        except OSError as error:
            os.close(self._fd)
            raise JournalUnsupportedError(path, f"locking failed ({error.strerror})") from error

    def release(self) -> None:
        """Let another writer in."""
        os.close(self._fd)


def connect_reader(path: Path) -> sqlite3.Connection:
    """Open a connection that cannot write, checkpoint or create anything; usable from any one thread at a time."""
    return sqlite3.connect(
        f"{path.absolute().as_uri()}?mode=ro",
        uri=True,
        timeout=BUSY_TIMEOUT_S,
        isolation_level=None,
        check_same_thread=False,
    )


def connect_writer(path: Path) -> tuple[sqlite3.Connection, int]:
    """Open, and if need be create, the journal for writing, and prove with a real write that the place can hold it.

    The caller holds the `WriterLock`. What a crash left half-written at the end is dropped here by SQLite.

    Returns:
        The connection, and the number of the last event on disk, 0 when there is none.

    Raises:
        JournalUnsupportedError: no write-ahead log there, or the proving write was not seen by a second connection.
        JournalTooNewError: the schema is newer than this code.
        JournalUnreadableError: the file is damaged or no database.
        JournalFailedError: the disk is full.
    """
    db: sqlite3.Connection | None = None
    try:
        os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))
        db = sqlite3.connect(path, timeout=BUSY_TIMEOUT_S, isolation_level=None, check_same_thread=False)
        _prepare(db, path)
        return db, int(db.execute("SELECT coalesce(max(seq), 0) FROM events").fetchone()[0])
    except (sqlite3.Error, OSError, JournalError) as error:
        if db is not None:
            db.close()
        if isinstance(error, JournalError):
            raise
        raise _opening_error(path, error) from error


def _prepare(db: sqlite3.Connection, path: Path) -> None:
    version = _schema_version(db)
    if version is not None and version > SCHEMA_VERSION:
        raise JournalTooNewError(path, version, SCHEMA_VERSION)
    db.execute(f"PRAGMA page_size={PAGE_BYTES}")  # heeded when the file is made
    mode = db.execute("PRAGMA journal_mode=WAL").fetchone()[0]
    if mode != "wal":
        raise JournalUnsupportedError(path, f"no write-ahead log is possible (journal mode {mode})")
    for pragma in (
        "synchronous=FULL",
        "fullfsync=ON",  # macOS: plain fsync leaves data in the drive's cache
        "wal_autocheckpoint=0",  # the writer checkpoints itself, after it has acknowledged
        f"journal_size_limit={WAL_KEPT_BYTES}",
    ):
        db.execute(f"PRAGMA {pragma}")
    db.execute("BEGIN IMMEDIATE")
    if version is None:
        for statement in _TABLES:
            db.execute(statement)
        db.execute("INSERT INTO meta(schema_version, opened) VALUES(?, 0)", (SCHEMA_VERSION,))
    db.execute("UPDATE meta SET opened = opened + 1")
    opened = db.execute("SELECT opened FROM meta").fetchone()[0]
    db.execute("COMMIT")
    _prove_readable(path, opened)


def _schema_version(db: sqlite3.Connection) -> int | None:
    if db.execute("SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = 'meta'").fetchone() is None:
        return None
    return int(db.execute("SELECT schema_version FROM meta").fetchone()[0])


def _prove_readable(path: Path, opened: int) -> None:
    reader = connect_reader(path)
    try:
        seen = reader.execute("SELECT opened FROM meta").fetchone()[0]
    finally:
        reader.close()
    if seen != opened:
        raise JournalUnsupportedError(path, "what one connection wrote, another did not see")


def _opening_error(path: Path, error: sqlite3.Error | OSError) -> JournalError:
    code = getattr(error, "sqlite_errorcode", None)
    if code == sqlite3.SQLITE_FULL:
        return JournalFailedError(path, str(error), 0)
    if code is not None and code & 0xFF in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB):
        return JournalUnreadableError(path, str(error))
    return JournalUnsupportedError(path, str(error))
