"""Runs commands: each leads a session of its own, its whole tree ends with it, and it is always reaped. No shell."""

from __future__ import annotations

import asyncio
import contextlib
import os
import secrets
import signal
import subprocess
import tempfile
import time
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from cockpit.providers import process_tree
from cockpit.providers.uncut import to_its_end

GRACE_S = 2.0
"""How long a tree may take to end by itself after TERM."""

_CHUNK_BYTES = 65536
_DRAIN_S = 0.5


class ProcessError(Exception):
    """A command could not be started: it does not exist, may not be run, or its folder is missing."""

    def __init__(self, argv: Sequence[str], cause: OSError) -> None:
        """Name the command and the system's reason."""
        super().__init__(f"{argv[0]} cannot be started: {cause.strerror or cause}")
        self.argv = tuple(argv)


@dataclass(frozen=True, slots=True)
class Completed:
    """How a command ended and what it printed."""

    exit_code: int
    """Its exit status; minus the signal's number when a signal ended it."""
    stdout: bytes
    stderr: bytes
    timed_out: bool
    truncated: bool
    """It printed more than the limit; what is kept is the beginning."""
    duration_s: float

    @property
    def ok(self) -> bool:
        """Whether it ended in time with status 0."""
        return self.exit_code == 0 and not self.timed_out


async def run(
    argv: Sequence[str],
    *,
    cwd: Path,
    env: Mapping[str, str],
    timeout_s: float,
    output_limit_bytes: int = 16 << 20,
    input: bytes | None = None,  # noqa: A002 - the name that subprocess uses
    on_output: Callable[[bytes], None] | None = None,
) -> Completed:
    """Run a command to its end and return what it printed.

    When `timeout_s` has passed or the caller is cancelled, the whole tree gets TERM, `GRACE_S` to end, then KILL, and
    so do daemons that left the group. What a command leaves in its group when it ends in time is killed as well.

    Args:
        argv: the program and its arguments.
        cwd: where it runs.
        env: its whole environment.
        timeout_s: how long it may take.
        output_limit_bytes: how much of each of its outputs is kept; the rest is read and dropped.
        input: what it gets on its standard input; None is `/dev/null`.
        on_output: called with every piece of either output as it arrives.

    Raises:
        ProcessError: it cannot be started.
    """
    started = time.monotonic()
    mark = secrets.token_hex(8)
    timed_out = False
    async with _outputs(output_limit_bytes, on_output) as (stdout, stderr):
        process = await _start_with_input(argv, cwd, {**env, process_tree.RUN_MARKER: mark}, input, stdout, stderr)
        is_whole = False
        try:
            async with asyncio.timeout(timeout_s):
                await process.wait()
                process_tree.signal_group(process.pid, signal.SIGKILL)
                is_whole = True
        except TimeoutError:
            timed_out = True
        finally:
            await to_its_end(_end_tree(process, None if is_whole else mark))
        # A daemon outside the group may hold the outputs open for ever.
        await asyncio.wait([stdout.reading, stderr.reading], timeout=_DRAIN_S)
        for output in (stdout, stderr):
            if output.reading.done():
                output.reading.result()
    return Completed(
        exit_code=process.returncode if process.returncode is not None else -signal.SIGKILL,
        stdout=bytes(stdout.kept),
        stderr=bytes(stderr.kept),
        timed_out=timed_out,
        truncated=stdout.is_truncated or stderr.is_truncated,
        duration_s=time.monotonic() - started,
    )


class Running:
    """A long-running command, such as a workspace's copy of the app."""

    def __init__(self, process: asyncio.subprocess.Process, log: Path) -> None:
        self._process = process
        self._log = log

    @property
    def log(self) -> Path:
        """The file that gets both of its outputs."""
        return self._log

    @property
    def pid(self) -> int:
        """Its process id, which is its group's id, too."""
        return self._process.pid

    @property
    def exit_code(self) -> int | None:
        """Its exit status, or None while it runs."""
        return self._process.returncode

    async def wait(self) -> int:
        """Wait for its end and return its exit status."""
        return await self._process.wait()


@contextlib.asynccontextmanager
async def spawn(argv: Sequence[str], *, cwd: Path, env: Mapping[str, str], log: Path) -> AsyncIterator[Running]:
    """Run a command for as long as the block lasts; then its whole tree is ended, daemons included.

    Raises:
        ProcessError: it cannot be started.
    """
    mark = secrets.token_hex(8)
    descriptor = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
    try:
        marked_env = {**env, process_tree.RUN_MARKER: mark}
        process = await _start(argv, cwd, marked_env, subprocess.DEVNULL, descriptor, descriptor)
    finally:
        os.close(descriptor)
    try:
        yield Running(process, log)
    finally:
        await to_its_end(_end_tree(process, mark))


