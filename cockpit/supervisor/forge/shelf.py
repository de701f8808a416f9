"""Rules that somebody began to write and left: kept on disk as they are typed, so that no restart loses them."""

from __future__ import annotations

import contextlib
import hashlib
from collections.abc import Sequence
from pathlib import Path

from pydantic import ValidationError

from cockpit.rules.types.forge import Pair
from cockpit.rules.types.forging import DraftInfo, Offence
from cockpit.types import Model

DRAFT_LIMIT_BYTES = 512 << 10
MOST_DRAFTS = 50
"""The oldest goes when there is one more."""


class Draft(Model):
    """What was left: the rule as it was typed, whether it can be read or not, and the examples as they were then."""

    offences: tuple[Offence, ...]
    text: str = ""
    pairs: tuple[Pair, ...] | None = None
    """None: nobody has changed the examples."""
    fine: tuple[str, ...] = ()
    name: str = ""
    by: str = ""
    at: float = 0.0


class Shelf:
    """The drafts of one repository. Everything here blocks: use it off the event loop."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def key_of(self, offences: Sequence[Offence]) -> str:
        """Return the id of the draft that belongs to what is pointed at."""
        first = offences[0]
        key = "\0".join((first.session, first.path, str(first.line), first.snippet or first.said))
        return hashlib.sha256(key.encode("utf-8", "replace")).hexdigest()[:24]

    def get(self, key: str) -> Draft | None:
        """Return a draft; None: there is none, or it is broken."""
        try:
            with self._file(key).open("rb") as stream:
                return Draft.model_validate_json(stream.read(DRAFT_LIMIT_BYTES))
        except (OSError, ValidationError):
            return None

    def put(self, draft: Draft) -> None:
        """Keep a draft in the place of an older one of the same. Raises `OSError`."""
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        file = self._file(self.key_of(draft.offences))
        fresh = file.with_suffix(".new")
        fresh.write_text(draft.model_dump_json(), encoding="utf-8")
        fresh.chmod(0o600)
        fresh.replace(file)
        for old in self._files()[MOST_DRAFTS:]:
            old.unlink(missing_ok=True)

    def drop(self, key: str) -> bool:
        """Throw a draft away; return whether there was one."""
        with contextlib.suppress(OSError):
            self._file(key).unlink()
            return True
        return False

    def all(self) -> list[DraftInfo]:
        """Return what is kept, the latest first."""
        found = []
        for file in self._files():
            draft = self.get(file.stem)
            if draft is not None:
                about = draft.offences[0].said or draft.offences[0].snippet.split("\n")[0] or draft.offences[0].path
                name = draft.name or about[:80] or "a rule"
                found.append(DraftInfo(id=file.stem, name=name, at=draft.at, by=draft.by, about=about[:200]))
        return found

    def _file(self, key: str) -> Path:
        name = key if key.isalnum() else hashlib.sha256(key.encode("utf-8", "replace")).hexdigest()[:24]
        return self._folder / f"{name}.json"

    def _files(self) -> list[Path]:
        with contextlib.suppress(OSError):
            return sorted(self._folder.glob("*.json"), key=lambda file: file.stat().st_mtime, reverse=True)
        return []
