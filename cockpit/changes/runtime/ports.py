"""What the merge queue needs of others; the supervisor hands it in."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

from cockpit.checks.types import CheckResult
from cockpit.journal.types import Event
from cockpit.providers.git import types as git
from cockpit.types import CommitId, SessionId, TreeId


class QueueGit(Protocol):
    """The part of the git provider that the merge queue uses. Every call may raise `GitError`."""

    async def branch_tip(self, branch: str, /) -> CommitId | None:
        """Return the commit a branch is at; None: there is no such branch."""
        ...

    async def tree_of(self, commit: CommitId, /) -> TreeId:
        """Return the tree of a commit."""
        ...

    async def merge_base(self, one: CommitId, other: CommitId, /) -> CommitId | None:
        """Return the best common ancestor of two commits."""
        ...

    async def merge_trees(self, target: CommitId, change: CommitId, /) -> git.MergeResult:
        """Merge a change onto a commit, without any work tree."""
        ...

    async def commit_tree(self, tree: TreeId, parents: Sequence[CommitId], message: str, /) -> CommitId:
        """Make a commit of a tree; no branch moves."""
        ...

    async def materialise(self, tree: TreeId, directory: Path, /) -> None:
        """Make a folder hold exactly the files of a tree."""
        ...

    async def land(self, branch: str, expected_old: CommitId, new: CommitId, /) -> git.LandResult:
        """Fast-forward a branch, and a clean checkout of it along with it; or change nothing and say why."""
        ...


class Check(Protocol):
    """Runs the checks that a tree must pass to land."""

    async def __call__(
        self, tree: TreeId, directory: Path, session: SessionId, only: tuple[str, ...]
    ) -> tuple[CheckResult, ...]:
        """Check `tree`, whose files are in `directory`; results are taken from the cache where inputs are the same.

        Args:
            tree: What is tested; every result carries it.
            directory: A folder holding exactly this tree, for the length of the call.
            session: Whose change is on top.
            only: Names of the checks to run again without asking the cache, because they did not pass; empty: all.
        """
        ...


class OnEvent(Protocol):
    """Writes an event to the journal."""

    async def __call__(self, session: SessionId, event: Event) -> None:
        """Return once the event is on disk."""
        ...
