"""Moving branches by compare-and-swap: a ref moves from the commit it was seen at, or not at all."""

from __future__ import annotations

from cockpit.providers.git.errors import BranchMoved, CommandFailed, GitError
from cockpit.providers.git.merge import merge_trees
from cockpit.providers.git.run import Git
from cockpit.providers.git.trees import branch_ref, branch_tip, checked, is_ancestor, tree_of
from cockpit.providers.git.types import CommitId

_TRIES = 5


async def move_branch(git: Git, branch: str, old: str | None, new: str, reason: str) -> None:
    """Move a branch from `old` to `new`; create it when `old` is None.

    Raises:
        BranchMoved: It is not at `old` (any more).
        GitError: It cannot be moved.
    """
    expected = checked(old) if old is not None else "0" * len(checked(new))
    # Without --no-deref an agent that turned its branch into a symbolic ref would have us move another branch.
    await _update(
        git, branch, old, "update-ref", "--no-deref", "-m", reason, branch_ref(branch), checked(new), expected
    )


async def drop_branch(git: Git, branch: str, old: str) -> None:
    """Delete a branch that is at `old`.

    Raises:
        BranchMoved: It is not at `old` (any more).
    """
    await _update(git, branch, old, "update-ref", "--no-deref", "-d", branch_ref(branch), checked(old))


async def _update(git: Git, branch: str, old: str | None, *command: str) -> None:
    for left in reversed(range(_TRIES)):
        try:
            await git.run(*command)
        except CommandFailed as error:
            tip = await branch_tip(git, branch)
            if tip != old:
                raise BranchMoved(branch, tip) from error
            if left and ".lock" in error.stderr:  # another git holds the ref for an instant
                continue
            raise GitError(
                f"Branch {branch} cannot be moved: {error.what}",
                kept="It was left as it is.",
                next="A branch named like one of its folders, or a stale lock file, is the usual cause.",
            ) from error
        return


async def is_merged(git: Git, branch: str, into: str) -> bool:
    """Return whether merging the branch would bring nothing new, also when it landed as other commits."""
    tip, target = await branch_tip(git, branch), await branch_tip(git, into)
    return tip is not None and target is not None and await brings_nothing(git, tip, target)


async def brings_nothing(git: Git, commit: CommitId, target: CommitId) -> bool:
    """Return whether `target` already has all that `commit` has."""
    if await is_ancestor(git, commit, target):
        return True
    return (await merge_trees(git, target, commit)).tree == await tree_of(git, target)
