"""The nouns of the git provider: ids, authors, and what its operations answer with."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import NewType

from cockpit.types import CommitId as CommitId
from cockpit.types import TreeId as TreeId

BlobId = NewType("BlobId", str)
"""The full hexadecimal name of a file's content."""


@dataclass(frozen=True, slots=True)
class Author:
    """Who a commit is by."""

    name: str
    email: str


@dataclass(frozen=True, slots=True)
class FileStat:
    """How one file differs between two trees.

    Attributes:
        path: Its path in the newer tree (in the older one when deleted). Bytes that are not UTF-8 are kept as
            surrogate escapes, so the path still names the file; clean it before showing or storing it.
        added: Lines added; None when the content is binary.
        removed: Lines removed; None when the content is binary.
        status: A added, D deleted, M modified, R renamed, C copied, T changed its type.
        old_path: Where it was before a rename or copy, else None.
        mode: git's mode in the newer tree (`100644`, `100755`, `120000` a symbolic link, `160000` a submodule,
            `000000` deleted).
    """

    path: str
    added: int | None
    removed: int | None
    status: str
    old_path: str | None = None
    mode: str = ""


@dataclass(frozen=True, slots=True)
class FileContent:
    """The beginning of a file in a tree; `truncated` when it goes on."""

    data: bytes
    truncated: bool


@dataclass(frozen=True, slots=True)
class Conflict:
    """One path that two changes disagree about.

    Attributes:
        path: The path, with surrogate escapes where it is not UTF-8.
        excerpt: The text around its conflict markers, or git's message when there is no text to show.
    """

    path: str
    excerpt: str


@dataclass(frozen=True, slots=True)
class MergeResult:
    """The outcome of merging two commits: a tree, or else the conflicts that prevented it.

    Attributes:
        tree: The merged content; None when there are conflicts.
        conflicts: What the two disagree about.
        marked: The merged content with conflict markers where they disagree: nothing that may land.
    """

    tree: TreeId | None
    conflicts: tuple[Conflict, ...] = ()
    marked: TreeId | None = None


@dataclass(frozen=True, slots=True)
class Landed:
    """The branch is at the commit.

    Attributes:
        commit: The branch's tip.
        moved: Checkouts of the branch that were taken along.
        left_behind: Checkouts that show the branch but could not be taken along after it had moved.
    """

    commit: CommitId
    moved: tuple[Path, ...] = ()
    left_behind: tuple[Path, ...] = ()


@dataclass(frozen=True, slots=True)
class TargetMoved:
    """Nothing was moved: the branch is not where it was expected (None: it does not exist)."""

    branch: str
    actual: CommitId | None


@dataclass(frozen=True, slots=True)
class NotFastForward:
    """Nothing was moved: the new commit does not build on the branch's tip."""

    branch: str
    tip: CommitId


@dataclass(frozen=True, slots=True)
class CheckoutBlocked:
    """Nothing was moved: a person's checkout of the branch cannot follow without risk to their work.

    Attributes:
        path: The checkout.
        reason: Why, as the end of the sentence "the checkout at PATH ...".
        files: Paths that are in the way, as far as known.
    """

    path: Path
    reason: str
    files: tuple[str, ...] = ()


LandResult = Landed | TargetMoved | NotFastForward | CheckoutBlocked


@dataclass(frozen=True, slots=True)
class DiskUse:
    """Bytes on disk, in allocated blocks, and the number of files they are in."""

    size_bytes: int
    files: int
