"""A program in a terminal of its own: bytes in and out, its size, signals, and an end that leaves nothing behind."""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import os
import pty
import signal
import struct
import sys
import termios
from collections.abc import Mapping, Sequence
from pathlib import Path

_CHUNK_BYTES = 1 << 16
_UNREAD_BYTES = 1 << 20
"""So much may wait for a program that does not read; what is typed beyond it is refused."""
_SAFE_TO_KILL = 1  # no group of a child of ours has this number


_TAKE_TERMINAL = """
import fcntl, os, sys, termios
try:
    os.setsid()
except PermissionError:
    pass
fcntl.ioctl(0, termios.TIOCSCTTY, 0)
try:
    os.execvp(sys.argv[1], sys.argv[1:])
except OSError as error:
    os.write(2, f"{sys.argv[1]}: {error.strerror}\\n".encode())
    os._exit(127)
"""


def in_terminal(argv: Sequence[str]) -> list[str]:
    """Return the command line that begins a session, takes standard input as its terminal and becomes `argv`.

    It comes inside a sandbox: a shell whose session was begun outside of its name space cannot control its jobs.
    """
    return [sys.executable, "-I", "-S", "-c", _TAKE_TERMINAL, *argv]


class Program:
    """A running program, the leader of a session whose terminal we hold."""

    def __init__(self, process: asyncio.subprocess.Process, master: int) -> None:
        """Take over a process and the master's side of its terminal; use `start`."""
        self._process = process
        self._master = master
        self._unwritten = bytearray()
        self._is_writing = False

    @classmethod
    async def start(cls, argv: Sequence[str], *, cwd: Path, env: Mapping[str, str], columns: int, rows: int) -> Program:
        """Start a command line made with `in_terminal`. Raises `OSError` when it cannot be started."""
        master, slave = pty.openpty()
        try:
            _set_size(master, columns, rows)
            os.set_blocking(master, False)
            process = await asyncio.create_subprocess_exec(
                *argv,
                stdin=slave,
                stdout=slave,
                stderr=slave,
                cwd=cwd,
                env=dict(env),
                start_new_session=True,
            )
        except BaseException:
            os.close(master)
            raise
        finally:
            os.close(slave)
        return cls(process, master)

    @property
    def pid(self) -> int:
        """Process id, and id of its group and session."""
        return self._process.pid

    @property
    def exit_status(self) -> int | None:
        """How it ended (negative: by that signal); None while it runs."""
        return self._process.returncode

    async def output(self) -> bytes:
        """Return what it printed next; empty when nothing can come any more."""
        loop = asyncio.get_running_loop()
        while True:
            try:
                return self._read()
            except BlockingIOError:
                readable = loop.create_future()
                loop.add_reader(self._master, _resolve, readable)
                try:
                    await readable
                finally:
                    loop.remove_reader(self._master)

    def _read(self) -> bytes:
        """Return what is there, gathered; `BlockingIOError`: nothing yet."""
        gathered = bytearray()
        while len(gathered) < _CHUNK_BYTES:
            try:
                data = os.read(self._master, _CHUNK_BYTES)
            except BlockingIOError:
                if not gathered:
                    raise
                break
            except OSError:  # the last of its processes has closed the terminal
                break
            if not data:
                break
            gathered += data
        return bytes(gathered)

    def write(self, data: bytes) -> bool:
        """Type something, without waiting. Returns False when it was refused: the program does not read."""
        if len(self._unwritten) + len(data) > _UNREAD_BYTES or self._master < 0:
            return False
        self._unwritten += data
        if not self._is_writing:
            self._write_on()
        return True

    def _write_on(self) -> None:
        loop = asyncio.get_running_loop()
        try:
            while self._unwritten:
                del self._unwritten[: os.write(self._master, self._unwritten[:4096])]
        except BlockingIOError:
            if not self._is_writing:
                self._is_writing = True
                loop.add_writer(self._master, self._write_on)
            return
        except OSError:
            self._unwritten.clear()  # nobody will ever read it
        if self._is_writing:
            self._is_writing = False
            loop.remove_writer(self._master)

    def resize(self, columns: int, rows: int) -> None:
        """Change the size of its terminal; the program is told by the system."""
        _set_size(self._master, columns, rows)

    def signal_foreground(self, number: signal.Signals) -> None:
        """Send a signal to what has the terminal just now."""
        with contextlib.suppress(OSError):
            _signal_group(os.tcgetpgrp(self._master), number)

    async def wait(self) -> int:
        """Wait for its end; returns the exit status."""
        return await self._process.wait()

    async def stop(self, grace_s: float = 1.0) -> int:
        """Hang up: its terminal is closed. Then TERM, then KILL, each `grace_s` seconds after the other."""
        self._close()
        for number in (None, signal.SIGTERM, signal.SIGKILL):
            if number is not None:
                _signal_group(self.pid, number)
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(grace_s):
                    await self._process.wait()
        return await self._process.wait()

    def _close(self) -> None:
        if self._master >= 0:
            loop = asyncio.get_running_loop()
            loop.remove_reader(self._master)
            loop.remove_writer(self._master)
            os.close(self._master)
            self._master, self._is_writing = -1, False


def _set_size(terminal: int, columns: int, rows: int) -> None:
    fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))


def _signal_group(group: int, number: signal.Signals) -> None:
    if group > _SAFE_TO_KILL:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(group, number)


def _resolve(future: asyncio.Future[None]) -> None:
    if not future.done():
        future.set_result(None)
