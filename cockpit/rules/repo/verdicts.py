"""What agents said of changes, kept so that nobody is asked, or pays, twice for the same. A cache: it may be lost."""

from __future__ import annotations

import contextlib
import os
import tempfile
from collections.abc import Sequence
from pathlib import Path

from pydantic import TypeAdapter, ValidationError

from cockpit.rules.types import Hit

_KEPT = 500
_HITS = TypeAdapter(tuple[Hit, ...])


class VerdictStore:
    """Verdicts by their key, one small file each. Blocking: use it off the event loop."""

    def __init__(self, folder: Path) -> None:
        """Keep them under `folder`, which is created when first needed."""
        self._folder = folder

    def get(self, key: str) -> tuple[Hit, ...] | None:
        """Return what was found under a key; None: it was not asked."""
        try:
            return _HITS.validate_json((self._folder / f"{key}.json").read_bytes())
        except (OSError, ValidationError):
            return None

    def put(self, key: str, hits: Sequence[Hit]) -> None:
        """Keep what was found, and forget what was kept longest ago."""
        with contextlib.suppress(OSError):
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            descriptor, name = tempfile.mkstemp(dir=self._folder, suffix=".new")
            with os.fdopen(descriptor, "wb") as stream:
                stream.write(_HITS.dump_json(tuple(hits), exclude_defaults=True))
            Path(name).replace(self._folder / f"{key}.json")
            old = sorted(self._folder.glob("*.json"), key=lambda one: one.stat().st_mtime, reverse=True)
            for one in old[_KEPT:]:
                one.unlink(missing_ok=True)
