"""What rules found in a file of the same path and content before: one file on disk for each set of rules."""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

Record = dict[str, Any]
"""What was found in one file, as JSON."""

_SETS_KEPT = 12
_SIZE_LIMIT_BYTES = 32 * 1024 * 1024


class ScanCache:
    """Records by the mark of a file's path and content, for one set of rules. Blocking: use it off the event loop.

    One line a record, a bare mark where nothing was found, appended: what a scan adds is small beside what is known.
    """

    def __init__(self, folder: Path, rules: str) -> None:
        """Open what is known.

        Args:
            folder: where to keep it.
            rules: digest of everything that decides besides the file itself.
        """
        self._file = folder / f"{rules}.known"
        self._known: dict[str, str] = {}
        with contextlib.suppress(OSError):
            if self._file.stat().st_size > _SIZE_LIMIT_BYTES:
                self._file.unlink()
            lines = self._file.read_text(encoding="utf-8", errors="replace").split("\n")
            for line in lines[:-1]:  # a line without its end was not written whole
                mark, _, record = line.partition(" ")
                self._known[mark] = record

    @property
    def is_empty(self) -> bool:
        """Return whether nothing is known yet."""
        return not self._known

    def get(self, mark: str) -> Record | None:
        """Return the record of a file; an empty one where nothing was found, None where it was not looked at."""
        said = self._known.get(mark)
        if not said:
            return None if said is None else {}
        try:
            record = json.loads(said)
        except ValueError:
            return None
        return record if isinstance(record, dict) else None

    def put(self, fresh: Mapping[str, Record]) -> None:
        """Keep the records of files that were looked at. A folder that cannot be written only costs time."""
        lines = [
            f"{mark} {json.dumps(record, separators=(',', ':'))}\n" if record else f"{mark}\n"
            for mark, record in fresh.items()
            if mark not in self._known
        ]
        if not lines:
            return
        with contextlib.suppress(OSError):
            if not self._file.exists():
                self._file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
                self._forget_old()
            descriptor = os.open(self._file, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
            with os.fdopen(descriptor, "ab") as stream:
                stream.write("".join(lines).encode())

    def _forget_old(self) -> None:
        sets = sorted(self._file.parent.glob("*.known"), key=lambda one: one.stat().st_mtime, reverse=True)
        for old in sets[_SETS_KEPT - 1 :]:
            old.unlink(missing_ok=True)