class _Output:
    """Reads one output to its end and keeps the beginning. The pipe is ours: asyncio's own ties waiting to it."""

    def __init__(
        self, stream: asyncio.StreamReader, limit_bytes: int, listener: Callable[[bytes], None] | None
    ) -> None:
        self._stream = stream
        self._limit_bytes = limit_bytes
        self._listener = listener
        self.kept = bytearray()
        self.is_truncated = False
        self.write_end = -1
        self.reading = asyncio.create_task(self._read())

    async def _read(self) -> None:
        while piece := await self._stream.read(_CHUNK_BYTES):
            room = self._limit_bytes - len(self.kept)
            self.kept += piece[:room]
            self.is_truncated |= len(piece) > room
            if self._listener is not None:
                self._listener(piece)

    def close_write_end(self) -> None:
        if self.write_end >= 0:
            os.close(self.write_end)
            self.write_end = -1


@contextlib.asynccontextmanager
async def _outputs(
    limit_bytes: int, listener: Callable[[bytes], None] | None
) -> AsyncIterator[tuple[_Output, _Output]]:
    async with _output(limit_bytes, listener) as stdout, _output(limit_bytes, listener) as stderr:
        yield stdout, stderr


@contextlib.asynccontextmanager
async def _output(limit_bytes: int, listener: Callable[[bytes], None] | None) -> AsyncIterator[_Output]:
    stream = asyncio.StreamReader(limit=_CHUNK_BYTES)
    read_end, write_end = os.pipe()
    transport, _ = await asyncio.get_running_loop().connect_read_pipe(
        lambda: asyncio.StreamReaderProtocol(stream), os.fdopen(read_end, "rb", 0)
    )
    output = _Output(stream, limit_bytes, listener)
    output.write_end = write_end
    try:
        yield output
    finally:
        output.close_write_end()
        output.reading.cancel()
        transport.close()
        await to_its_end(_settled(output.reading))


async def _settled(task: asyncio.Task[None]) -> None:
    await asyncio.wait([task])


async def _start_with_input(
    argv: Sequence[str], cwd: Path, env: Mapping[str, str], data: bytes | None, stdout: _Output, stderr: _Output
) -> asyncio.subprocess.Process:
    """Start a process whose input is a file: nobody waits for one that does not read."""
    with contextlib.ExitStack() as stack:
        stdin = subprocess.DEVNULL
        if data is not None:
            file = stack.enter_context(tempfile.TemporaryFile(buffering=0))
            file.write(data)
            file.seek(0)
            stdin = file.fileno()
        process = await _start(argv, cwd, env, stdin, stdout.write_end, stderr.write_end)
    stdout.close_write_end()
    stderr.close_write_end()
    return process


async def _start(
    argv: Sequence[str], cwd: Path, env: Mapping[str, str], stdin: int, stdout: int, stderr: int
) -> asyncio.subprocess.Process:
    """Start a process that is owned even when the caller is cancelled while it starts."""
    creating = asyncio.ensure_future(
        asyncio.create_subprocess_exec(
            *argv, cwd=cwd, env=dict(env), stdin=stdin, stdout=stdout, stderr=stderr, start_new_session=True
        )
    )
    try:
        process = await asyncio.shield(creating)
    except asyncio.CancelledError:
        with contextlib.suppress(OSError):
            process = await creating
            await to_its_end(_end_tree(process, None))
            raise
    except OSError as error:
        raise ProcessError(argv, error) from error
    process_tree.own_group(process.pid)
    return process


async def _end_tree(process: asyncio.subprocess.Process, mark: str | None) -> None:
    """End the command's group and reap it; with `mark`, also everything it has started elsewhere."""
    if process.returncode is None:
        process_tree.signal_group(process.pid, signal.SIGTERM)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(GRACE_S):
                await process.wait()
    process_tree.signal_group(process.pid, signal.SIGKILL)
    if mark is not None:
        with contextlib.suppress(TimeoutError):  # it hangs inside the system, which ends it as soon as it can
            await asyncio.to_thread(process_tree.kill_marked, mark, marker=process_tree.RUN_MARKER)
    await process.wait()
    process_tree.disown_group(process.pid)
