"""Every frame that was exchanged with a foreign agent, with its time, in its memory: to look things up, and to replay.

One JSON line a frame: `{"at": seconds, "way": "in" | "out", "frame": ...}`, *in* being what the agent said. Bounded: of
an old trace the file `trace.old.jsonl` is kept. Secrets are masked before anything is written.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Literal

from cockpit.providers.secrets import redact

_LIMIT_BYTES = 16 << 20
_FRAME_CHARS = 64_000
"""A longer frame is shortened: what makes frames long is file content, which the work tree has."""


class Trace:
    """Appends frames to a file."""

    def __init__(self, path: Path, secrets: Iterable[str] = ()) -> None:
        """Write to `path`; the values of `secrets` are masked, and what looks like a secret, too."""
        self._path = path
        self._secrets = frozenset(secret for secret in secrets if secret)
        self._file = self._open()
        self._size = os.fstat(self._file).st_size

    def add(self, way: Literal["in", "out"], frame: bytes | str | dict[str, Any]) -> None:
        """Append a frame; a text that is JSON is kept as such. A full disk loses the frame and nothing else."""
        if isinstance(frame, dict):
            frame = json.dumps(frame, ensure_ascii=False)
        text = frame.decode("utf-8", "replace") if isinstance(frame, bytes) else frame
        text = redact(text[:_FRAME_CHARS], values=self._secrets)
        line = json.dumps({"at": round(time.time(), 3), "way": way, "frame": text}, ensure_ascii=False) + "\n"
        data = line.encode("utf-8", "replace")
        try:
            if self._size + len(data) > _LIMIT_BYTES:
                self._roll()
            self._size += os.write(self._file, data)
        except OSError:
            return

    def close(self) -> None:
        """Close the file."""
        os.close(self._file)

    def _open(self) -> int:
        return os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)

    def _roll(self) -> None:
        os.close(self._file)
        self._path.replace(self._path.with_suffix(".old.jsonl"))
        self._file = self._open()
        self._size = 0


def read(path: Path) -> list[tuple[Literal["in", "out"], str]]:
    """Return the frames of a trace, in order."""
    lines = path.read_text(encoding="utf-8").splitlines()
    return [(entry["way"], entry["frame"]) for entry in map(json.loads, lines)]
