"""The agent's side of the runner: commands in from stdin, events out to stdout, each command carried out once.

A command is on disk before it is acknowledged, so one that was acknowledged survives the death of the process, and one
that arrives again (the supervisor could not know) is acknowledged again and not repeated.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import sys
from collections.abc import AsyncGenerator, Iterator
from pathlib import Path
from typing import Literal

from pydantic import TypeAdapter, ValidationError

from agents.appending import append
from cockpit.sessions.types import (
    AgentCommand,
    AgentEvent,
    AgentNotice,
    Close,
    CommandAcknowledged,
    MessageDelta,
    ReasoningDelta,
    ToolOutput,
)

_COMMAND: TypeAdapter[AgentCommand] = TypeAdapter(AgentCommand)
_LINE_LIMIT_BYTES = 64 * 1024 * 1024
_FLUSH_S = 0.05
_OUTPUT_CHARS = 4096
"""Of a flood of tool output only this much is shown in each write; the end of the tool carries head and tail."""
_DELTAS: dict[str, type[MessageDelta | ReasoningDelta | ToolOutput]] = {
    "message": MessageDelta,
    "reasoning": ReasoningDelta,
    "output": ToolOutput,
}


class CommandLog:
    """The commands that were taken, on disk in the agent's memory."""

    def __init__(self, path: Path) -> None:
        """Read what is there; a last line that was torn by a crash was never acknowledged and is cut off."""
        self._path = path
        self._ids: set[str] = set()
        self.commands: list[AgentCommand] = []
        data = path.read_bytes() if path.exists() else b""
        whole = data[: data.rfind(b"\n") + 1]
        for line in whole.splitlines():
            self._remember(_COMMAND.validate_json(line))
        self._fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
        os.ftruncate(self._fd, len(whole))

    def _remember(self, command: AgentCommand) -> None:
        self._ids.add(command.id)
        self.commands.append(command)

    def take(self, command: AgentCommand) -> bool:
        """Put a command on disk. Returns whether it is new. Raises `OSError` when the disk takes no more."""
        if command.id in self._ids:
            return False
        append(self._fd, command.model_dump_json().encode() + b"\n")
        self._remember(command)
        return True

    def close(self) -> None:
        """Close the file."""
        os.close(self._fd)


class Wire:
    """Events out, commands in, for one agent process."""

    def __init__(self, out_fd: int, log: CommandLog) -> None:
        """Write events to `out_fd`; `log` remembers the commands."""
        self._out = out_fd
        self.log = log
        self._deltas: dict[tuple[str, str], str] = {}
        self._timer: asyncio.TimerHandle | None = None

    @classmethod
    @contextlib.contextmanager
    def open(cls, memory: Path) -> Iterator[Wire]:
        """Take over this process's stdout and the command log in `memory`."""
        memory.mkdir(mode=0o700, parents=True, exist_ok=True)
        with contextlib.ExitStack() as stack:
            log = CommandLog(memory / "commands.jsonl")
            stack.callback(log.close)
            out = claim_stdout()
            stack.callback(os.close, out)
            wire = cls(out, log)
            stack.callback(wire.flush)
            yield wire

    def emit(self, event: AgentEvent) -> None:
        """Write a fact at once, after the progress that came before it."""
        self.flush()
        self._write(event.model_dump_json())

    def progress(self, kind: Literal["message", "reasoning", "output"], item: str, text: str) -> None:
        """Write progress soon: pieces of the same item are joined, at most about twenty lines a second."""
        if not text:
            return
        joined = self._deltas.get((kind, item), "") + text
        self._deltas[kind, item] = joined[-_OUTPUT_CHARS:] if kind == "output" else joined
        if self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(_FLUSH_S, self.flush)

    def flush(self) -> None:
        """Write the progress that was gathered."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        deltas, self._deltas = self._deltas, {}
        for (kind, item), text in deltas.items():
            self._write(_DELTAS[kind](item=item, text=text).model_dump_json())

    def _write(self, line: str) -> None:
        data = memoryview(line.encode("utf-8", "replace") + b"\n")
        while data:
            data = data[os.write(self._out, data) :]

    async def commands(self) -> AsyncGenerator[AgentCommand, None]:
        """Yield each new command once, acknowledged; ends after `Close`, SIGTERM, or when the input has ended."""
        reader = await _stdin()
        stopped = asyncio.Event()
        loop = asyncio.get_running_loop()
        loop.add_signal_handler(signal.SIGTERM, stopped.set)
        stop = asyncio.create_task(stopped.wait())
        try:
            while True:
                line = await _line_or_stop(reader, stop)
                if line is None:
                    return
                command = self._take(line)
                if command is not None:
                    yield command
                if isinstance(command, Close):
                    return
        finally:
            stop.cancel()
            loop.remove_signal_handler(signal.SIGTERM)

    def _take(self, line: bytes) -> AgentCommand | None:
        if not line.strip():
            return None
        try:
            command = _COMMAND.validate_json(line)
        except ValidationError as error:
            first = error.errors(include_url=False, include_input=False)[0]
            self.emit(AgentNotice(level="warning", text=f"a command was not understood: {first['msg']}"))
            return None
        is_new = True if isinstance(command, Close) else self.log.take(command)
        self.emit(CommandAcknowledged(command=command.id))
        return command if is_new else None


async def _line_or_stop(reader: asyncio.StreamReader, stop: asyncio.Task[Literal[True]]) -> bytes | None:
    """Return the next line, or None when told to stop or when no command can ever come again."""
    line = asyncio.create_task(reader.readline())
    try:
        await asyncio.wait({line, stop}, return_when=asyncio.FIRST_COMPLETED)
        if stop.done() or not line.done():
            return None
        return line.result() or None
    finally:
        if not line.done():
            line.cancel()
            await asyncio.gather(line, return_exceptions=True)


async def _stdin() -> asyncio.StreamReader:
    reader = asyncio.StreamReader(limit=_LINE_LIMIT_BYTES)
    pipe = os.fdopen(os.dup(0), "rb", buffering=0)
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), pipe)
    return reader


def claim_stdout() -> int:
    """Keep stdout for events alone: return a private copy of it and send stray prints to stderr."""
    sys.stdout.flush()
    private = os.dup(1)
    os.set_inheritable(private, False)
    os.dup2(2, 1)
    return private
