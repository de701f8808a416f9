"""Run one command of an agent: output bounded to its head and tail and shown while it comes, nothing left behind."""

from __future__ import annotations

import codecs
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from cockpit.providers import process

_HEAD_BYTES = 12_000
_TAIL_BYTES = 20_000


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a command."""

    output: str
    """Standard output and error together; of long output the head and the tail."""
    exit_code: int
    """Minus the signal's number when a signal ended it."""
    duration_s: float
    is_timed_out: bool


class BoundedOutput:
    """Keeps the head and the tail of a stream of bytes."""

    def __init__(self) -> None:
        """Begin empty."""
        self._head = bytearray()
        self._tail = bytearray()
        self._dropped = 0

    def add(self, data: bytes) -> None:
        """Take the next bytes."""
        room = _HEAD_BYTES - len(self._head)
        self._head += data[:room]
        self._tail += data[room:] if room else data
        if len(self._tail) > 2 * _TAIL_BYTES:
            self._trim()

    def _trim(self) -> None:
        excess = len(self._tail) - _TAIL_BYTES
        if excess > 0:
            del self._tail[:excess]
            self._dropped += excess

    def text(self) -> str:
        """Return head and tail as text, saying how much is missing between them."""
        self._trim()
        if not self._dropped:
            return bytes(self._head + self._tail).decode("utf-8", "replace")
        head, tail = (bytes(part).decode("utf-8", "replace") for part in (self._head, self._tail))
        return f"{head}\n[... {self._dropped} bytes left out ...]\n{tail}"


async def run_command(
    argv: Sequence[str],
    *,
    cwd: Path,
    env: Mapping[str, str],
    timeout_s: float,
    on_output: Callable[[str], None] | None = None,
) -> Outcome:
    """Run a command to its end; cancelled or out of time, everything it started is killed and reaped.

    Raises `cockpit.providers.process.ProcessError` when it cannot be started.
    """
    kept = BoundedOutput()
    decoder = codecs.getincrementaldecoder("utf-8")("replace")

    def take(data: bytes) -> None:
        kept.add(data)
        if on_output is not None:
            on_output(decoder.decode(data))

    done = await process.run(argv, cwd=cwd, env=env, timeout_s=timeout_s, output_limit_bytes=0, on_output=take)
    return Outcome(kept.text(), done.exit_code, done.duration_s, done.timed_out)
