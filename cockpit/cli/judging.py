"""`cockpit check --judge`: has the supervisor ask an agent about what a person has changed."""

from __future__ import annotations

import asyncio
import os
import shutil
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from cockpit.cli.arguments import UsageError
from cockpit.cli.checkout import Checkout, is_agents
from cockpit.cli.checks import git_of, parted_from
from cockpit.cli.daemon import ask
from cockpit.cli.repository import ensure_supervisor
from cockpit.protocol.rules import JUDGED_LIMIT, JudgeChange
from cockpit.providers.git.errors import GitError
from cockpit.providers.git.run import Git
from cockpit.providers.paths import Paths
from cockpit.rules.config import RulesConfig
from cockpit.rules.repo.files import read_files
from cockpit.rules.types import Engine, Hit, RuleSet


@dataclass(frozen=True, slots=True)
class Asked:
    """What an agent said, and in a line what came of it."""

    note: str
    hits: tuple[Hit, ...] = ()
    rules: int = 0


def ask_judge(checkout: Checkout, rules: RuleSet, config: RulesConfig, base: str) -> Asked:
    """Ask about what differs from where a base and the checkout parted, uncommitted changes included.

    Raises:
        UsageError: no agent is configured for it, or there is nothing to compare with.
    """
    asking = [rule for rule in rules.rules if rule.engine is Engine.JUDGE and rule.is_told]
    if not asking:
        return Asked("no rule is judged by an agent")
    if is_agents(checkout.root, Paths.for_repo(checkout.root)):
        return Asked("no agent is asked in an agent's workspace")
    if not config.judge:
        raise UsageError('no agent judges: name one in cockpit.toml, as in `[rules] judge = "NAME"`')
    try:
        diff = asyncio.run(_diff(checkout.root, base))
    except GitError as error:
        raise UsageError(f"cannot compare with {base}: {error}") from error
    if not diff:
        return Asked("nothing differs that an agent could judge")
    print(f"asking {config.judge}, at its own price; once for each change ...", file=sys.stderr)
    files = {path: text for path, text in read_files(checkout.root).items() if path in _sources(rules)}
    said = ask(ensure_supervisor(checkout.root), JudgeChange(files=files, diff=diff[:JUDGED_LIMIT]))
    if said is None:
        return Asked("no advice: the supervisor did not answer")
    return Asked(said["summary"], tuple(map(Hit.model_validate, said["hits"])), len(asking))


def _sources(rules: RuleSet) -> Sequence[str]:
    return [rule.source for rule in rules.rules if rule.engine is Engine.JUDGE]


async def _diff(root: Path, base: str) -> str:
    """Return what differs, new files included, without touching the person's index."""
    git = await git_of(root)
    commit = await parted_from(git, base)
    if not commit:
        raise GitError(f"There is no commit {base!r} that this one comes from.")
    with tempfile.TemporaryDirectory(prefix="cockpit-judge-") as folder:
        index = Path(folder) / "index"
        own = await git.run("rev-parse", "--git-path", "index", cwd=root)
        there = root / os.fsdecode(own.stdout).strip()
        if there.is_file():
            await asyncio.to_thread(shutil.copyfile, there, index)
        await git.run("add", "--intent-to-add", "--all", work_tree=root, index=index)
        return await _said(git, root, index, commit)


async def _said(git: Git, root: Path, index: Path, commit: str) -> str:
    words = ("--no-color", "--no-ext-diff", "--no-textconv", "--no-renames", "--src-prefix=a/", "--dst-prefix=b/")
    found = await git.run(
        *("diff", *words, commit, "--"),
        work_tree=root,
        index=index,
        limit_bytes=JUDGED_LIMIT,
        config=("-c", "core.quotePath=false"),
    )
    return found.stdout.decode("utf-8", "replace")
