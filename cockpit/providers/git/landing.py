"""Moving a target branch forward, and a person's checkout of it along with it, or neither."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Iterable, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path

from cockpit.providers.git.admin import Checkout, checkouts, operation_under_way
from cockpit.providers.git.branches import move_branch
from cockpit.providers.git.checkout_lock import CheckoutLock
from cockpit.providers.git.errors import BranchMoved, CommandFailed, GitError
from cockpit.providers.git.owned import Places
from cockpit.providers.git.run import Git
from cockpit.providers.git.trees import branch_tip, checked, is_ancestor
from cockpit.providers.git.types import CheckoutBlocked, CommitId, Landed, LandResult, NotFastForward, TargetMoved
from cockpit.providers.uncut import to_its_end

_SHOWN = 20


@dataclass(frozen=True, slots=True)
class Step:
    """One step forward of a branch."""

    branch: str
    old: CommitId
    new: CommitId


class _Blocked(Exception):
    def __init__(self, checkout: Checkout, reason: str, files: Iterable[str] = ()) -> None:
        super().__init__(reason)
        self.result = CheckoutBlocked(checkout.path, reason, tuple(files)[:_SHOWN])


async def land(git: Git, places: Places, step: Step, ours: frozenset[Path], filters: frozenset[str]) -> LandResult:
    """Carry out a step; see `Repository.land`.

    Args:
        git: Our own git directory's.
        places: Where the repository is.
        step: What to move.
        ours: Work trees of sessions, which are never touched.
        filters: Content filters that are configured: files kept through one cannot be written without running it.
    """
    checked(step.old), checked(step.new)
    tip = await branch_tip(git, step.branch)
    if tip not in (step.old, step.new):
        return TargetMoved(step.branch, tip)
    if not await is_ancestor(git, step.old, step.new):
        return NotFastForward(step.branch, step.old)
    found = await asyncio.to_thread(lambda: list(checkouts(places.common, places.main)))
    showing = [one for one in found if one.head.branch == step.branch and one.path not in ours]
    if tip == step.new:
        return await _catch_up(git, places, showing, step, filters)
    try:
        return await _land_with(git, places, showing, step, filters)
    except _Blocked as blocked:
        return blocked.result
    except BranchMoved as moved:
        return TargetMoved(step.branch, CommitId(moved.actual) if moved.actual else None)


async def _catch_up(
    git: Git, places: Places, showing: Sequence[Checkout], step: Step, filters: frozenset[str]
) -> Landed:
    """Take along the checkouts that an interrupted landing left on the old commit, where that is still safe."""
    moved, left = [], []
    for checkout in showing:
        try:
            async with AsyncExitStack() as stack:
                lock = await _locked(stack, places, checkout)
                if not await _in(git, lock, "diff-index", "--cached", "--name-only", "-z", step.new):
                    continue
                if await _is_half_moved(git, lock, step):
                    await to_its_end(_complete(git, lock, step))
                else:
                    await _verify(git, lock, step, filters)
                    await to_its_end(_follow(git, lock, step))
            moved.append(checkout.path)
        except (_Blocked, GitError, OSError):
            left.append(checkout.path)
    return Landed(step.new, tuple(moved), tuple(left))


async def _land_with(
    git: Git, places: Places, showing: Sequence[Checkout], step: Step, filters: frozenset[str]
) -> Landed:
    """Hold every checkout's index lock while its state is verified, the branch moves and its files follow.

    The branch moves between the last look and the first write, so that it alone decides a race; the files can then
    only fail to follow for reasons a dry run could not see, and that is reported rather than undone.
    """
    async with AsyncExitStack() as stack:
        locks = [await _locked(stack, places, checkout) for checkout in showing]
        for lock in locks:
            await _verify(git, lock, step, filters)
        return await to_its_end(_move_all(git, locks, step))


async def _move_all(git: Git, locks: Sequence[CheckoutLock], step: Step) -> Landed:
    await move_branch(git, step.branch, step.old, step.new, "cockpit: land")
    moved, left = [], []
    for lock in locks:
        try:
            await _follow(git, lock, step)
        except (GitError, OSError):
            left.append(lock.checkout.path)
        else:
            moved.append(lock.checkout.path)
    return Landed(step.new, tuple(moved), tuple(left))


async def _follow(git: Git, lock: CheckoutLock, step: Step) -> None:
    await git.run("read-tree", "-m", "-u", step.old, step.new, work_tree=lock.checkout.path, index=lock.index)
    await asyncio.to_thread(lock.install)
    await asyncio.to_thread(lock.note_in_head_log, step.branch)


async def _complete(git: Git, lock: CheckoutLock, step: Step) -> None:
    await _in(git, lock, "read-tree", "--reset", "-u", step.new)
    await asyncio.to_thread(lock.install)
    await asyncio.to_thread(lock.note_in_head_log, step.branch)


async def _is_half_moved(git: Git, lock: CheckoutLock, step: Step) -> bool:
    """Return whether every file is as in the old or as in the new commit, and not all as in the old one.

    Such a checkout was clean when a crash cut its move short, so that finishing the move loses nothing.
    """
    if await _in(git, lock, "diff-index", "--cached", "--name-only", "-z", step.old):
        return False
    against_old = await _edited(git, lock)
    if not against_old:
        return False
    await _in(git, lock, "read-tree", "--reset", step.new)
    against_new = await _edited(git, lock)
    await asyncio.to_thread(lock.copy_index)
    in_old = set(await _in(git, lock, "ls-files", "-z"))
    # A file that only the new commit has can be absent, but with other content it is somebody's own.
    foreign = {path for path, status in against_new.items() if status != "D" and path not in in_old}
    return not foreign and against_old.keys().isdisjoint(against_new)


async def _edited(git: Git, lock: CheckoutLock) -> dict[str, str]:
    """Return the status of each file that differs from the index, by content and not by time alone."""
    refresh = ("update-index", "-q", "--refresh")
    await git.run(*refresh, work_tree=lock.checkout.path, index=lock.index, ok=(0, 1))
    fields = await _in(git, lock, "diff-files", "--name-status", "-z", "--ignore-submodules=dirty")
    return dict(zip(fields[1::2], fields[::2], strict=True))


async def _locked(stack: AsyncExitStack, places: Places, checkout: Checkout) -> CheckoutLock:
    lock = CheckoutLock(checkout, places.common, places.index(f"land-{os.getpid()}-{checkout.admin.name}"))
    if not lock.take():
        raise _Blocked(checkout, "is in use by another git command (its index.lock exists)")
    stack.callback(lock.release)
    await asyncio.to_thread(lock.copy_index)
    return lock


async def _verify(git: Git, lock: CheckoutLock, step: Step, filters: frozenset[str]) -> None:
    """Make sure that the checkout shows exactly the old commit and that nothing stands in the way of the new one."""
    checkout = lock.checkout
    if operation := operation_under_way(checkout.admin):
        raise _Blocked(checkout, f"has a {operation} under way")
    if (checkout.admin / "info" / "sparse-checkout").exists():
        raise _Blocked(checkout, "is sparse; bring it forward with `git merge --ff-only`")
    try:
        staged = await _in(git, lock, "diff-index", "--cached", "--name-only", "-z", step.old)
        edited = await _edited(git, lock)
    except CommandFailed as error:
        raise _Blocked(checkout, f"cannot be read: {error.what}") from error
    if files := dict.fromkeys([*staged, *edited]):
        raise _Blocked(checkout, "has uncommitted changes", files)
    if filters and (files := dict.fromkeys(await _filtered(git, lock, step, filters))):
        raise _Blocked(checkout, "keeps changed files through a filter, which is not run for it", files)
    try:
        await _in(git, lock, "read-tree", "-m", "-u", "-n", step.old, step.new)
    except CommandFailed as error:
        raise _Blocked(checkout, "has untracked files in the way", _named_in(error.stderr)) from error


async def _filtered(git: Git, lock: CheckoutLock, step: Step, filters: frozenset[str]) -> list[str]:
    changed = await git.run("diff-tree", "-r", "--name-only", "-z", "--no-renames", step.old, step.new)
    fields = await _in(git, lock, "check-attr", "-z", "--stdin", "filter", stdin=changed.stdout)
    return [path for path, value in zip(fields[::3], fields[2::3], strict=True) if value in filters]


async def _in(git: Git, lock: CheckoutLock, *command: str, stdin: bytes | None = None) -> list[str]:
    found = await git.run(*command, work_tree=lock.checkout.path, index=lock.index, stdin=stdin)
    return os.fsdecode(found.stdout).split("\0")[:-1]


def _named_in(message: str) -> list[str]:
    return [line.split("'")[1] for line in message.splitlines() if line.count("'") >= 2]
