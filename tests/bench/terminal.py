"""A terminal for benchmarks: a real pty with `cockpit attach` on it, every byte counted and timed."""

from __future__ import annotations

import contextlib
import fcntl
import os
import pty
import select
import signal
import struct
import termios
import time
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Self

_ANSWERS = (
    (b"\x1b[5n", b"\x1b[0n"),
    (b"\x1b[?2026$p", b"\x1b[?2026;2$y"),
    (b"\x1b[c", b"\x1b[?62;22c"),
)
_PART_BYTES = 500


class Terminal:
    """What a person sits at.

    Args:
        command: the program to run on it.
        cwd: where.
        bytes_per_s: how much the line to the person carries; None: no limit.
    """

    def __init__(
        self, command: list[str], cwd: Path, *, size: tuple[int, int] = (160, 48), bytes_per_s: float | None = None
    ) -> None:
        self.received = 0
        self.bytes_per_s = bytes_per_s
        self._next_s = 0.0
        self._tail = b""
        columns, rows = size
        environment = {**os.environ, "TERM": "xterm-256color", "COLORTERM": "truecolor"}
        self.started_s = time.perf_counter()
        self._pid, self._master = pty.fork()
        if self._pid == 0:
            fcntl.ioctl(0, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
            os.chdir(cwd)
            os.execvpe(command[0], command, environment)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.leave()

    def leave(self) -> None:
        """Detach, and wait until the relay has ended."""
        if self._pid == 0:
            return
        self.bytes_per_s = None
        with contextlib.suppress(OSError):
            os.write(self._master, b"\x1c")
        deadline_s = time.perf_counter() + 5
        while os.waitpid(self._pid, os.WNOHANG)[0] == 0:
            if time.perf_counter() > deadline_s:
                os.kill(self._pid, signal.SIGKILL)
            self.read(0.02)
        os.close(self._master)
        self._pid = 0

    def press(self, keys: bytes) -> float:
        """Type; returns when, as of `time.perf_counter`."""
        os.write(self._master, keys)
        return time.perf_counter()

    def read(self, within_s: float) -> bytes:
        """Return what comes next, or nothing after `within_s`; queries are answered as real terminals do."""
        if self.bytes_per_s is not None:
            pause_s = min(within_s, self._next_s - time.perf_counter())
            if pause_s > 0:
                time.sleep(pause_s)
                if self._next_s > time.perf_counter():
                    return b""
        if not select.select([self._master], [], [], max(0.0, within_s))[0]:
            return b""
        try:
            data = os.read(self._master, _PART_BYTES if self.bytes_per_s else 65536)
        except OSError:
            return b""
        self.received += len(data)
        if self.bytes_per_s is not None:
            self._next_s = max(self._next_s, time.perf_counter()) + len(data) / self.bytes_per_s
        self._answer(data)
        return data

    def until(self, condition: Callable[[bytes], bool], within_s: float = 30.0) -> float:
        """Read until the bytes since now fulfil a condition; returns when that was."""
        seen, deadline_s = b"", time.perf_counter() + within_s
        while (left_s := deadline_s - time.perf_counter()) > 0:
            if data := self.read(min(left_s, 1.0)):
                seen = (seen + data)[-400_000:]
                if condition(seen):
                    return time.perf_counter()
        raise TimeoutError(f"not seen within {within_s} s; the last of it: {seen[-600:]!r}")

    def rest(self, seconds: float) -> bytes:
        """Read for so long."""
        seen, end_s = b"", time.perf_counter() + seconds
        while (left_s := end_s - time.perf_counter()) > 0:
            seen += self.read(left_s)
        return seen

    def _answer(self, data: bytes) -> None:
        text = self._tail + data
        for query, answer in _ANSWERS:
            count = text.count(query) - self._tail.count(query)
            if count > 0:
                with contextlib.suppress(OSError):
                    os.write(self._master, answer * count)
        self._tail = text[-12:]
