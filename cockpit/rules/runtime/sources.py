"""The files that rules look at: regular files of one folder, each read once, bounded."""

from __future__ import annotations

import hashlib
import os
import stat
from collections.abc import Iterable
from pathlib import Path

MARKER = b"ast-grep-ignore"
"""What comments that tell rules to look away have in common."""

FILE_LIMIT_BYTES = 4 * 1024 * 1024
"""Larger files are data, not code; rules leave them alone."""


class Sources:
    """The files of a checkout or workspace. Blocking: use it off the event loop. For one scan."""

    def __init__(self, root: Path, paths: Iterable[str]) -> None:
        """Take the paths of all files, relative to `root`."""
        self.root = root
        self._prefix = f"{root}/"
        self.paths = tuple(sorted(set(paths)))
        self._read: dict[str, bytes | None] = {}
        self._text: dict[str, str] = {}
        self.suppressing: set[str] = set()
        """Files that have been marked and hold a comment for rules to look away."""

    def raw(self, path: str) -> bytes | None:
        """Return the content of a regular file; None for links, folders, what is gone, and what is too large."""
        if path not in self._read:
            self._read[path] = _bounded(f"{self._prefix}{path}")
        return self._read[path]

    def is_file(self, path: str) -> bool:
        """Return whether there is a regular file that rules look at, without reading it."""
        try:
            status = os.lstat(f"{self._prefix}{path}")
        except (OSError, ValueError):
            return False
        return stat.S_ISREG(status.st_mode) and status.st_size <= FILE_LIMIT_BYTES

    def text(self, path: str) -> str:
        """Return the content as text; empty for what is none."""
        if path not in self._text:
            raw = self.raw(path) or b""
            self._text[path] = "" if b"\0" in raw[:8000] else raw.decode("utf-8", "replace")
        return self._text[path]

    def mark(self, path: str) -> str | None:
        """Return a digest of path and content; None for what rules leave alone."""
        # Not kept: of most files nothing but the mark is wanted.
        raw = self._read[path] if path in self._read else _bounded(f"{self._prefix}{path}")
        if raw is None:
            return None
        if MARKER in raw:
            self.suppressing.add(path)
        digest = hashlib.blake2b(path.encode("utf-8", "surrogateescape") + b"\0", digest_size=12)
        digest.update(raw)
        return digest.hexdigest()

    def lines(self, path: str) -> list[str]:
        """Return the lines of a file."""
        return self.text(path).splitlines()


def _bounded(file: str) -> bytes | None:
    try:
        descriptor = os.open(file, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except (OSError, ValueError):
        return None
    try:
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode) or status.st_size > FILE_LIMIT_BYTES:
            return None
        pieces = [os.read(descriptor, status.st_size + 1)]
        while pieces[-1] and sum(map(len, pieces)) < status.st_size:
            pieces.append(os.read(descriptor, status.st_size))
        return b"".join(pieces)
    finally:
        os.close(descriptor)
