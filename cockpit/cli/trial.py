"""Tries proposed checks on a copy of what is committed, prepared and confined as a session's workspace would be."""

from __future__ import annotations

import asyncio
import contextlib
import os
import shutil
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from cockpit.checks.repo import CheckCache
from cockpit.checks.runtime import CheckRunner, Target
from cockpit.checks.runtime.detect import Proposal, Setup, Trial, propose, propose_setup, try_out
from cockpit.providers.git import Repository
from cockpit.providers.paths import Paths
from cockpit.providers.process import ProcessError, run
from cockpit.providers.sandbox import Policy, Sandbox, scrubbed_env
from cockpit.providers.secrets import redact
from cockpit.providers.text import clean, clean_line
from cockpit.types import TreeId

_SETUP_TIMEOUT_S = 900.0
_TICK_S = 0.5


@dataclass(frozen=True, slots=True)
class Looked:
    """What was found out about a repository."""

    trials: tuple[Trial, ...]
    setup: Setup


async def look(paths: Paths) -> Looked:
    """Propose checks for a repository and run each once, showing progress on standard error.

    Nothing is written to the repository. Verdicts are kept in the cache of checks, where sessions find them.

    Raises:
        GitError: the repository cannot be read, or has no commit.
    """
    paths.ensure()
    with tempfile.TemporaryDirectory(prefix="trial-", dir=paths.data) as folder:
        repository = await Repository.open(paths.repo, Path(folder, "git"))
        tree = TreeId(await repository.tree_of(await repository.resolve("HEAD")))
        files = await repository.list_files(tree)
        proposals = await asyncio.to_thread(propose, paths.repo)
        setup = await asyncio.to_thread(propose_setup, paths.repo, files)
        if not proposals:
            return Looked((), setup)
        copy, scratch = Path(folder, "copy"), Path(folder, "scratch")
        await asyncio.to_thread(scratch.mkdir)
        await repository.materialise(tree, copy)
        await asyncio.to_thread(_copy_local_files, paths.repo, copy, setup.copy)
        sandbox = await asyncio.to_thread(Sandbox.detect)
        confine = _Confine(sandbox, hidden=(paths.state, paths.workspaces))
        await _set_up(setup, copy, scratch, confine)
        target = Target(root=copy, tree=tree, files=files, tool_roots=(paths.repo,))
        return Looked(await _try_out(proposals, target, confine, paths), setup)


class _Confine:
    """Confines commands as the supervisor does, where this machine can."""

    def __init__(self, sandbox: Sandbox, hidden: tuple[Path, ...]) -> None:
        self._sandbox = sandbox
        self._hidden = hidden

    def __call__(self, argv: Sequence[str], *, root: Path, scratch: Path, network: bool) -> Sequence[str]:
        policy = Policy(workspace=root, writable=(scratch,), hidden=self._hidden, network=network)
        return self._sandbox.wrap(argv, policy)


def _copy_local_files(repo: Path, copy: Path, names: Sequence[str]) -> None:
    for name in names:
        shutil.copy2(repo / name, copy / name)


async def _set_up(setup: Setup, copy: Path, scratch: Path, confine: _Confine) -> None:
    if setup.command is None:
        return
    line = " ".join(setup.command)
    try:
        async with _progress(lambda: f"set-up: {line}"):
            done = await run(
                confine(setup.command, root=copy, scratch=scratch, network=True),
                cwd=copy,
                env=scrubbed_env({"TMPDIR": str(scratch)}),
                timeout_s=_SETUP_TIMEOUT_S,
            )
    except ProcessError as error:
        _say(f"set-up: {error}")
        return
    if done.ok:
        _say(f"set-up: {line} ({done.duration_s:.1f} s)")
        return
    said = (done.stderr or done.stdout).decode(errors="replace").strip().rpartition("\n")[2]
    _say(f"set-up: {line} failed, so checks may not run: {said[:300]}")


async def _try_out(proposals: Sequence[Proposal], target: Target, confine: _Confine, paths: Paths) -> tuple[Trial, ...]:
    cache = await asyncio.to_thread(CheckCache, paths.artifacts / "checks", redact=redact)
    runner = CheckRunner(run, cache, os.cpu_count() or 1, confine=confine)
    waiting = [proposal.check.name for proposal in proposals]
    width = max(map(len, waiting))

    def tried(trial: Trial) -> None:
        name = trial.proposal.check.name
        waiting.remove(name)
        _say(f"{name:<{width}}  {trial.verdict}")

    async with _progress(lambda: f"trying {', '.join(waiting)}"):
        return await try_out(proposals, runner, target, tried)


def _say(text: str) -> None:
    print(f"{_wipe()}  {clean_line(text)}", file=sys.stderr, flush=True)


def _wipe() -> str:
    return "\r\x1b[2K" if sys.stderr.isatty() else ""


@asynccontextmanager
async def _progress(what: Callable[[], str]) -> AsyncIterator[None]:
    """Keep a line on the terminal that says what is under way and for how long; without a terminal, stay silent."""
    started = time.monotonic()

    async def tick() -> None:
        while True:
            width = shutil.get_terminal_size().columns - 12
            text = clean(what())[: max(10, width)]
            print(f"{_wipe()}  {text} {time.monotonic() - started:.0f} s", end="", file=sys.stderr, flush=True)
            await asyncio.sleep(_TICK_S)

    ticking = asyncio.create_task(tick()) if sys.stderr.isatty() else None
    try:
        yield
    finally:
        if ticking is not None:
            ticking.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await ticking
            print(_wipe(), end="", file=sys.stderr, flush=True)
