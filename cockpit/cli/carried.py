"""What `cockpit check` carries out besides the scan: checks, rules that are commands, and an agent that judges."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from cockpit.checks.types import CheckResult, Finding
from cockpit.cli.arguments import Arguments, UsageError
from cockpit.cli.check import Seen
from cockpit.cli.checkout import is_agents
from cockpit.providers.paths import Paths
from cockpit.rules.config import RulesConfig
from cockpit.rules.types import Engine, RuleSet, Scan

if TYPE_CHECKING:  # a check that finds nothing to run starts sooner without it
    from cockpit.checks.config import CheckConfig


@dataclass(frozen=True, slots=True)
class Configured:
    """The part of cockpit.toml that counts here."""

    rules: RulesConfig
    checks: tuple[CheckConfig, ...]


@dataclass(frozen=True, slots=True)
class Found:
    """What was carried out, and what came of it."""

    rules: RuleSet
    scan: Scan
    checks: Sequence[CheckResult] = ()
    warnings: Sequence[Finding] = ()
    """Of rules that stop nothing, and could not be carried out."""
    notes: tuple[str, ...] = ()


def carried_out(arguments: Arguments, config: Configured, found: Found, seen: Seen) -> Found:
    """Carry out what was asked for besides the scan. Raises `UsageError`."""
    base = arguments.base or config.rules.base or "HEAD"
    if not arguments.rules_only:
        found = _commanded(config, found, seen, base)
    if arguments.judge:
        return _judged(config, found, seen, base)
    if judges := sum(rule.engine is Engine.JUDGE and rule.is_told for rule in found.rules.rules):
        note = f"{judges} not judged: `--judge` asks an agent, at its price"
        return replace(found, notes=(*found.notes, note))
    return found


def _commanded(config: Configured, found: Found, seen: Seen, base: str) -> Found:
    rules = [rule for rule in found.rules.rules if rule.engine is Engine.COMMAND and rule.is_told]
    notes = found.notes
    if rules and is_agents(seen.checkout.root, Paths.for_repo(seen.checkout.root)):
        rules = []
        notes = (*notes, "rules that are commands are not run in an agent's workspace")
    if not config.checks and not rules:
        return replace(found, notes=notes)
    import asyncio

    from cockpit.cli.checks import run_all
    from cockpit.providers.git.errors import GitError
    from cockpit.rules.service.findings import unjudged
    from cockpit.rules.service.joined import is_harmless, with_hits

    try:
        checks, said = asyncio.run(run_all(config.checks, rules, seen.sources, seen.checkout, base))
    except GitError as error:
        raise UsageError(f"cannot compare with {base}: {error}") from error
    silent = [one for one in said.problems if is_harmless(found.rules.get(one.rule))]
    stopping = [one for one in said.problems if one not in silent]
    scan = with_hits(found.scan, said.hits, stopping, rules=said.rules)
    return replace(found, scan=scan, checks=checks, warnings=[unjudged(one) for one in silent], notes=notes)


def _judged(config: Configured, found: Found, seen: Seen, base: str) -> Found:
    from cockpit.cli.judging import ask_judge
    from cockpit.rules.service.joined import with_hits

    asked = ask_judge(seen.checkout, found.rules, config.rules, base)
    scan = with_hits(found.scan, asked.hits, rules=asked.rules)
    return replace(found, scan=scan, notes=(*found.notes, asked.note))
