"""What can go wrong with git, each error saying what happened, what was kept and what to do next."""

from __future__ import annotations

from pathlib import Path


class GitError(Exception):
    """A git operation did not happen.

    Attributes:
        what: What happened, in one sentence.
        kept: What is still as it was; empty when nothing was at stake.
        next: What a person or the caller can do now.
    """

    def __init__(self, what: str, *, kept: str = "", next: str = "") -> None:  # noqa: A002 - the family's word
        super().__init__(" ".join(part for part in (what, kept, next) if part))
        self.what = what
        self.kept = kept
        self.next = next


class GitMissing(GitError):
    """No usable git program: absent, or older than the oldest supported version."""


class NotARepository(GitError):
    """The path is in no git repository, or in one this program cannot work with."""


class NoCommits(GitError):
    """The repository has no commit yet, so there is nothing to base work on."""


class UnknownRevision(GitError):
    """A ref, commit, tree or path inside a tree does not exist."""


class CommandFailed(GitError):
    """A git command failed, ran out of time, or could not be started.

    Attributes:
        code: Its exit code; negative for a signal.
        stderr: The end of what it said.
    """

    def __init__(self, command: str, code: int, stderr: str, *, next: str = "") -> None:  # noqa: A002 - see GitError
        said = stderr.strip().splitlines()
        super().__init__(f"git {command} failed ({code}): {said[-1] if said else 'no message'}.", next=next)
        self.code = code
        self.stderr = stderr


class WorkspaceGone(GitError):
    """The workspace's folder was deleted or replaced by something that is not a folder."""

    def __init__(self, path: Path) -> None:
        super().__init__(
            f"The workspace folder {path} is gone.",
            kept="Its branch and everything committed on it are still there.",
            next="Add the worktree again to recreate it from the branch.",
        )
        self.path = path


class TooLarge(GitError):
    """New content of the workspace is larger than a snapshot keeps.

    Attributes:
        paths: The largest of the new and changed files, the largest first.
    """

    def __init__(self, size_bytes: int, limit_bytes: int, paths: tuple[str, ...]) -> None:
        shown = ", ".join(repr(path) for path in paths)
        super().__init__(
            f"New and changed files are {size_bytes >> 20:,} MiB, more than {limit_bytes >> 20:,} MiB: {shown}.",
            kept="All files are as they were.",
            next="Let .gitignore name what does not belong into the repository, or remove it.",
        )
        self.paths = paths


class OperationUnderWay(GitError):
    """A rebase, bisect or the like is unfinished in the workspace, so its branch cannot be committed on.

    Attributes:
        operation: The word git uses for it.
    """

    def __init__(self, path: Path, operation: str) -> None:
        super().__init__(
            f"A {operation} is unfinished in {path}.",
            kept="Nothing was changed.",
            next=f"Finish or abort the {operation} there first.",
        )
        self.operation = operation


class WouldLose(GitError):
    """Removing would throw work away; nothing was removed.

    Attributes:
        dirty: Paths with changes that are on no branch.
        nested: Folders that are repositories of their own, whose content git does not keep here.
        unmerged: Commits on the branch that its target does not have.
    """

    def __init__(self, subject: str, *, dirty: tuple[str, ...], nested: tuple[str, ...], unmerged: int) -> None:
        losses = []
        if dirty:
            shown = ", ".join(repr(path) for path in dirty[:5])
            losses.append(f"{len(dirty)} uncommitted file(s) ({shown}{', ...' if len(dirty) > 5 else ''})")
        if nested:
            losses.append(f"the nested repositories {', '.join(repr(path) for path in nested[:5])}")
        if unmerged:
            losses.append(f"{unmerged} commit(s) that are not merged")
        super().__init__(
            f"Removing {subject} would drop {'; '.join(losses)}.",
            kept="Nothing was removed.",
            next="Commit or merge the work first, or force the removal.",
        )
        self.dirty = dirty
        self.nested = nested
        self.unmerged = unmerged


class BranchMoved(GitError):
    """A branch is no longer where it was expected, because somebody else moved it.

    Attributes:
        branch: Its name.
        actual: Where it is now; None when it does not exist.
    """

    def __init__(self, branch: str, actual: str | None) -> None:
        super().__init__(
            f"Branch {branch} has moved to {actual[:12] if actual else 'nowhere (it is gone)'}.",
            kept="It was left as it is.",
            next="Look at the new tip and try again on top of it.",
        )
        self.branch = branch
        self.actual = actual
