"""Adding and removing the work trees of sessions.

Each is a real linked worktree of the repository, so that the agent's own git and `git worktree list` see it. What we
believe about it is in a record of our own, since an agent can rewrite everything in the repository's administration.
"""

from __future__ import annotations

import asyncio
import json
import os
import re
from dataclasses import dataclass
from pathlib import Path

from cockpit.providers.git.admin import install_index, read_head, write_admin
from cockpit.providers.git.branches import brings_nothing, drop_branch, move_branch
from cockpit.providers.git.errors import BranchMoved, GitError, UnknownRevision, WorkspaceGone, WouldLose
from cockpit.providers.git.materialise import remove_entry
from cockpit.providers.git.owned import Places
from cockpit.providers.git.run import Git
from cockpit.providers.git.trees import branch_ref, branch_tip, checked, diff_stat, tree_of
from cockpit.providers.git.types import CommitId
from cockpit.providers.git.worktree import Snapshots, Worktree

_SESSION = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,99}")


@dataclass(frozen=True, slots=True)
class _Record:
    path: Path
    branch: str
    base: CommitId
    ready: bool


class Worktrees:
    """The work trees of all sessions of one repository."""

    def __init__(self, git: Git, places: Places) -> None:
        self._git = git
        self._places = places
        self._seen: dict[str, Snapshots] = {}
        self._adding = asyncio.Lock()

    @property
    def paths(self) -> frozenset[Path]:
        """Where our work trees are."""
        records = (self._places.owned / "worktrees").glob("*.json")
        return frozenset(record.path for file in records if (record := _load(file)))

    def all(self) -> list[Worktree]:
        """Return the work trees on record, complete ones only, by session name."""
        files = sorted((self._places.owned / "worktrees").glob("*.json"))
        records = ((file.stem, _load(file)) for file in files)
        return [self._handle(session, record) for session, record in records if record and record.ready]

    async def add(self, session: str, path: Path, branch: str, base: str) -> Worktree:
        """Add a session's work tree, or return the one it has; see `Repository.add_worktree`."""
        if not _SESSION.fullmatch(session) or session.endswith(".lock"):
            raise GitError(f"{session!r} is not a possible session name.", next="Use letters, digits, '-', '_', '.'.")
        path = path.parent.resolve() / path.name
        async with self._adding:
            record = await asyncio.to_thread(_load, self._file(session))
            if record is None or record.path != path:
                await asyncio.to_thread(_require_free, path, session, record)
                taken = await self._take_branch(branch, CommitId(checked(base)))
                record = _Record(path, taken, CommitId(base), ready=False)
                await asyncio.to_thread(self._save, session, record)
            elif await branch_tip(self._git, record.branch) is None:
                await move_branch(self._git, record.branch, None, record.base, "cockpit: recreate")
            if not record.ready or not await asyncio.to_thread(_is_folder, path):
                await self._check_out(session, record)
            await asyncio.to_thread(self._link, session, record)
        return self._handle(session, record)

    async def remove(self, worktree: Worktree, into: str | None, *, force: bool) -> None:
        """Remove a session's work tree and keep its branch; see `Repository.remove_worktree`."""
        if not force:
            await self._refuse_loss(worktree, into)
        await asyncio.to_thread(self._delete, worktree)
        self._seen.pop(worktree.session, None)

    async def _refuse_loss(self, worktree: Worktree, into: str | None) -> None:
        tip = await branch_tip(self._git, worktree.branch) or worktree.base
        dirty: tuple[str, ...] = ()
        try:
            tree = await worktree.snapshot()
        except WorkspaceGone:
            pass
        else:
            if tree != await tree_of(self._git, tip):
                dirty = tuple(stat.path for stat in await diff_stat(self._git, tip, tree))
        unmerged = 0
        target = await branch_tip(self._git, into) if into else None
        if into is not None and (target is None or not await brings_nothing(self._git, tip, target)):
            count = await self._git.run("rev-list", "--count", tip, f"^{target or worktree.base}")
            unmerged = int(count.text)
        if dirty or worktree.left_out or unmerged:
            raise WouldLose(str(worktree.path), dirty=dirty, nested=worktree.left_out, unmerged=unmerged)

    async def _take_branch(self, wanted: str, base: CommitId) -> str:
        branch_ref(wanted)
        name, number = wanted, 1
        while True:
            try:
                await move_branch(self._git, name, None, base, "cockpit: create")
            except BranchMoved:
                number += 1
                name = f"{wanted}-{number}"
            else:
                return name

    async def _check_out(self, session: str, record: _Record) -> None:
        """Write the branch's files into an empty folder, through an index of our own."""
        tip = await branch_tip(self._git, record.branch)
        if tip is None:
            raise UnknownRevision(f"Branch {record.branch} is gone.", next="Remove the worktree and add it again.")
        index = self._places.index(session)
        await asyncio.to_thread(_clear, record.path, index)
        self._seen.pop(session, None)
        await self._git.run("read-tree", "--reset", "-u", tip, work_tree=record.path, index=index)
        await asyncio.to_thread(self._save, session, _Record(record.path, record.branch, record.base, ready=True))

    def _link(self, session: str, record: _Record) -> None:
        """Make the folder a linked worktree of the repository, where it is not (any more)."""
        admin = self._admin(session)
        link = record.path / ".git"
        intact = read_head(admin).branch == record.branch and link.is_file() and not link.is_symlink()
        if intact and link.read_bytes() == os.fsencode(f"gitdir: {admin}\n"):
            return
        try:
            if link.is_dir() and not link.is_symlink():
                raise GitError(
                    f"{link} has become a repository of its own.",
                    kept="It was left as it is.",
                    next="Move it away and add the worktree again.",
                )
            write_admin(self._places.common, admin.name, record.path, record.branch)
            install_index(admin, self._places.index(session))
        except OSError as error:
            raise GitError(
                f"{record.path} cannot be made a worktree of the repository: {error}.",
                kept="Its files were kept.",
                next="Make the repository's .git/worktrees writable.",
            ) from error

    def _delete(self, worktree: Worktree) -> None:
        for path in (worktree.path, self._admin(worktree.session)):
            if os.path.lexists(path):
                remove_entry(path)
        index = self._places.index(worktree.session)
        for file in (index, index.with_name(f"{index.name}.lock"), self._file(worktree.session)):
            file.unlink(missing_ok=True)

    def _handle(self, session: str, record: _Record) -> Worktree:
        seen = self._seen.setdefault(session, Snapshots())
        index, admin = self._places.index(session), self._admin(session)
        return Worktree(session, record.path, record.branch, record.base, self._git, admin, index, seen)

    def _admin(self, session: str) -> Path:
        return self._places.common / "worktrees" / f"cockpit-{session}"

    def _file(self, session: str) -> Path:
        return self._places.owned / "worktrees" / f"{session}.json"

    def _save(self, session: str, record: _Record) -> None:
        fields = {"path": str(record.path), "branch": record.branch, "base": record.base, "ready": record.ready}
        fresh = self._file(session).with_suffix(".new")
        fresh.write_text(json.dumps(fields))
        fresh.replace(self._file(session))


