"""Git for the supervisor: work trees, differences, merges and landing, without running a repository's code."""

from cockpit.providers.git.admin import Head
from cockpit.providers.git.errors import (
    BranchMoved,
    CommandFailed,
    GitError,
    GitMissing,
    NoCommits,
    NotARepository,
    OperationUnderWay,
    UnknownRevision,
    WorkspaceGone,
    WouldLose,
)
from cockpit.providers.git.repository import Repository
from cockpit.providers.git.types import (
    Author,
    BlobId,
    CheckoutBlocked,
    CommitId,
    Conflict,
    DiskUse,
    FileContent,
    FileStat,
    Landed,
    LandResult,
    MergeResult,
    NotFastForward,
    TargetMoved,
    TreeId,
)
from cockpit.providers.git.worktree import Worktree

__all__ = [
    "Author",
    "BlobId",
    "BranchMoved",
    "CheckoutBlocked",
    "CommandFailed",
    "CommitId",
    "Conflict",
    "DiskUse",
    "FileContent",
    "FileStat",
    "GitError",
    "GitMissing",
    "Head",
    "LandResult",
    "Landed",
    "MergeResult",
    "NoCommits",
    "NotARepository",
    "NotFastForward",
    "OperationUnderWay",
    "Repository",
    "TargetMoved",
    "TreeId",
    "UnknownRevision",
    "WorkspaceGone",
    "Worktree",
    "WouldLose",
]
