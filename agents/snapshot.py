"""What files of a workspace hold, to tell what a command changed. Reads only; runs nothing, not even git."""

from __future__ import annotations

import hashlib
import os
import stat
from pathlib import Path
from typing import Literal

Change = Literal["added", "modified", "deleted"]

_SKIPPED = frozenset(
    {
        ".git",
        ".hg",
        "node_modules",
        ".venv",
        "venv",
        "__pycache__",
        ".mypy_cache",
        ".ruff_cache",
        ".pytest_cache",
        "target",
    }
)
_HASHED_BYTES = 1_000_000
"""Larger files are told apart by size and time alone."""


def contents(root: Path) -> dict[str, bytes]:
    """Return a fingerprint for each file by its path, without what tools keep for themselves."""
    found: dict[str, bytes] = {}
    for folder, names, files in os.walk(root):
        names[:] = [name for name in names if name not in _SKIPPED]
        for name in files:
            path = Path(folder, name)
            try:
                about = path.lstat()
                found[str(path.relative_to(root))] = _fingerprint(path, about)
            except OSError:
                continue  # gone or unreadable: nothing that a fix could be credited with
    return found


def _fingerprint(path: Path, about: os.stat_result) -> bytes:
    if stat.S_ISREG(about.st_mode) and about.st_size <= _HASHED_BYTES:
        return hashlib.blake2b(path.read_bytes(), digest_size=16).digest()
    return f"{about.st_mode}:{about.st_size}:{about.st_mtime_ns}".encode()


def changes(before: dict[str, bytes], after: dict[str, bytes]) -> dict[str, Change]:
    """Return what was added, modified and deleted, by path."""
    found: dict[str, Change] = dict.fromkeys(after.keys() - before.keys(), "added")
    found |= dict.fromkeys(before.keys() - after.keys(), "deleted")
    found |= {path: "modified" for path in before.keys() & after.keys() if before[path] != after[path]}
    return dict(sorted(found.items()))
