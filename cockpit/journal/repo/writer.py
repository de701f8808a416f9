"""The journal's writer thread: takes everything queued since its last commit and puts it on disk in one transaction."""

import hashlib
import sqlite3
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

from cockpit.journal.repo.store import PAGE_BYTES, WAL_KEPT_BYTES

GROUP_WINDOW_S = 0.005
"""How long a commit may wait for company once appends come in crowds."""
CROWD = 4
"""So many appends in one transaction mean that more are on their way; a lone caller is never made to wait."""
GROUP_ROWS = 2048
"""So many queued rows are committed at once, whatever the window."""
CHECKPOINT_BYTES = WAL_KEPT_BYTES // 2
"""About so much goes into the write-ahead log between two checkpoints."""
WAL_LIMIT_BYTES = 4 * WAL_KEPT_BYTES
"""A write-ahead log longer than this is cut, waiting a little for readers if need be."""
SNAPSHOTS_KEPT = 2

StoredRow = tuple[int, float, str | None, str, int, str]
"""seq, at, session, kind, version, body: the columns of `events`, in order."""

_CHUNKS = (256, 128, 64, 32, 16, 8, 4, 2, 1)
_INSERT = {
    size: "INSERT INTO events(seq, at, session, kind, version, body) VALUES " + ",".join(["(?,?,?,?,?,?)"] * size)
    for size in _CHUNKS
}
_COMMIT_PAGES = 4


@dataclass(slots=True)
class Write:
    """One thing to put on disk, whole or not at all."""

    rows: Sequence[StoredRow]
    size_bytes: int
    spool: tuple[str, int] | None = None
    snapshot: tuple[int, bytes] | None = None


def snapshot_digest(seq: int, body: bytes) -> bytes:
    """Return what tells a whole snapshot from a damaged one."""
    return hashlib.blake2b(body, digest_size=16, salt=seq.to_bytes(8, "big")).digest()


class Writer:
    """Owns the writing connection and the thread that uses it.

    `on_committed(count)` is called in that thread with how many of the oldest submitted writes are now on disk;
    `on_failed(error)` once, after which nothing more is written.
    """

    def __init__(
        self,
        db: sqlite3.Connection,
        path: Path,
        on_committed: Callable[[int], None],
        on_failed: Callable[[Exception], None],
    ) -> None:
        self._db = db
        self._wal = path.with_name(path.name + "-wal")
        self._on_committed = on_committed
        self._on_failed = on_failed
        self._wake = threading.Condition()
        self._queue: list[Write] = []
        self._queued_rows = 0
        self._gathering = False
        self._closing = False
        self._since_checkpoint_bytes = 0
        self._thread = threading.Thread(target=self._run, name="journal-writer", daemon=True)
        self._thread.start()

    def submit(self, write: Write) -> None:
        """Queue one write; writes reach the disk in the order of these calls."""
        with self._wake:
            self._queue.append(write)
            self._queued_rows += len(write.rows)
            if not self._gathering or self._queued_rows >= GROUP_ROWS:
                self._wake.notify()

    def close(self) -> None:
        """Write what is queued, fold the log into the database, and end the thread. Blocks; idempotent."""
        with self._wake:
            self._closing = True
            self._wake.notify()
        self._thread.join()

    def _run(self) -> None:
        try:
            crowded_until = 0.0
            while batch := self._next_batch(crowded_until):
                self._commit(batch)
                self._on_committed(len(batch))
                crowded_until = time.monotonic() + GROUP_WINDOW_S if len(batch) >= CROWD else 0.0
                self._checkpoint_when_due()
            self._db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        except Exception as error:  # the thread's edge: whatever it was, callers must learn that nothing is written now
            self._on_failed(error)
        finally:
            self._db.close()

    def _next_batch(self, crowded_until: float) -> list[Write]:
        """Return everything queued, waiting for the first write; empty when closing and all is written."""
        with self._wake:
            while not self._queue and not self._closing:
                self._wake.wait()
            self._gathering = True
            while not self._closing and self._queued_rows < GROUP_ROWS:
                left_s = crowded_until - time.monotonic()
                if left_s <= 0:
                    break
                self._wake.wait(left_s)
            self._gathering = False
            batch, self._queue, self._queued_rows = self._queue, [], 0
            return batch

    def _commit(self, batch: list[Write]) -> None:
        db = self._db
        rows = [row for write in batch for row in write.rows]
        db.execute("BEGIN IMMEDIATE")
        try:
            self._insert(rows)
            if offsets := dict(write.spool for write in batch if write.spool is not None):
                db.executemany("INSERT OR REPLACE INTO spool(session, offset) VALUES(?, ?)", offsets.items())
            for write in batch:
                if write.snapshot is not None:
                    self._save_snapshot(*write.snapshot)
            db.execute("COMMIT")
        except BaseException:
            if db.in_transaction:
                db.rollback()
            raise
        pages = _COMMIT_PAGES + len({session for _, _, session, _, _, _ in rows})  # one of the index a session
        self._since_checkpoint_bytes += sum(write.size_bytes for write in batch) + pages * PAGE_BYTES

    def _insert(self, rows: list[StoredRow]) -> None:
        # Many rows a statement: the interpreter lock is handed over once a step, and getting it back from a busy
        # event loop can take milliseconds.
        start = 0
        for size in _CHUNKS:
            while len(rows) - start >= size:
                self._db.execute(_INSERT[size], tuple(chain.from_iterable(rows[start : start + size])))
                start += size

    def _save_snapshot(self, seq: int, body: bytes) -> None:
        self._db.execute(
            "INSERT OR REPLACE INTO snapshots(seq, digest, body) VALUES(?, ?, ?)",
            (seq, snapshot_digest(seq, body), body),
        )
        self._db.execute(
            "DELETE FROM snapshots WHERE seq NOT IN (SELECT seq FROM snapshots ORDER BY seq DESC LIMIT ?)",
            (SNAPSHOTS_KEPT,),
        )

    def _checkpoint_when_due(self) -> None:
        if self._since_checkpoint_bytes < CHECKPOINT_BYTES:
            return
        self._since_checkpoint_bytes = 0
        long = self._wal.stat().st_size > WAL_LIMIT_BYTES
        self._db.execute(f"PRAGMA wal_checkpoint({'TRUNCATE' if long else 'PASSIVE'})")
