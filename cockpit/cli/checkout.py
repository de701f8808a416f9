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
    known, others, changed = await asyncio.gather(
        _names(git, root, "ls-files", "--cached"),
        _names(git, root, "ls-files", "--others", "--exclude-standard"),
        _nothing() if base is None else _differing(git, root, base),
    )
    return Checkout(root, tuple(sorted(known | others)), None if changed is None else changed | others)


def is_agents(root: Path, paths: Paths) -> bool:
    """Return whether a checkout is an agent's workspace, in which nothing may be run on the agent's word."""
    link = root / ".git"
    said = link.read_text(encoding="utf-8", errors="replace").strip() if link.is_file() else ""
    leads_to = Path(said.removeprefix("gitdir:").strip() or root)
    ours = (paths.data.parent, paths.state.parent)
    return any(one.resolve().is_relative_to(folder.resolve()) for one in (root, leads_to) for folder in ours)


async def _nothing() -> None:
    return None


async def _differing(git: Git, root: Path, base: str) -> frozenset[str] | None:
    """Return what differs from the base; None where there is no commit yet, so that everything is new."""
    if base == "HEAD":
        said = await git.run("rev-parse", "--verify", "--quiet", "HEAD", cwd=root, ok=(0, 1))
        if said.code != 0:
            return None
        return await _names(git, root, "diff", "--name-only", "--no-renames", "HEAD")
    try:
        parted = (await git.run("merge-base", "--end-of-options", base, "HEAD", cwd=root)).text.strip()
    except CommandFailed as error:
        raise UsageError(f"cannot compare with {base}: {error}") from error
    return await _names(git, root, "diff", "--name-only", "--no-renames", parted)


async def _names(git: Git, root: Path, *words: str) -> frozenset[str]:
    try:
        said = await git.run(words[0], "-z", *words[1:], cwd=root)
    except CommandFailed as error:
        raise UsageError(f"git cannot list the files of {root}: {error}") from error
    return frozenset(os.fsdecode(name) for name in said.stdout.split(b"\0") if name)
