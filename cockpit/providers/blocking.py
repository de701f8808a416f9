"""Commands of a program that has no event loop: begun, left to work meanwhile, and always reaped. No shell."""

from __future__ import annotations

import os
import selectors
import subprocess
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import IO

_CHUNK_BYTES = 1 << 16


@dataclass(frozen=True, slots=True)
class Ended:
    """How a command ended and what it printed."""

    exit_code: int
    stdout: bytes
    stderr: bytes
    timed_out: bool = False
    truncated: bool = False
    """It printed more than was to be kept."""


class Begun:
    """A command that runs. It stays in our process group, so that an interrupt from the terminal reaches it, too."""

    def __init__(self, argv: Sequence[str], *, cwd: Path, env: Mapping[str, str]) -> None:
        """Begin it; its standard input is empty.

        Raises:
            OSError: it cannot be started.
        """
        self._process = subprocess.Popen(
            argv,
            cwd=cwd,
            env=dict(env),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            bufsize=0,
        )

    def __enter__(self) -> Begun:
        """Have it ended with the block."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End it if it still runs, and reap it."""
        self.kill()
        self._process.wait()
        for stream in (self._process.stdout, self._process.stderr):
            if stream is not None:
                stream.close()

    def kill(self) -> None:
        """End it if it still runs; whoever waits for its end, in another thread as well, sees it at once."""
        if self._process.poll() is None:
            self._process.kill()

    def end(self, timeout_s: float, output_limit_bytes: int) -> Ended:
        """Wait for its end, reap it, and return what it printed; what takes or prints too much is killed."""
        with self:
            kept, timed_out, truncated = self._read(time.monotonic() + timeout_s, output_limit_bytes)
        return Ended(self._process.returncode, *kept, timed_out=timed_out, truncated=truncated)

    def _read(self, deadline: float, limit: int) -> tuple[tuple[bytes, bytes], bool, bool]:
        outputs: dict[int, bytearray] = {}
        with selectors.DefaultSelector() as selector:
            for stream in (self._process.stdout, self._process.stderr):
                outputs[_descriptor(stream)] = bytearray()
                selector.register(_descriptor(stream), selectors.EVENT_READ)
            timed_out = truncated = False
            while selector.get_map() and not timed_out and not truncated:
                ready = selector.select(max(0.0, deadline - time.monotonic()))
                timed_out = not ready and time.monotonic() >= deadline
                for key, _events in ready:
                    piece = os.read(key.fd, _CHUNK_BYTES)
                    if not piece:
                        selector.unregister(key.fd)
                    outputs[key.fd] += piece
                    truncated |= len(outputs[key.fd]) > limit
        if not timed_out and not truncated:
            timed_out = self._is_late(deadline)
        stdout, stderr = (bytes(one[:limit]) for one in outputs.values())
        return (stdout, stderr), timed_out, truncated

    def _is_late(self, deadline: float) -> bool:
        """Wait for a command that has closed its outputs."""
        try:
            self._process.wait(max(0.1, deadline - time.monotonic()))
        except subprocess.TimeoutExpired:
            return True
        return False


def _descriptor(stream: IO[bytes] | None) -> int:
    assert stream is not None  # both are pipes
    return stream.fileno()
