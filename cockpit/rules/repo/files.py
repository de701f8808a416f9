"""The files of rules as they are in a checkout, read bounded. Standard library only and cheap to import."""

from __future__ import annotations

import os
import stat
from pathlib import Path

from cockpit.rules.repo.places import FOLDER, INVARIANTS, RULES, SIZE_LIMIT_BYTES, TESTS, UTILS

FILES_LIMIT = 4_000
"""Files of rules that a repository may have; what is beyond is told as a problem."""


def read_files(root: Path) -> dict[str, str]:
    """Return every file of rules in a checkout: path relative to it, and text. Links are not followed."""
    found: dict[str, str] = {}
    for folder in (RULES, TESTS, INVARIANTS, UTILS):
        for path in _yaml_files(root, folder):
            if len(found) >= FILES_LIMIT:
                return found
            raw = _bounded(root / path)
            if raw is not None:
                found[path] = raw.decode("utf-8", "replace")
    return found


def _yaml_files(root: Path, folder: str) -> list[str]:
    top = root / folder
    if (root / FOLDER).is_symlink() or top.is_symlink():
        return []
    found = []
    for parent, folders, names in os.walk(top):
        folders.sort()
        found += [
            Path(parent, one).relative_to(root).as_posix() for one in sorted(names) if one.endswith((".yml", ".yaml"))
        ]
    return found


def _bounded(file: Path) -> bytes | None:
    try:
        descriptor = os.open(file, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError:
        return None
    with os.fdopen(descriptor, "rb") as stream:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            return None
        return stream.read(SIZE_LIMIT_BYTES + 1)
