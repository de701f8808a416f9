"""Writing an exact tree into a folder, again and again, rewriting only what differs."""

from __future__ import annotations

import asyncio
import hashlib
import os
import shutil
import stat
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from cockpit.providers.git.errors import CommandFailed, GitError
from cockpit.providers.git.owned import Places
from cockpit.providers.git.run import Git
from cockpit.providers.git.trees import checked


async def materialise(git: Git, places: Places, tree: str, directory: Path) -> None:
    """Make `directory` hold exactly the files of `tree`; anything else in it is removed.

    Raises:
        GitError: The folder is a symlink or a file, or cannot be written.
    """
    checked(tree)
    index = _index(places, directory)
    try:
        await asyncio.to_thread(_prepare, directory, index)
        try:
            await _fill(git, tree, directory, index)
        except CommandFailed:
            # Tests can leave folders nobody may enter, and a killed run a half-written index: begin anew, once.
            await asyncio.to_thread(_start_over, directory, index)
            await _fill(git, tree, directory, index)
    except OSError as error:
        raise GitError(
            f"{directory} cannot be filled: {error}.", next="Make it a writable folder of its own."
        ) from error


def _index(places: Places, directory: Path) -> Path:
    return places.index(f"tree-{hashlib.sha256(os.fsencode(directory.absolute())).hexdigest()[:20]}")


async def _fill(git: Git, tree: str, directory: Path, index: Path) -> None:
    await git.run("read-tree", "--reset", "-u", tree, work_tree=directory, index=index)
    await git.run("clean", "-ffdxq", work_tree=directory, index=index)


def _prepare(directory: Path, index: Path) -> None:
    directory.mkdir(parents=True, exist_ok=True)
    if directory.is_symlink():
        raise NotADirectoryError(f"{directory} is a symlink")
    _unlock(index)
    inner = directory / ".git"  # git never looks at an entry of this name, so `clean` would leave it
    if os.path.lexists(inner):
        remove_entry(inner)


def _start_over(directory: Path, index: Path) -> None:
    index.unlink(missing_ok=True)
    _unlock(index)
    empty_folder(directory)


def _unlock(index: Path) -> None:
    index.with_name(f"{index.name}.lock").unlink(missing_ok=True)


def empty_folder(folder: Path) -> None:
    """Remove everything in a folder, folders without permission included; symlinks are not followed."""
    folder.chmod(stat.S_IRWXU)
    for entry in folder.iterdir():
        remove_entry(entry)


def remove_entry(path: Path) -> None:
    """Remove a file, symlink or whole folder, folders without permission included; symlinks are not followed."""
    if path.is_symlink() or not path.is_dir():
        path.unlink(missing_ok=True)
        return
    shutil.rmtree(path, onerror=_permit_and_retry)


def _permit_and_retry(function: Callable[..., object], name: str, _why: object) -> None:
    path = Path(name)
    for folder in (path.parent, path):
        if folder.is_dir() and not folder.is_symlink():
            folder.chmod(stat.S_IRWXU)
    with suppress(FileNotFoundError):
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        else:
            path.unlink()
