"""A process of our own in which native parsers work: one that crashes, hangs or writes to the terminal is replaced.

Replies are matched to calls by number, so a caller who no longer wants an answer just goes.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import json
import os
import signal
import sys
from collections.abc import Mapping, Sequence
from types import TracebackType
from typing import Any

from cockpit.providers import process_tree
from cockpit.providers.uncut import to_its_end
from cockpit.rules.types.errors import RulesError

REPLY_LIMIT_BYTES = 32 << 20
TIMEOUT_S = 20.0


class WorkshopError(RulesError):
    """The process fell, or took too long, over what it was given; the next call gets a fresh one."""


class Workshop:
    """Carries out calls of `cockpit.rules.runtime.workbench`. An async context manager; started by its first call."""

    def __init__(self, *, timeout_s: float = TIMEOUT_S) -> None:
        """Take how long one call may last."""
        self._timeout_s = timeout_s
        self._numbers = itertools.count(1)
        self._waiting: dict[int, asyncio.Future[Any]] = {}
        self._process: asyncio.subprocess.Process | None = None
        self._reading: asyncio.Task[None] | None = None
        self._starting = asyncio.Lock()

    async def __aenter__(self) -> Workshop:
        """Start nothing yet."""
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End the process."""
        async with self._starting:
            await to_its_end(self._end())

    async def warm_up(self) -> None:
        """Have the process ready before it is needed."""
        await self.call("ready", {})

    async def call(self, what: str, given: Mapping[str, Any]) -> Any:
        """Carry one call out and return its answer, as JSON gives it.

        Raises:
            WorkshopError: the process fell or took too long, or refused what it was given.
        """
        process = await self._ready()
        number = next(self._numbers)
        answer = self._waiting[number] = asyncio.get_running_loop().create_future()
        try:
            assert process.stdin is not None
            process.stdin.write(json.dumps([number, what, given]).encode() + b"\n")
            async with asyncio.timeout(self._timeout_s):
                with contextlib.suppress(ConnectionError):  # it fell: the reader tells
                    await process.stdin.drain()
                return await answer
        except TimeoutError:
            async with self._starting:
                if self._process is process:
                    await to_its_end(self._end())
            raise WorkshopError(f"it took longer than {self._timeout_s:g} s; give it less or simpler code") from None
        finally:
            self._waiting.pop(number, None)

    async def _ready(self) -> asyncio.subprocess.Process:
        async with self._starting:
            if self._process is not None and self._process.returncode is None and not self._is_read_out():
                return self._process
            await to_its_end(self._end())
            starting = asyncio.ensure_future(_started())
            try:
                self._process = await asyncio.shield(starting)
            except asyncio.CancelledError:
                self._process = await starting
                await to_its_end(self._end())
                raise
            self._reading = asyncio.create_task(self._read(self._process))
            return self._process

    def _is_read_out(self) -> bool:
        return self._reading is not None and self._reading.done()

    async def _read(self, process: asyncio.subprocess.Process) -> None:
        assert process.stdout is not None
        try:
            while line := await process.stdout.readline():
                number, answer, refusal = json.loads(line)
                waiting = self._waiting.get(number)
                if waiting is None or waiting.done():
                    continue
                if refusal:
                    waiting.set_exception(WorkshopError(refusal))
                else:
                    waiting.set_result(answer)
        except ValueError:
            # no answer of ours: longer than the limit, or broken
            process_tree.signal_group(process.pid, signal.SIGKILL)
        finally:
            for waiting in self._waiting.values():
                if not waiting.done():
                    waiting.set_exception(WorkshopError("the parser fell over this code"))

    async def _end(self) -> None:
        process, reading = self._process, self._reading
        self._process = self._reading = None
        if process is not None:
            process_tree.signal_group(process.pid, signal.SIGKILL)
            assert process.stdin is not None
            process.stdin.close()
            await process.wait()
            process_tree.disown_group(process.pid)
        if reading is not None:
            await asyncio.wait([reading])


async def _started() -> asyncio.subprocess.Process:
    process = await asyncio.create_subprocess_exec(
        *_command(),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,  # the native parser writes its backtraces there
        start_new_session=True,
        limit=REPLY_LIMIT_BYTES,
        env={name: os.environ[name] for name in ("PATH", "HOME", "PYTHONPATH") if name in os.environ},
    )
    process_tree.own_group(process.pid)
    return process


def _command() -> Sequence[str]:
    return (sys.executable, "-m", "cockpit.rules.runtime.workbench")
