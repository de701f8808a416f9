"""Rules as they were read before from files of the same content: JSON in a folder of the person's own."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # what is known is looked up before anything heavy is imported
    from cockpit.rules.types import RuleSet

_VERSION = 1
_KEPT = 12
_SIZE_LIMIT_BYTES = 32 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of a set of rule files."""

    hints: Mapping[str, object]
    """What made the next run quicker, as whoever kept it says; nothing that decides."""
    _rules: bytes

    def rules(self) -> RuleSet | None:
        """Return the rules; None where what was kept is damaged."""
        from pydantic import ValidationError

        from cockpit.rules.types import RuleSet

        try:
            return RuleSet.model_validate_json(self._rules)
        except ValidationError:
            return None


class ReadCache:
    """One file for each set of rule files. Blocking. A folder that cannot be used only costs time."""

    def __init__(self, folder: Path, files: Mapping[str, str], version: str) -> None:
        """Take the folder, the rule files by path, and the version of the program."""
        said = json.dumps([_VERSION, version, _stamp(), sorted(files.items())], ensure_ascii=True)
        self._file = folder / f"{hashlib.sha256(said.encode()).hexdigest()[:32]}.json"

    def get(self) -> Known | None:
        """Return what is known; None where these files are new."""
        try:
            if self._file.stat().st_size > _SIZE_LIMIT_BYTES:
                return None
            head, _, rules = self._file.read_bytes().partition(b"\n")
            said = json.loads(head)
            if said["sum"] != _sum(rules):
                return None
        except (OSError, ValueError, TypeError, KeyError):
            return None
        return Known(said, rules)

    def put(self, rules: RuleSet, hints: Mapping[str, object]) -> None:
        """Keep what was read, unless JSON cannot tell it."""
        from cockpit.rules.types import RuleSet

        with contextlib.suppress(ValueError):
            text = rules.model_dump_json()
            if RuleSet.model_validate_json(text) == rules:
                head = json.dumps({**hints, "sum": _sum(text.encode())})
                self._write(f"{head}\n{text}".encode())

    def _write(self, said: bytes) -> None:
        folder = self._file.parent
        with contextlib.suppress(OSError):
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            old = sorted(folder.glob("*.json"), key=lambda one: one.stat().st_mtime, reverse=True)
            for one in old[_KEPT - 1 :]:
                one.unlink(missing_ok=True)
            descriptor, fresh = tempfile.mkstemp(dir=folder, prefix=".new-")
            with os.fdopen(descriptor, "wb") as stream:
                stream.write(said)
            Path(fresh).replace(self._file)


def _sum(rules: bytes) -> str:
    return hashlib.sha256(rules).hexdigest()


def _stamp() -> str:
    """Return what changes with our own code that reads rules: a development copy has the same version for long."""
    place = Path(__file__).parent.parent
    return ",".join(
        str((place / name).stat().st_mtime_ns)
        for name in ("repo/reading.py", "repo/documents.py", "types/__init__.py", "types/bodies.py")
    )
