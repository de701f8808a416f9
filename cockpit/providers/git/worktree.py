"""One session's work tree: what is in it now, and committing that.

The tree belongs to an agent. Our git looks at it as a `--work-tree` with an index of our own; the `.git` file, the
index and the configuration in it are never consulted.
"""

from __future__ import annotations

import asyncio
import os
import stat
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from cockpit.providers.git.admin import Head, attach_head, install_index, operation_under_way, read_head
from cockpit.providers.git.branches import move_branch
from cockpit.providers.git.errors import (
    BranchMoved,
    CommandFailed,
    GitError,
    OperationUnderWay,
    TooLarge,
    WorkspaceGone,
)
from cockpit.providers.git.merge import commit_tree, merge_trees
from cockpit.providers.git.process import Output
from cockpit.providers.git.run import Git
from cockpit.providers.git.trees import branch_tip, is_ancestor, list_files, tree_of
from cockpit.providers.git.types import Author, CommitId, MergeResult, TreeId

SNAPSHOT_LIMIT_BYTES = 512 << 20
"""Of new and changed content. Each of its bytes is hashed and stored, before anybody could ask whether it is meant."""

_TRIES = 5
_NAMED = 3


@dataclass(slots=True)
class Snapshots:
    """What is remembered of a work tree between looks at it.

    Attributes:
        lock: One look at a time, since they share an index.
        tree: The tree of the index as last written; None when not known.
        left_out: Nested repositories found by the last look.
    """

    lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    tree: TreeId | None = None
    left_out: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _Changes:
    gone: list[str]
    present: list[str]


