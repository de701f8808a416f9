"""Lays out the files that rules compare a change with, as they were where it began: once for each content."""

from __future__ import annotations

import asyncio
import hashlib
import os
import shutil
import tempfile
from collections.abc import Awaitable, Callable, Iterable, Mapping
from pathlib import Path

from cockpit.checks.service.rule_commands import Base, compares, globs_of
from cockpit.providers.globs import matching
from cockpit.providers.paths import Paths
from cockpit.rules.types import Rule

FILE_LIMIT_BYTES = 16 << 20
"""Larger files are not laid out; a rule has nothing to compare them with."""
_FOLDERS_KEPT = 32

ReadBlobs = Callable[[Iterable[str], int], Awaitable[Mapping[str, bytes]]]
"""Returns contents by their ids; those larger than the limit in bytes are left out."""


def bases_of(paths: Paths) -> Path:
    """Return where files are laid out; whoever confines checks shows it to them."""
    return paths.data / "rule-bases"


async def base_of(rules: Iterable[Rule], files: Mapping[str, str], read: ReadBlobs, place: Path) -> Base | None:
    """Lay out what some rules compare with; None: none of them compares.

    Args:
        rules: rules that are commands.
        files: path to content id of everything where the change began.
        read: reads contents.
        place: where folders of this kind are kept; see `bases_of`.

    Raises:
        OSError: the disk does not take it.
    """
    comparing = [rule for rule in rules if compares(rule)]
    if not comparing:
        return None
    wanted = {path: files[path] for rule in comparing for path in matching(files, globs_of(rule))}
    folder = place / _digest(wanted)
    if not folder.exists():
        contents = await read(wanted.values(), FILE_LIMIT_BYTES)
        there = {path: contents[blob] for path, blob in wanted.items() if blob in contents}
        await asyncio.to_thread(_lay_out, folder, there)
    return Base(str(folder), await asyncio.to_thread(_used, folder))


def _digest(files: Mapping[str, str]) -> str:
    """Return a name for these contents: what is compared with is part of the command, and so of what is known of it."""
    said = "\0".join(f"{path}\0{blob}" for path, blob in sorted(files.items()))
    return hashlib.sha256(said.encode("utf-8", "surrogateescape")).hexdigest()[:24]


def _used(folder: Path) -> frozenset[str]:
    """Return the files of a folder, and say that it is in use."""
    os.utime(folder)
    return frozenset(one.relative_to(folder).as_posix() for one in folder.rglob("*") if one.is_file())


def _lay_out(folder: Path, files: Mapping[str, bytes]) -> None:
    """Write files under a folder, all or nothing, and forget those laid out longest ago."""
    place = folder.parent
    place.mkdir(mode=0o700, parents=True, exist_ok=True)
    old = sorted(place.iterdir(), key=lambda one: one.stat().st_mtime, reverse=True)
    for one in old[_FOLDERS_KEPT - 1 :]:
        shutil.rmtree(one, ignore_errors=True)
    fresh = Path(tempfile.mkdtemp(dir=place, prefix="new-"))
    try:
        for path, content in files.items():
            if not any(part in ("", ".", "..") for part in path.split("/")):
                file = fresh / path
                file.parent.mkdir(parents=True, exist_ok=True)
                file.write_bytes(content)
        if not folder.exists():  # somebody else may have been faster
            fresh.rename(folder)
    finally:
        shutil.rmtree(fresh, ignore_errors=True)
