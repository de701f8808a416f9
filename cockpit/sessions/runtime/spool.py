"""Follows what an agent prints, line by line, from any byte offset, until the agent has ended and all of it is read.

The spool is the raw truth: a follower may die at any moment and go on from the `end_offset` of the last line it kept.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
from collections.abc import AsyncGenerator
from dataclasses import dataclass
from pathlib import Path

from cockpit.sessions.runtime import runner
from cockpit.sessions.runtime.spool_watch import SpoolWatcher, Watch

LINE_LIMIT_BYTES = 8 << 20
"""A longer line is cut; its rest can be read in the spool only."""

_CHUNK_BYTES = 256 << 10


class SpoolError(Exception):
    """A spool cannot be followed any further. The message says why."""


@dataclass(frozen=True, slots=True)
class SpoolLine:
    """One line as it was printed, without its newline; any bytes at all."""

    end_offset: int
    """Where to resume to get what comes after this line."""
    data: bytes
    is_cut: bool = False
    """`data` is not the whole line: it was too long, or the agent ended in the middle of it."""


@dataclass(frozen=True, slots=True)
class SpoolEnd:
    """The agent has ended and everything it printed has been delivered."""

    end_offset: int
    exit_status: int | None
    """None when the keeper died without recording one: the machine went down, or it was killed."""


class Spool:
    """The output of one run."""

    def __init__(self, directory: Path, watcher: SpoolWatcher) -> None:
        """Follow the run in `directory`; `watcher` is shared by all spools of the loop (see `open_watcher`)."""
        self.directory = directory
        self._watcher = watcher

    async def follow(self, offset: int = 0) -> AsyncGenerator[list[SpoolLine] | SpoolEnd, None]:
        """Yield batches of complete lines from byte `offset` on, then one `SpoolEnd`.

        Reading waits for the one who iterates: the file is the buffer. A last line that was never finished comes
        when the agent has ended, marked as cut. Leave early through `contextlib.aclosing`.

        Raises:
            SpoolError: there is no such run, or its output was cut back below what has been read.
        """
        with contextlib.ExitStack() as stack:
            try:
                watch = self._watcher.add(self.directory)
                stack.callback(self._watcher.remove, watch)
                reader = _Reader(self.directory / "out", offset)
                stack.callback(reader.close)
            except OSError as error:
                raise SpoolError(f"the run cannot be followed: {error}") from error
            keeper = _Keeper(self.directory, watch)
            stack.callback(keeper.close)
            while True:
                await watch.changed.wait()
                watch.changed.clear()
                has_ended = await keeper.has_ended()  # looked at before reading: all output precedes it
                while reader.has_more():
                    if lines := reader.next_lines():
                        yield lines
                    await asyncio.sleep(0)  # a long replay must not hold up the loop
                if has_ended:
                    if rest := reader.rest():
                        yield [rest]
                    yield SpoolEnd(reader.offset, runner.exit_status(self.directory))
                    return


class _Reader:
    """Cuts a growing file into lines. Keeps offsets only: an unfinished line is read again when it is complete."""

    def __init__(self, path: Path, offset: int) -> None:
        self.offset = offset
        """Everything before it has been delivered or skipped."""
        self._scanned = offset
        self._size = 0
        self._descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW)
        # Resumed inside a line that was cut: what is left of it was not to be delivered.
        self._is_skipping = offset > 0 and os.pread(self._descriptor, 1, offset - 1) != b"\n"

    def close(self) -> None:
        os.close(self._descriptor)

    def has_more(self) -> bool:
        self._size = os.fstat(self._descriptor).st_size
        if self._size < self._scanned:
            raise SpoolError(f"the output was cut back to {self._size} bytes, below the {self._scanned} already read")
        return self._size > self._scanned

    def next_lines(self) -> list[SpoolLine]:
        """Read one chunk on; return the lines that it completes, or cuts."""
        # No more than there is: the buffer is allocated whole, and most reads are of one line.
        chunk = os.pread(self._descriptor, min(_CHUNK_BYTES, self._size - self._scanned), self._scanned)
        complete = chunk.rfind(b"\n") + 1
        if complete == 0:
            self._scanned += len(chunk)
            if self._is_skipping:
                self.offset = self._scanned
            elif self._scanned - self.offset > LINE_LIMIT_BYTES:
                return [self._cut()]
            return []
        if self._scanned > self.offset:
            chunk = os.pread(self._descriptor, self._scanned - self.offset, self.offset) + chunk[:complete]
            complete = len(chunk)
        lines = []
        for line in chunk[:complete].split(b"\n")[:-1]:
            self.offset += len(line) + 1
            if self._is_skipping:
                self._is_skipping = False
            elif len(line) > LINE_LIMIT_BYTES:
                lines.append(SpoolLine(self.offset, line[:LINE_LIMIT_BYTES], is_cut=True))
            else:
                lines.append(SpoolLine(self.offset, line))
        self._scanned = self.offset
        return lines

    def rest(self) -> SpoolLine | None:
        """Return what follows the last newline."""
        if self._scanned == self.offset:
            return None
        data = os.pread(self._descriptor, self._scanned - self.offset, self.offset)
        self.offset = self._scanned
        return SpoolLine(self.offset, data, is_cut=True)

    def _cut(self) -> SpoolLine:
        data = os.pread(self._descriptor, LINE_LIMIT_BYTES, self.offset)
        self.offset = self._scanned
        self._is_skipping = True
        return SpoolLine(self.offset, data, is_cut=True)


class _Keeper:
    """Knows whether a run has ended, also when its keeper died without recording it."""

    def __init__(self, directory: Path, watch: Watch) -> None:
        self._directory = directory
        self._exit = directory / "exit"
        self._watch = watch
        self._pid: int | None = None
        self._handle = -1
        self._has_died = False

    async def has_ended(self) -> bool:
        if self._pid is None and not self._has_died:
            await self._find()
        if self._has_died or self._exit.exists():
            return self._has_died or runner.exit_status(self._directory) is not None
        if self._pid is not None and self._handle < 0:
            try:
                os.kill(self._pid, 0)
            except ProcessLookupError:
                return True
        return False

    def close(self) -> None:
        if self._handle >= 0:
            asyncio.get_running_loop().remove_reader(self._handle)
            os.close(self._handle)
            self._handle = -1

    async def _find(self) -> None:
        """Look for the keeper and, where the system can, be told of its death."""
        found = await asyncio.to_thread(runner.status, self._directory)
        self._has_died = found.started and not found.alive
        self._pid = found.pid
        if self._pid is None or not hasattr(os, "pidfd_open"):
            return
        try:
            self._handle = os.pidfd_open(self._pid)
        except ProcessLookupError:
            self._has_died = True
            return
        asyncio.get_running_loop().add_reader(self._handle, self._die)

    def _die(self) -> None:
        self.close()
        self._has_died = True
        self._watch.changed.set()