@dataclass(frozen=True, slots=True)
class Worktree:
    """A handle on a session's work tree; cheap, any number may exist for one session.

    Attributes:
        session: The session's name.
        path: The work tree.
        branch: The session's branch.
        base: The commit the branch began at.
    """

    session: str
    path: Path
    branch: str
    base: CommitId
    _git: Git
    _admin: Path
    _index: Path
    _seen: Snapshots

    @property
    def left_out(self) -> tuple[str, ...]:
        """Folders with a repository of their own that the last snapshot could not include."""
        return self._seen.left_out

    async def head(self) -> Head:
        """Return what the agent has checked out: normally the session's branch."""
        return await asyncio.to_thread(read_head, self._admin)

    async def tip(self) -> CommitId:
        """Return the commit that the next one builds on: the branch's tip, or the agent's detached commits on top."""
        tip = await branch_tip(self._git, self.branch)
        if tip is None:
            raise BranchMoved(self.branch, None)
        head = await self.head()
        # The agent writes HEAD, so what it names may not exist.
        with suppress(CommandFailed):
            if head.commit not in (None, tip) and await is_ancestor(self._git, tip, head.commit or tip):
                return head.commit or tip
        return tip

    async def snapshot(self) -> TreeId:
        """Return the exact tree of the files now, untracked ones included and ignored ones not.

        Raises:
            WorkspaceGone: The folder is not there.
            CommandFailed: A file cannot be read, or has a name git does not allow.
            TooLarge: New and changed files are larger than `SNAPSHOT_LIMIT_BYTES` together.
        """
        async with self._seen.lock:
            await asyncio.to_thread(self._prepare)
            changed = await self._changed()
            if self._seen.tree is None or changed.gone or changed.present:
                self._seen.tree = None
                self._seen.tree = await self._written(changed)
            return self._seen.tree

    async def is_dirty(self) -> bool:
        """Return whether the files differ from the tip of the session's branch."""
        return await self.snapshot() != await tree_of(self._git, await self.tip())

    async def commit(self, message: str, tree: TreeId, author: Author | None = None) -> CommitId:
        """Commit a tree on the session's branch, on top of whatever the agent put there, and return the commit.

        Nothing is committed when the tip already has that tree. The work tree's own index and HEAD are brought in
        step, unless the agent is in the middle of a merge, which it can then still conclude.

        Raises:
            OperationUnderWay: The agent is in the middle of a rebase, which a moved branch would break.
            BranchMoved: The branch is gone, or keeps moving.
        """
        operation = await asyncio.to_thread(operation_under_way, self._admin)
        if operation in ("rebase", "bisect"):
            raise OperationUnderWay(self.path, operation)
        for left in reversed(range(_TRIES)):
            branch, tip = await branch_tip(self._git, self.branch), await self.tip()
            commit = tip
            if await tree_of(self._git, tip) != tree:
                commit = await commit_tree(self._git, tree, [tip], message, author)
            try:
                if commit != branch:
                    await move_branch(self._git, self.branch, branch, commit, "cockpit: commit")
            except BranchMoved:
                if not left:
                    raise
                continue
            break
        if operation is None:
            await self._bring_in_step(tree)
        return commit

    async def merge(self, other: CommitId, message: str) -> MergeResult:
        """Merge a commit into the files and the branch; where both sides differ, the files hold conflict markers.

        What was not committed yet is committed first, so nothing is lost; ignored files stay as they are.

        Raises:
            OperationUnderWay: The agent is in the middle of a rebase.
            GitError: Files that git ignores would be overwritten.
        """
        before = await self.snapshot()
        ours = await self.commit("Before the merge", before)
        result = await merge_trees(self._git, ours, other)
        marked = result.marked
        assert marked is not None
        arriving = (await list_files(self._git, marked)).keys() - (await list_files(self._git, before)).keys()
        async with self._seen.lock:
            await asyncio.to_thread(self._refuse_to_overwrite, sorted(arriving))
            self._seen.tree = None
            await self._look("read-tree", "-m", "-u", before, marked)
            self._seen.tree = marked
        commit = await commit_tree(self._git, marked, [ours, other], message)
        await move_branch(self._git, self.branch, ours, commit, "cockpit: merge")
        await self._bring_in_step(marked)
        return result

    def _refuse_to_overwrite(self, arriving: list[str]) -> None:
        """Git itself would overwrite ignored files without a word."""
        lost = tuple(path for path in arriving if os.path.lexists(self.path / path))
        if lost:
            shown = ", ".join(repr(path) for path in lost[:5])
            raise GitError(
                f"The merge would overwrite {len(lost)} ignored file(s) in {self.path}: {shown}.",
                kept="Nothing was merged.",
                next="Move them out of the way.",
            )

    def _refuse_too_large(self, paths: list[str]) -> None:
        sizes = {}
        for path in paths:
            with suppress(OSError):  # gone meanwhile, or unreadable: git will tell
                sizes[path] = (self.path / path).lstat().st_size
        total = sum(sizes.values())
        if total > SNAPSHOT_LIMIT_BYTES:
            largest = sorted(sizes, key=lambda path: sizes[path], reverse=True)
            raise TooLarge(total, SNAPSHOT_LIMIT_BYTES, tuple(largest[:_NAMED]))

    async def _bring_in_step(self, tree: TreeId) -> None:
        async with self._seen.lock:
            await asyncio.to_thread(attach_head, self._admin, self.branch)
            if self._seen.tree == tree:
                await asyncio.to_thread(install_index, self._admin, self._index)

    def _prepare(self) -> None:
        try:
            mode = self.path.lstat().st_mode
        except OSError as error:
            raise WorkspaceGone(self.path) from error
        if not stat.S_ISDIR(mode):
            raise WorkspaceGone(self.path)
        # Only holders of our lock use this index, so a lock file is left from a killed process.
        self._index.with_name(f"{self._index.name}.lock").unlink(missing_ok=True)

    async def _changed(self) -> _Changes:
        """Return the paths whose files may differ from our index.

        `git add` is not used: for a submodule it starts a git inside it, with that repository's own filters.
        """
        try:
            async with asyncio.TaskGroup() as group:
                edits = group.create_task(self._look("diff-files", "--name-status", "-z", "--ignore-submodules=dirty"))
                news = group.create_task(self._look("ls-files", "--others", "--exclude-standard", "-z"))
        except* CommandFailed as failed:
            raise failed.exceptions[0] from None
        others = _names(news.result().stdout)
        self._seen.left_out = tuple(path for path in others if path.endswith("/"))
        fields = _names(edits.result().stdout)
        changes = _Changes([], [path for path in others if not path.endswith("/")])
        for status, path in zip(fields[::2], fields[1::2], strict=True):
            (changes.gone if status == "D" else changes.present).append(path)
        return changes

    async def _written(self, changes: _Changes) -> TreeId:
        await self._update(changes)
        try:
            return TreeId((await self._look("write-tree")).text)
        except CommandFailed:
            # Content that was never committed can have been pruned from the repository: read all files again.
            await self._look("read-tree", "--empty")
            await self._look("read-tree", "--reset", f"refs/heads/{self.branch}")
            await self._update(await self._changed())
            return TreeId((await self._look("write-tree")).text)

    async def _update(self, changes: _Changes) -> None:
        await asyncio.to_thread(self._refuse_too_large, changes.present)
        # Removals come first and by name alone: what was a folder may now be a symlink that git will not look behind.
        for paths, how in ((changes.gone, ("--force-remove",)), (changes.present, ("--add", "--remove", "--replace"))):
            if paths:
                listed = os.fsencode("".join(f"{path}\0" for path in paths))
                await self._look("update-index", *how, "-z", "--stdin", stdin=listed)

    async def _look(self, *command: str, stdin: bytes | None = None) -> Output:
        return await self._git.run(*command, work_tree=self.path, index=self._index, stdin=stdin)


def _names(output: bytes) -> list[str]:
    return os.fsdecode(output).split("\0")[:-1]
