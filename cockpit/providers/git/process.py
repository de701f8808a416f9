"""One git process, from its start to its end, in a thread of its own.

Starting a process holds its thread up for milliseconds, so it happens away from the event loop; the loop can signal the
whole process group at any time.
"""

from __future__ import annotations

import os
import selectors
import signal
import subprocess
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from cockpit.providers import process_tree

_STDERR_BYTES: Final = 16_384
_CHUNK_BYTES: Final = 65_536


@dataclass(frozen=True, slots=True)
class Output:
    """What a command answered; `truncated` when it was stopped at the output limit."""

    code: int
    stdout: bytes
    stderr: str
    truncated: bool = False

    @property
    def text(self) -> str:
        """Standard output without the line end."""
        return os.fsdecode(self.stdout).rstrip("\n")


class Command:
    """A command to run once: `run` in a thread, `signal` from any other."""

    def __init__(
        self,
        words: Sequence[str],
        environ: Mapping[str, str],
        cwd: Path | None,
        stdin: bytes | None,
        limit_bytes: int | None,
    ) -> None:
        self._words = words
        self._environ = environ
        self._cwd = cwd
        self._stdin = stdin
        self._limit_bytes = limit_bytes
        self._starting = threading.Lock()
        self._is_called_off = False
        self._process: subprocess.Popen[bytes] | None = None

    def run(self) -> Output:
        """Run to the end. Blocking.

        Raises:
            OSError: The command could not be started.
        """
        with self._starting:
            if self._is_called_off:
                return Output(-signal.SIGTERM, b"", "called off before it began")
            process = self._process = subprocess.Popen(
                self._words,
                env=self._environ,
                cwd=self._cwd,
                stdin=subprocess.DEVNULL if self._stdin is None else subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                bufsize=0,
                start_new_session=True,
            )
        with process:
            stdout, stderr, truncated = self._exchange(process)
        return Output(process.returncode, stdout, stderr.decode("utf-8", "replace"), truncated)

    def signal(self, number: int) -> None:
        """Signal the whole process group; a command that has not begun never will."""
        with self._starting:
            self._is_called_off = True
            if self._process is not None and self._process.returncode is None:
                process_tree.signal_group(self._process.pid, number)

    def _exchange(self, process: subprocess.Popen[bytes]) -> tuple[bytes, bytes, bool]:
        """Write and read until both outputs end; past the limit, stop the command and throw the rest away."""
        stdout, stderr, rest = bytearray(), b"", memoryview(self._stdin or b"")
        limit = self._limit_bytes
        with selectors.DefaultSelector() as selector:
            for stream, event in (
                (process.stdin, selectors.EVENT_WRITE),
                (process.stdout, selectors.EVENT_READ),
                (process.stderr, selectors.EVENT_READ),
            ):
                if stream is not None:
                    os.set_blocking(stream.fileno(), False)
                    selector.register(stream, event)
            while selector.get_map():
                for key, _ in selector.select():
                    if key.fileobj is process.stdin:
                        rest = _feed(key.fd, rest)
                        if not rest:
                            selector.unregister(process.stdin)
                            process.stdin.close()
                        continue
                    chunk = os.read(key.fd, _CHUNK_BYTES)
                    if not chunk:
                        selector.unregister(key.fileobj)
                    elif key.fileobj is process.stderr:
                        stderr = (stderr + chunk)[-_STDERR_BYTES:]
                    elif limit is None or len(stdout) <= limit:
                        stdout += chunk
                        if limit is not None and len(stdout) > limit:
                            self.signal(signal.SIGTERM)
        is_cut = limit is not None and len(stdout) > limit
        return bytes(stdout[:limit]), stderr, is_cut


def _feed(descriptor: int, rest: memoryview) -> memoryview:
    """Write some of it; nothing is left when the reader has gone."""
    try:
        return rest[os.write(descriptor, rest[:_CHUNK_BYTES]) :]
    except BrokenPipeError:
        return rest[:0]
