"""A session's change on its way to the target branch."""

from __future__ import annotations

from enum import StrEnum
from typing import Literal

from pydantic import Field

from cockpit.types import CommitId, Model, SessionId, TreeId


class FileStat(Model):
    """How much one file changed. None: binary."""

    path: str
    status: Literal["A", "M", "D", "R", "T"] = "M"
    added: int | None = 0
    removed: int | None = 0
    old_path: str = Field(default="", description="where it was before a rename")
    mode: str = Field(
        default="", description="git's mode after the change: 120000 is a symbolic link; empty: not known"
    )
    blob: str = Field(default="", description="content after the change; a reviewed mark holds while it stays")


class ChangeStat(Model):
    """What a workspace changed against its base."""

    base: TreeId
    tree: TreeId
    files: tuple[FileStat, ...] = ()

    @property
    def added(self) -> int:
        """Lines added, binary files not counted."""
        return sum(f.added or 0 for f in self.files)

    @property
    def removed(self) -> int:
        """Lines removed, binary files not counted."""
        return sum(f.removed or 0 for f in self.files)


class QueueStatus(StrEnum):
    """Where a change stands in the merge queue."""

    WAITING = "waiting"
    TESTING = "testing"
    BLOCKED = "blocked"  # tested and clean; the target's checkout is in the way


class QueueEntry(Model):
    """One approved change in the merge queue, in landing order."""

    session: SessionId
    commit: CommitId
    target: str
    status: QueueStatus = QueueStatus.WAITING
    reason: str = ""
    since: float = Field(description="epoch seconds when it was approved")
