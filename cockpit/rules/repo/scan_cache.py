"""What rules found in a file of the same path and content before: one file on disk for each set of rules."""

from __future__ import annotations

import contextlib
import json
import os
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

Record = dict[str, Any]
"""What was found in one file, as JSON."""

_SETS_KEPT = 12
_RECORDS_KEPT = 100_000


class ScanCache:
    """Records by the mark of a file's path and content, for one set of rules. Blocking: use it off the event loop."""

    def __init__(self, folder: Path, rules: str) -> None:
        """Open what is known.

        Args:
            folder: where to keep it.
            rules: digest of everything that decides besides the file itself.
        """
        self._file = folder / f"{rules}.json"
        self._known: dict[str, Record | None] = {}
        with contextlib.suppress(OSError, ValueError):
            said = json.loads(self._file.read_bytes())
            self._known = said if isinstance(said, dict) else {}

    @property
    def is_empty(self) -> bool:
        """Return whether nothing is known yet."""
        return not self._known

    def get(self, mark: str) -> Record | None:
        """Return the record of a file; an empty one where nothing was found, None where it was not looked at."""
        if mark not in self._known:
            return None
        return self._known[mark] or {}

    def put(self, fresh: Mapping[str, Record]) -> None:
        """Keep the records of files that were looked at. A folder that cannot be written only costs time."""
        if not fresh:
            return
        self._known |= {mark: record or None for mark, record in fresh.items()}
        kept = dict(list(self._known.items())[-_RECORDS_KEPT:])
        with contextlib.suppress(OSError):
            self._file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            if not self._file.exists():
                self._forget_old()
            descriptor, temporary = tempfile.mkstemp(dir=self._file.parent, prefix=".new-")
            with os.fdopen(descriptor, "w", encoding="utf-8") as stream:
                json.dump(kept, stream, separators=(",", ":"))
            Path(temporary).replace(self._file)

    def _forget_old(self) -> None:
        sets = sorted(self._file.parent.glob("*.json"), key=lambda one: one.stat().st_mtime, reverse=True)
        for old in sets[_SETS_KEPT - 1 :]:
            old.unlink(missing_ok=True)
