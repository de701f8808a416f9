"""`cockpit check`: the repository's rules and checks, outside any session: for people, hooks and CI."""

from __future__ import annotations

import asyncio
import json
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from cockpit import __version__
from cockpit.checks.types import CheckResult, Finding
from cockpit.cli import FAILED, NEEDS_HUMAN, OK
from cockpit.cli.arguments import Arguments, UsageError
from cockpit.cli.checkout import Checkout, is_agents, look
from cockpit.cli.repository import find_repository
from cockpit.providers.paths import Paths
from cockpit.rules.config import RulesConfig
from cockpit.rules.repo.baseline import Baseline, baseline_text, read_baseline
from cockpit.rules.repo.places import BASELINE
from cockpit.rules.repo.reading import read_files, read_rules
from cockpit.rules.runtime.scan import Scanner
from cockpit.rules.runtime.sources import Sources
from cockpit.rules.service.baseline import baseline_of, split
from cockpit.rules.service.findings import findings, unused
from cockpit.rules.service.reports import github, sarif, summary, text
from cockpit.rules.types import Engine, Report, RuleSet, Scan, ScanProblem
from cockpit.rules.types.errors import RuleFileError, ScanError

if TYPE_CHECKING:  # a check that finds nothing to run starts sooner without it
    from cockpit.checks.config import CheckConfig

_CONFIG = "cockpit.toml"


@dataclass(frozen=True, slots=True)
class _Configured:
    """The part of cockpit.toml that counts here."""

    rules: RulesConfig
    checks: tuple[CheckConfig, ...]


def check(arguments: Arguments) -> int:
    """Carry out rules and checks, and report in the format asked for."""
    root = find_repository(arguments.repo)
    try:
        report, rules = asyncio.run(_check(root, arguments))
    except ScanError as error:
        print(f"cockpit: {error}", file=sys.stderr)
        return FAILED
    except ExceptionGroup as group:  # of what is done side by side, only git's answer can be a person's mistake
        usage = group.subgroup(UsageError)
        if usage is None:
            raise
        raise usage.exceptions[0] from group
    _print(report, rules, arguments.format)
    if report.is_clean:
        return OK
    return FAILED if report.is_broken else NEEDS_HUMAN


@dataclass(frozen=True, slots=True)
class _Found:
    """What was carried out, and what came of it."""

    rules: RuleSet
    scan: Scan
    checks: Sequence[CheckResult] = ()
    commands: Sequence[Finding] = ()
    """What rules found that are commands."""
    problems: Sequence[ScanProblem] = ()
    notes: tuple[str, ...] = ()


async def _check(root: Path, arguments: Arguments) -> tuple[Report, RuleSet]:
    started = time.monotonic()
    paths = Paths.for_repo(root)
    config = await asyncio.to_thread(_configured, root, paths)
    base = None if arguments.all or arguments.baseline else arguments.base or config.rules.base or "HEAD"
    async with asyncio.TaskGroup() as group:
        reading = group.create_task(asyncio.to_thread(_rules_of, root))
        looking = group.create_task(look(root, base=base))
    rules, checkout = reading.result(), looking.result()
    sources = Sources(root, checkout.paths)
    scanner = Scanner(paths.artifacts / "rules", config.rules)
    scan = await scanner.scan(rules, sources, checkout.changed)
    if arguments.baseline:
        await asyncio.to_thread(_write_baseline, root, rules, scan)
    found = _Found(rules, scan) if arguments.rules_only else await _carried_out(config, rules, scan, sources, checkout)
    report = await asyncio.to_thread(_report, root, found, sources)
    return report.model_copy(update={"duration_s": time.monotonic() - started}), rules


def _rules_of(root: Path) -> RuleSet:
    return read_rules(read_files(root))


def _configured(root: Path, paths: Paths) -> _Configured:
    """Return what cockpit.toml says of rules and checks; it is not read where it does not exist."""
    if not (root / _CONFIG).exists():
        return _Configured(RulesConfig(), ())
    from cockpit.config import USER_CONFIG, ConfigError, load

    try:
        config = load(root, paths.config / USER_CONFIG)
    except ConfigError as error:
        raise UsageError(str(error)) from error
    return _Configured(config.rules, config.checks)


async def _carried_out(config: _Configured, rules: RuleSet, scan: Scan, sources: Sources, checkout: Checkout) -> _Found:
    """Run the repository's checks, and rules that are commands, where there are any."""
    running = [rule for rule in rules.rules if rule.is_told]
    paths = Paths.for_repo(checkout.root)
    judges = sum(rule.engine is Engine.JUDGE for rule in running)
    notes = (f"{judges} judged by agents only, in sessions",) if judges else ()
    if not config.checks and not any(rule.engine is Engine.COMMAND for rule in running):
        return _Found(rules, scan, notes=notes)
    from cockpit.cli.checks import as_rules, commands_of, concerned, run_checks

    commands, problems = commands_of(running)
    if is_agents(checkout.root, paths):
        commands = []
        notes = (*notes, "rules that are commands are not run in an agent's workspace")
    due = concerned([*config.checks, *commands], checkout.changed)
    results = await run_checks(due, sources, paths) if due else ()
    verdicts, found = as_rules(results, running)
    return _Found(rules, scan, verdicts, found, problems, notes)


def _report(root: Path, found: _Found, sources: Sources) -> Report:
    scan = found.scan
    problems = [*scan.problems, *found.problems]
    try:
        baseline = read_baseline(root)
    except RuleFileError as error:
        baseline = Baseline()
        problems.append(ScanProblem(message=str(error), path=BASELINE))
    by_id = {rule.id: rule for rule in found.rules.rules}
    fresh, known = split(scan.hits, baseline)
    told = [*findings(by_id, fresh), *found.commands, *unused(scan.suppressions, by_id)]
    checks = [finding for result in found.checks for finding in result.findings]
    return Report(
        findings=(*_identified(told, sources), *checks),
        known_before=len(known),
        problems=tuple(problems),
        suppressions=scan.suppressions,
        checks=tuple(found.checks),
        rules=scan.rules,
        files=scan.files,
        notes=found.notes,
    )


def _identified(told: Sequence[Finding], sources: Sources) -> Sequence[Finding]:
    if not told:
        return ()
    from cockpit.checks.service.fingerprints import identified

    return identified(told, sources.lines)


def _write_baseline(root: Path, rules: RuleSet, scan: Scan) -> None:
    told = {rule.id for rule in rules.rules if rule.is_told}
    file = root / BASELINE
    file.parent.mkdir(exist_ok=True)
    file.write_text(baseline_text(baseline_of(hit for hit in scan.hits if hit.rule in told)), encoding="utf-8")


def _print(report: Report, rules: RuleSet, form: str) -> None:
    match form:
        case "json":
            print(report.model_dump_json())
        case "sarif":
            print(json.dumps(sarif(report, (rule for rule in rules.rules if rule.is_told), __version__), indent=1))
        case "github":
            sys.stdout.write(github(report))
        case _:
            sys.stdout.write(text(report))
    print(summary(report), file=sys.stderr)
