"""A person's repository, as the supervisor sees it: everything it does with git starts here."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from cockpit.providers.git import branches, disk, edit, landing, merge, trees
from cockpit.providers.git.admin import Head, read_head
from cockpit.providers.git.errors import CommandFailed, NoCommits, NotARepository
from cockpit.providers.git.materialise import materialise
from cockpit.providers.git.owned import Places, prepare
from cockpit.providers.git.run import Git, check_version
from cockpit.providers.git.settings import Settings, read_settings
from cockpit.providers.git.types import (
    Author,
    BlobId,
    CommitId,
    DiskUse,
    FileContent,
    FileStat,
    LandResult,
    MergeResult,
    TreeId,
)
from cockpit.providers.git.worktree import Worktree
from cockpit.providers.git.worktrees import Worktrees, drop_unneeded_branch

_HEAD = re.compile(r"(?:HEAD|@)(?=$|[~^])")


class Repository:
    """One repository and our own git directory for it. Made by `Repository.open`.

    Attributes:
        places: Where the repository and our own git directory are.
        identity: Who commits are by when nobody else is named.
    """

    def __init__(self, git: Git, places: Places, settings: Settings) -> None:
        self.places = places
        self.identity = settings.identity
        self._git = git
        self._filters = settings.filters
        self._worktrees = Worktrees(git, places)
        self._landing = asyncio.Lock()
        self._filling: dict[Path, asyncio.Lock] = {}

    @classmethod
    async def open(cls, path: Path, owned: Path, *, parallel: int = 4) -> Repository:
        """Open the repository that `path` is in.

        Args:
            path: A folder in it, or a bare repository.
            owned: A folder that is this repository's alone, for our own git directory. Created when absent.
            parallel: How many git commands may run at once.

        Raises:
            GitMissing: git is not there or too old.
            NotARepository: The path is in no repository, or in one this program cannot work with.
            NoCommits: It has no commit yet.
            GitError: `owned` cannot be used.
        """
        program = Git(None, user_settings=True)
        await check_version(program)
        places = await _discover(program, path, owned)
        settings = await asyncio.to_thread(read_settings, places.common)
        await asyncio.to_thread(prepare, places, settings)
        git = Git(places.owned, program=program.program, parallel=parallel, identity=settings.identity)
        repository = cls(git, places, settings)
        if not (await git.run("rev-list", "--max-count=1", "--all")).stdout:
            raise NoCommits(
                f"{places.root} has no commit yet.", next='Make a first one: git commit --allow-empty -m "Begin"'
            )
        return repository

    @property
    def root(self) -> Path:
        """The top of the work tree it was opened in; the git directory itself when bare."""
        return self.places.root

    @property
    def is_bare(self) -> bool:
        """Whether it has no work tree of its own."""
        return self.places.bare

    async def resolve(self, ref: str) -> CommitId:
        """Return the commit of a branch, tag, id or expression such as `HEAD~2`.

        Raises:
            UnknownRevision: There is none.
        """
        if _HEAD.match(ref):
            head = await asyncio.to_thread(read_head, self.places.head_dir)
            ref = _HEAD.sub(f"refs/heads/{head.branch}" if head.branch else str(head.commit), ref)
        return await trees.resolve(self._git, ref)

    async def tree_of(self, commit: CommitId) -> TreeId:
        """Return a commit's tree.

        Raises:
            UnknownRevision: There is no such commit.
        """
        return await trees.tree_of(self._git, commit)

    async def current_branch(self) -> str | None:
        """Return the branch checked out where the repository was opened; None when detached."""
        head: Head = await asyncio.to_thread(read_head, self.places.head_dir)
        return head.branch

    async def branch_tip(self, branch: str) -> CommitId | None:
        """Return the commit a branch is at, or None when there is no such branch."""
        return await trees.branch_tip(self._git, branch)

    async def branch_exists(self, branch: str) -> bool:
        """Return whether there is such a branch."""
        return await self.branch_tip(branch) is not None

    async def merge_base(self, a: CommitId, b: CommitId) -> CommitId | None:
        """Return the best common ancestor of two commits, or None."""
        return await trees.merge_base(self._git, a, b)

    async def is_merged(self, branch: str, into: str) -> bool:
        """Return whether merging the branch would bring nothing new, also when it landed as other commits."""
        return await branches.is_merged(self._git, branch, into)

    async def delete_branch(self, branch: str, *, into: str | None = None, force: bool = False) -> None:
        """Delete a branch that is merged into `into` (the current branch when None), or any when forced.

        Raises:
            WouldLose: It is not merged.
            BranchMoved: Somebody moved it meanwhile.
        """
        await drop_unneeded_branch(self._git, branch, into or await self.current_branch(), force=force)

    async def add_worktree(self, session: str, path: Path, branch: str, base: CommitId) -> Worktree:
        """Give a session a work tree at `path` on a new branch that begins at `base`.

        A session that has one at that path gets it back, repaired where its link to the repository or its whole folder
        is gone. A branch name in use gets -2, -3 and so on. No hook or filter runs.

        Raises:
            GitError: The folder is not empty, the names are not possible, or something cannot be written.
        """
        return await self._worktrees.add(session, path, branch, base)

    async def remove_worktree(self, worktree: Worktree, *, into: str | None = None, force: bool = False) -> None:
        """Remove a session's work tree; its branch stays.

        Args:
            worktree: Which one.
            into: The branch that should have its commits; the current one when None.
            force: Remove it whatever is lost.

        Raises:
            WouldLose: It has uncommitted, nested or unmerged work.
        """
        await self._worktrees.remove(worktree, into or await self.current_branch(), force=force)

    async def list_worktrees(self) -> list[Worktree]:
        """Return the work trees of all sessions, by session name; their folders may have been deleted."""
        return await asyncio.to_thread(self._worktrees.all)

    async def diff(
        self,
        base: TreeId | CommitId,
        tree: TreeId | CommitId,
        paths: Sequence[str] | None = None,
        context: int = 3,
        *,
        limit_bytes: int = trees.DIFF_LIMIT_BYTES,
    ) -> str:
        """Return the difference of two trees as unified text; renames are found, binary files named.

        Args:
            base: The older tree or commit.
            tree: The newer one.
            paths: Only these, literally; all when None.
            context: Unchanged lines around each change.
            limit_bytes: Cut the text there, with a note.
        """
        return await trees.diff(self._git, base, tree, paths, context, limit_bytes)

    async def diff_stat(self, base: TreeId | CommitId, tree: TreeId | CommitId) -> list[FileStat]:
        """Return how every differing file differs, by path."""
        return await trees.diff_stat(self._git, base, tree)

    async def read_file(self, tree: TreeId | CommitId, path: str, limit_bytes: int) -> FileContent:
        """Return the beginning of a file in a tree.

        Raises:
            UnknownRevision: There is no such file.
        """
        return await trees.read_file(self._git, tree, path, limit_bytes)

    async def list_files(self, tree: TreeId | CommitId, under: str = "") -> dict[str, BlobId]:
        """Return the content id of every file and symlink in a tree, or in one folder of it."""
        return await trees.list_files(self._git, tree, under)

    async def read_blobs(self, blobs: Iterable[str], limit_bytes: int) -> dict[str, bytes]:
        """Return the contents of files by their ids; what is larger than `limit_bytes` is left out."""
        return await edit.read_blobs(self._git, blobs, limit_bytes)

    async def with_files(self, tree: TreeId, files: Mapping[str, bytes | None]) -> TreeId:
        """Return a tree like another one but for these files: their content, or None for those that are to be gone."""
        return await edit.with_files(self._git, self.places, tree, files)

    async def create_branch(self, branch: str, commit: CommitId) -> None:
        """Create a branch. Raises `BranchMoved` when there is one of that name."""
        await branches.move_branch(self._git, branch, None, commit, "cockpit: created")

    async def merge_trees(self, target: CommitId, change: CommitId) -> MergeResult:
        """Merge `change` into `target` and return the tree, or the conflicts. Nothing moves."""
        return await merge.merge_trees(self._git, target, change)

    async def commit_tree(
        self, tree: TreeId, parents: Sequence[CommitId], message: str, author: Author | None = None
    ) -> CommitId:
        """Make a commit of a tree and return it. Nothing moves."""
        return await merge.commit_tree(self._git, tree, parents, message, author)

    async def materialise(self, tree: TreeId | CommitId, directory: Path) -> None:
        """Make `directory` hold exactly the files of a tree, rewriting only what differs; the rest in it is removed.

        Raises:
            GitError: The folder cannot be written.
        """
        async with self._filling.setdefault(directory, asyncio.Lock()):
            await materialise(self._git, self.places, tree, directory)

    async def land(self, branch: str, expected_old: CommitId, new_commit: CommitId) -> LandResult:
        """Fast-forward a branch by compare-and-swap, together with people's checkouts of it.

        A checkout (the repository's own or a linked worktree that is not a session's) follows when it shows exactly
        the old commit and nothing is in the way; otherwise nothing moves at all and the result says why.
        """
        async with self._landing:
            ours = await asyncio.to_thread(lambda: self._worktrees.paths)
            return await landing.land(
                self._git, self.places, landing.Step(branch, expected_old, new_commit), ours, self._filters
            )

    async def disk_use(self) -> dict[str, DiskUse]:
        """Return what each session's work tree takes on disk, by session name."""
        found = await self.list_worktrees()
        return {one.session: await asyncio.to_thread(disk.disk_use, one.path) for one in found}


async def _discover(git: Git, path: Path, owned: Path) -> Places:
    flags = ("--is-bare-repository", "--is-inside-work-tree", "--absolute-git-dir", "--git-common-dir")
    try:
        bare, inside, head_dir, common = (await _ask(git, path, *flags)).split("\n")
        is_bare = bare == "true"
        if not is_bare and inside != "true":
            raise NotARepository(f"{path} is inside a .git folder.", next="Name the folder of the work tree instead.")
        root = common if is_bare else await _ask(git, path, "--show-toplevel")
    except CommandFailed as error:
        raise NotARepository(
            f"{path} is not in a git repository: {error.stderr.strip() or error.what}",
            next="Go to one, or run `git init`.",
        ) from error
    return await asyncio.to_thread(_resolved, owned, common, root, head_dir, is_bare=is_bare)


def _resolved(owned: Path, common: str, root: str, head_dir: str, *, is_bare: bool) -> Places:
    return Places(owned.resolve(), Path(common).resolve(), Path(root).resolve(), Path(head_dir).resolve(), is_bare)


async def _ask(git: Git, path: Path, *flags: str) -> str:
    return (await git.run("rev-parse", "--path-format=absolute", *flags, cwd=path)).text
