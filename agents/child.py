"""The real agent as a child process of our own: lines in, lines out, its stderr in a file, and never left behind."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
from collections.abc import AsyncGenerator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from cockpit.providers.process_tree import kill_session, sessions_below

LINE_LIMIT_BYTES = 32 << 20
"""A longer line is no message of a sane protocol; it is skipped, and said so."""
_CHUNK_BYTES = 1 << 16
_STDERR_LIMIT_BYTES = 8 << 20
_TAIL_BYTES = 4000
_POLL_S = 0.005
_SAFE_TO_KILL = 1  # no group of a child of ours has this number


@dataclass(frozen=True, slots=True)
class TooLong:
    """Stands for a line that was skipped."""

    size_bytes: int


class Child:
    """A process whose stdin and stdout speak a protocol of lines."""

    def __init__(self, process: asyncio.subprocess.Process, errors: Path) -> None:
        """Take over a process; use `start`."""
        self._process = process
        self._errors = errors

    @classmethod
    async def start(cls, argv: Sequence[str], *, cwd: Path, env: Mapping[str, str], errors: Path) -> Child:
        """Start a process in a group of its own; what it writes to stderr goes to the file `errors`.

        Raises:
            OSError: it cannot be started; `FileNotFoundError` where there is no such program.
        """
        # Not a pipe: nobody reads it while the agent works, and a full one would stop the agent.
        descriptor = os.open(errors, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
        try:
            if os.fstat(descriptor).st_size > _STDERR_LIMIT_BYTES:
                os.ftruncate(descriptor, 0)
            process = await asyncio.create_subprocess_exec(
                *argv,
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                stderr=descriptor,
                cwd=cwd,
                env=dict(env),
                start_new_session=True,
            )
        finally:
            os.close(descriptor)
        return cls(process, errors)

    @property
    def pid(self) -> int:
        """Process id, and id of its group."""
        return self._process.pid

    @property
    def exit_status(self) -> int | None:
        """How it ended (negative: by that signal); None while it runs."""
        return self._process.returncode

    async def write(self, data: bytes) -> None:
        """Write to its stdin. Raises `ConnectionError` when it takes no more."""
        stdin = self._process.stdin
        assert stdin is not None
        if stdin.is_closing():
            raise BrokenPipeError("the agent has ended")
        stdin.write(data)
        await stdin.drain()

    async def lines(self) -> AsyncGenerator[bytes | TooLong, None]:
        """Yield what it writes to stdout, line by line without the line ends, until it closes it."""
        stdout = self._process.stdout
        assert stdout is not None
        kept, skipped = bytearray(), 0
        while chunk := await stdout.read(_CHUNK_BYTES):
            *whole, rest = chunk.split(b"\n")
            for piece in whole:
                if skipped or len(kept) + len(piece) > LINE_LIMIT_BYTES:
                    yield TooLong(skipped + len(kept) + len(piece))
                else:
                    yield bytes(kept) + piece
                kept, skipped = bytearray(), 0
            if skipped or len(kept) + len(rest) > LINE_LIMIT_BYTES:
                skipped += len(kept) + len(rest)
                kept.clear()
            else:
                kept += rest
        if kept or skipped:
            yield TooLong(skipped) if skipped else bytes(kept)

    async def wait(self) -> int:
        """Wait for its end; returns the exit status."""
        return await self._process.wait()

    async def stop(self, grace_s: float = 2.0) -> int:
        """End it and its group: its input ends, then TERM, then KILL, `grace_s` seconds apart. Returns the exit status.

        Other groups of its session, and of its descendants' sessions, are killed at the end: an agent's sandbox clears
        the environment of what it runs. Whatever is left is ended by the runner, which knows its own by a mark in their
        environment.
        """
        sessions = await asyncio.to_thread(sessions_below, self.pid) if self.pid > _SAFE_TO_KILL else set()
        if self._process.stdin is not None:
            self._process.stdin.close()
        if not await self._ends_within(grace_s):
            self._signal(signal.SIGTERM)
            await self._ends_within(grace_s)
        self._signal(signal.SIGKILL)
        for session in sessions:
            await asyncio.to_thread(kill_session, session)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(grace_s):
                await self._process.wait()
                await self._is_read_to_its_end()
        # What left the group may hold the output open for ever; asyncio has no public way to let go of it.
        self._transport.close()
        return await self._process.wait()

    @property
    def _transport(self) -> asyncio.SubprocessTransport:
        transport = self._process._transport  # type: ignore[attr-defined]  # see `stop`
        assert isinstance(transport, asyncio.SubprocessTransport)
        return transport

    async def _is_read_to_its_end(self) -> None:
        output = self._transport.get_pipe_transport(1)
        while output is not None and not output.is_closing():  # noqa: ASYNC110  asyncio tells nobody of it
            await asyncio.sleep(_POLL_S)

    async def _ends_within(self, limit_s: float) -> bool:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(limit_s):
                await self._process.wait()
        return self._process.returncode is not None

    def last_words(self) -> str:
        """Return the end of what it wrote to stderr."""
        try:
            with self._errors.open("rb") as file:
                file.seek(max(0, os.fstat(file.fileno()).st_size - _TAIL_BYTES))
                return file.read().decode("utf-8", "replace").strip()
        except OSError:
            return ""

    def _signal(self, number: signal.Signals) -> None:
        if self.pid > _SAFE_TO_KILL:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self.pid, number)
