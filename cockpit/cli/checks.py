"""Runs the repository's own checks, and rules that are commands, on a person's checkout."""

from __future__ import annotations

import asyncio
import hashlib
import os
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from cockpit.checks.config import CheckConfig
from cockpit.checks.repo import CheckCache
from cockpit.checks.runtime import CheckRunner, Confine, Target
from cockpit.checks.runtime.rule_bases import base_of, bases_of
from cockpit.checks.runtime.rule_commands import Commanded, carry_out
from cockpit.checks.service.rule_commands import commands, compares
from cockpit.checks.types import CheckResult, When
from cockpit.cli.checkout import Checkout
from cockpit.providers.git.edit import read_blobs
from cockpit.providers.git.run import Git
from cockpit.providers.git.trees import list_files
from cockpit.providers.globs import matching
from cockpit.providers.paths import Paths
from cockpit.providers.process import run
from cockpit.providers.sandbox import Policy, Sandbox
from cockpit.providers.secrets import redact
from cockpit.rules.runtime.sources import Sources
from cockpit.rules.types import Rule
from cockpit.types import TreeId


def concerned(checks: Sequence[CheckConfig], changed: frozenset[str] | None) -> list[CheckConfig]:
    """Return the checks whose verdict a change could alter."""
    return [check for check in checks if changed is None or matching(changed, check.inputs)]


async def run_all(
    checks: Sequence[CheckConfig], rules: Sequence[Rule], sources: Sources, checkout: Checkout, base: str
) -> tuple[tuple[CheckResult, ...], Commanded]:
    """Run checks, and rules that are commands, confined as in a session where this machine can.

    A known verdict is not sought again.

    Args:
        checks: the repository's checks.
        rules: its rules; those that are no commands are left out.
        sources: all files.
        checkout: where they are, and what changed.
        base: the commit or branch that rules compare with.

    Raises:
        GitError: it cannot be read.
    """
    paths = Paths.for_repo(checkout.root)
    due = concerned(checks, checkout.changed)
    asked = commands(rules, checkout.changed)
    if not due and not asked:
        return (), Commanded()
    files, sandbox = await asyncio.gather(asyncio.to_thread(_contents, sources), asyncio.to_thread(Sandbox.detect))
    cache = await asyncio.to_thread(CheckCache, paths.artifacts / "checks", redact=redact)
    runner = CheckRunner(run, cache, os.cpu_count() or 1, confine=_confine(sandbox, paths))
    digest = hashlib.sha256("\0".join(f"{path}\0{mark}" for path, mark in files.items()).encode("utf-8", "replace"))
    target = Target(root=sources.root, tree=TreeId(digest.hexdigest()), files=files)
    git, before = await _before(checkout.root, base) if any(map(compares, asked)) else (None, {})

    async def read(blobs: Iterable[str], limit_bytes: int) -> Mapping[str, bytes]:
        return await read_blobs(git, blobs, limit_bytes) if git is not None else {}

    compared = await base_of(asked, before, read, bases_of(paths))
    async with asyncio.TaskGroup() as group:
        checking = group.create_task(runner.run(due, When.MERGE, target))
        commanding = group.create_task(carry_out(asked, runner, target, checkout.changed, compared))
    return checking.result(), commanding.result()


async def git_of(root: Path) -> Git:
    """Return git for the repository that a checkout belongs to. Raises `GitError`."""
    found = await Git(None, user_settings=True).run("rev-parse", "--absolute-git-dir", cwd=root)
    return Git(Path(found.text.strip()))


async def parted_from(git: Git, base: str) -> str:
    """Return the commit at which what is checked out and a base parted; empty: there is none. Raises `GitError`."""
    found = await git.run("merge-base", "--end-of-options", base, "HEAD", ok=(0, 1, 128))
    return found.text.strip() if found.code == 0 else ""


async def _before(root: Path, base: str) -> tuple[Git, dict[str, str]]:
    git = await git_of(root)
    commit = await parted_from(git, base)
    listed = await list_files(git, commit) if commit else {}
    return git, {path: str(blob) for path, blob in listed.items()}


def _confine(sandbox: Sandbox, paths: Paths) -> Confine:
    hidden = (paths.state, paths.workspaces)

    def confine(argv: Sequence[str], *, root: Path, scratch: Path, network: bool) -> Sequence[str]:
        shown = (root / ".git", bases_of(paths))
        policy = Policy(workspace=root, writable=(scratch,), hidden=hidden, read_only=shown, network=network)
        return sandbox.wrap(argv, policy)

    return confine


def _contents(sources: Sources) -> dict[str, str]:
    """Return a digest of the content of each file."""
    return {path: sources.mark(path) or "" for path in sources.paths}