async def drop_unneeded_branch(git: Git, branch: str, into: str | None, *, force: bool) -> None:
    """Delete a branch; see `Repository.delete_branch`."""
    tip = await branch_tip(git, branch)
    if tip is None:
        return
    if not force:
        target = await branch_tip(git, into) if into else None
        if target is None or not await brings_nothing(git, tip, target):
            count = await git.run("rev-list", "--count", tip, *([f"^{target}"] if target else []))
            raise WouldLose(f"branch {branch}", dirty=(), nested=(), unmerged=int(count.text))
    await drop_branch(git, branch, tip)


def _load(file: Path) -> _Record | None:
    try:
        fields = json.loads(file.read_text())
    except FileNotFoundError:
        return None
    return _Record(Path(fields["path"]), fields["branch"], CommitId(fields["base"]), fields["ready"])


def _is_folder(path: Path) -> bool:
    return path.is_dir() and not path.is_symlink()


def _require_free(path: Path, session: str, record: _Record | None) -> None:
    if record is not None:
        raise GitError(
            f"Session {session} has its worktree at {record.path}, not at {path}.",
            kept="It was left as it is.",
            next="Remove that worktree first.",
        )
    if os.path.lexists(path) and not (_is_folder(path) and not any(path.iterdir())):
        raise GitError(f"{path} is not empty.", kept="It was left as it is.", next="Choose another folder.")


def _clear(path: Path, index: Path) -> None:
    for stale in (index, index.with_name(f"{index.name}.lock")):
        stale.unlink(missing_ok=True)
    if os.path.lexists(path):
        remove_entry(path)
    path.mkdir(parents=True)
