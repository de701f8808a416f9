"""The note that is on disk while the target moves: after a crash it tells what has landed, with its receipt.

The journal hears of a landing only after the branch has moved. A crash in between would leave a change that is landed
and still queued; this note closes the gap. It is believed only as far as the branch really holds its commit.
"""

from __future__ import annotations

import os
from pathlib import Path

from pydantic import ValidationError

from cockpit.changes.types import QueueEntry
from cockpit.journal.types import Landed
from cockpit.types import CommitId, Model


class Landing(Model):
    """Changes that the target is about to be moved by from `base`, and what will be reported of each."""

    base: CommitId
    changes: tuple[tuple[QueueEntry, Landed], ...]

    @property
    def tip(self) -> CommitId:
        """Where the target will be."""
        return self.changes[-1][1].commit

    def of(self, entry: QueueEntry) -> Landed | None:
        """Return what is to be reported of this very change of this session."""
        known = ((noted.session, noted.commit, event) for noted, event in self.changes)
        return next(
            (event for session, commit, event in known if (session, commit) == (entry.session, entry.commit)), None
        )


class IntentFile:
    """One file that holds the landing under way, or none. Every method blocks: call it in a thread."""

    def __init__(self, path: Path) -> None:
        """Keep the note at `path`."""
        self._path = path

    def write(self, landing: Landing) -> None:
        """Put the note on disk; it survives a power cut once this returns."""
        self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        fresh = self._path.with_suffix(".new")
        with fresh.open("wb") as file:
            file.write(landing.model_dump_json().encode())
            file.flush()
            os.fsync(file.fileno())
        fresh.replace(self._path)
        self._sync_folder()

    def read(self) -> Landing | None:
        """Return the note of a landing that was cut off; None: there is none, or it cannot be read."""
        try:
            return Landing.model_validate_json(self._path.read_bytes())
        except (FileNotFoundError, ValidationError):
            return None

    def clear(self) -> None:
        """Remove the note: the journal knows how it ended."""
        self._path.unlink(missing_ok=True)

    def _sync_folder(self) -> None:
        descriptor = os.open(self._path.parent, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
