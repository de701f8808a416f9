"""The administration files of checkouts, in `.git` and `.git/worktrees/NAME`: read and written without git.

An agent can write them, so what is read is bounded and validated, and what is written never follows a symlink.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from cockpit.providers.git.types import CommitId

_UNDER_WAY: Final = {
    "rebase-merge": "rebase",
    "rebase-apply": "rebase",
    "MERGE_HEAD": "merge",
    "CHERRY_PICK_HEAD": "cherry-pick",
    "REVERT_HEAD": "revert",
    "BISECT_LOG": "bisect",
}
_BRANCH_LINE: Final = re.compile(r"ref: refs/heads/(\S+)")
_COMMIT_LINE: Final = re.compile(r"[0-9a-f]{40}(?:[0-9a-f]{24})?")
_LIMIT_BYTES: Final = 4096


@dataclass(frozen=True, slots=True)
class Head:
    """What a checkout has checked out: a branch, or a commit when detached, or neither when unreadable."""

    branch: str | None = None
    commit: CommitId | None = None


@dataclass(frozen=True, slots=True)
class Checkout:
    """A work tree of the repository and its administration directory."""

    path: Path
    admin: Path
    head: Head


def read_head(admin: Path) -> Head:
    """Return what the checkout with this administration directory has checked out."""
    line = _read_line(admin / "HEAD")
    if match := _BRANCH_LINE.fullmatch(line):
        return Head(branch=match[1])
    return Head(commit=CommitId(line)) if _COMMIT_LINE.fullmatch(line) else Head()


def operation_under_way(admin: Path) -> str | None:
    """Return the name of the unfinished rebase, merge or the like in this checkout, if there is one."""
    return next((word for name, word in _UNDER_WAY.items() if os.path.lexists(admin / name)), None)


def checkouts(common: Path, main: Path | None) -> Iterator[Checkout]:
    """Yield every checkout of the repository that is really there and points back to its administration.

    Args:
        common: The repository's git directory.
        main: Its own work tree; None when it is bare.
    """
    if main is not None:
        yield Checkout(main, common, read_head(common))
    with suppress(OSError):
        for admin in sorted((common / "worktrees").iterdir()):
            path = Path(_read_line(admin / "gitdir")).parent
            # An entry that leads to a folder without the link back may have been made up.
            if path.is_absolute() and _read_line(path / ".git") == f"gitdir: {admin}":
                yield Checkout(path, admin, read_head(admin))


def write_admin(common: Path, name: str, work_tree: Path, branch: str) -> Path:
    """Write what makes `work_tree` a linked worktree of the repository, on `branch`; return the directory."""
    admin = common / "worktrees" / name
    admin.mkdir(parents=True, exist_ok=True)
    files = {"HEAD": f"ref: refs/heads/{branch}\n", "commondir": "../..\n", "gitdir": f"{work_tree / '.git'}\n"}
    for file, text in files.items():
        replace_file(admin, file, os.fsencode(text))
    replace_file(work_tree, ".git", os.fsencode(f"gitdir: {admin}\n"))
    return admin


def attach_head(admin: Path, branch: str) -> None:
    """Make the checkout be on `branch`."""
    replace_file(admin, "HEAD", os.fsencode(f"ref: refs/heads/{branch}\n"))


def replace_file(folder: Path, name: str, data: bytes, *, mtime_ns: int | None = None) -> None:
    """Replace a file at once, wherever a symlink of its name may lead.

    Raises:
        OSError: The folder is missing, a symlink, or not writable.
    """
    with _opened(folder) as descriptor:
        fresh = f"{name}.cockpit"
        with suppress(FileNotFoundError):
            os.unlink(fresh, dir_fd=descriptor)
        _write_new(descriptor, fresh, data, mtime_ns)
        os.replace(fresh, name, src_dir_fd=descriptor, dst_dir_fd=descriptor)


def install_index(admin: Path, source: Path) -> bool:
    """Put a copy of the index `source` into a checkout, under git's own lock; False when somebody holds it.

    The copy keeps the time of the original: git compares it with the files' times to tell which entries it must not
    trust, and a later time would hide an edit made in the same instant.
    """
    data, mtime_ns = source.read_bytes(), source.stat().st_mtime_ns
    with _opened(admin) as descriptor:
        try:
            _write_new(descriptor, "index.lock", data, mtime_ns)
        except FileExistsError:
            return False
        os.replace("index.lock", "index", src_dir_fd=descriptor, dst_dir_fd=descriptor)
    return True


@contextmanager
def _opened(folder: Path) -> Iterator[int]:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
    try:
        yield descriptor
    finally:
        os.close(descriptor)


def _write_new(folder: int, name: str, data: bytes, mtime_ns: int | None) -> None:
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
    with os.fdopen(os.open(name, flags, 0o644, dir_fd=folder), "wb") as file:
        file.write(data)
        file.flush()
        if mtime_ns is not None:
            os.utime(file.fileno(), ns=(mtime_ns, mtime_ns))


def _read_line(path: Path) -> str:
    """Return a small file's first line; empty when it is not a plain, readable file."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
        with os.fdopen(descriptor, "rb") as file:
            return os.fsdecode(file.read(_LIMIT_BYTES).partition(b"\n")[0])
    except OSError:
        return ""
