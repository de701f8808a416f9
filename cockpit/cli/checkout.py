"""Which files a checkout holds, and which of them a change touches, as git tells it."""

from __future__ import annotations

import asyncio
import os
from dataclasses import dataclass
from pathlib import Path

from cockpit.cli.arguments import UsageError
from cockpit.providers.git.errors import CommandFailed
from cockpit.providers.git.run import Git
from cockpit.providers.paths import Paths


@dataclass(frozen=True, slots=True)
class Checkout:
    """A person's work tree as it stands, uncommitted changes included."""

    root: Path
    paths: tuple[str, ...]
    """Every file that git tracks or would add."""
    changed: frozenset[str] | None
    """What differs from the base, files that are gone included; None: everything is looked at."""


async def look(root: Path, *, base: str | None) -> Checkout:
    """Return the files of a checkout.

    Args:
        root: its top.
        base: what to compare with: a commit or branch (from where the two parted); None: with nothing.

    Raises:
        UsageError: there is no such commit.
    """
    git = Git(None, user_settings=True)
    listed = _names(git, root, "ls-files", "--cached", "--others", "--exclude-standard")
    if base is None:
        return Checkout(root, tuple(sorted(await listed)), None)
    known, touched, committed = await asyncio.gather(listed, _uncommitted(git, root), _committed(git, root, base))
    return Checkout(root, tuple(sorted(known)), touched | committed)


def is_agents(root: Path, paths: Paths) -> bool:
    """Return whether a checkout is an agent's workspace, in which nothing may be run on the agent's word."""
    link = root / ".git"
    said = link.read_text(encoding="utf-8", errors="replace").strip() if link.is_file() else ""
    leads_to = Path(said.removeprefix("gitdir:").strip() or root)
    ours = (paths.data.parent, paths.state.parent)
    return any(one.resolve().is_relative_to(folder.resolve()) for one in (root, leads_to) for folder in ours)


async def _uncommitted(git: Git, root: Path) -> frozenset[str]:
    """Return what differs from the last commit, new files included."""
    lines = await _names(git, root, "status", "--porcelain", "--untracked-files=all", "--no-renames")
    return frozenset(line[3:] for line in lines)


async def _committed(git: Git, root: Path, base: str) -> frozenset[str]:
    """Return what differs between the last commit and where it parted from the base."""
    if base == "HEAD":
        return frozenset()
    try:
        parted = (await git.run("merge-base", "--end-of-options", base, "HEAD", cwd=root)).text.strip()
    except CommandFailed as error:
        raise UsageError(f"cannot compare with {base}: {error}") from error
    return await _names(git, root, "diff-tree", "-r", "--name-only", "--no-renames", parted, "HEAD")


async def _names(git: Git, root: Path, command: str, *words: str) -> frozenset[str]:
    try:
        # Looking takes no lock, so that it is in nobody's way.
        said = await git.run(command, "-z", *words, cwd=root, env={"GIT_OPTIONAL_LOCKS": "0"})
    except CommandFailed as error:
        raise UsageError(f"git cannot list the files of {root}: {error}") from error
    return frozenset(os.fsdecode(name) for name in said.stdout.split(b"\0") if name)
