"""Carries out what `cockpit check` asks for, and reports it."""

from __future__ import annotations

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
from cockpit.cli.check import Start
from cockpit.cli.checkout import Checkout, is_agents
from cockpit.providers.paths import Paths
from cockpit.rules.config import RulesConfig
from cockpit.rules.repo.baseline import Baseline, baseline_text, read_baseline
from cockpit.rules.repo.places import BASELINE
from cockpit.rules.runtime.scan import Prepared, Scanner, prepare
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


def carry_out(start: Start, arguments: Arguments) -> int:
    """Carry out rules and checks, report, and return the exit status."""
    try:
        report, rules = _check(start, arguments)
    except ScanError as error:
        print(f"cockpit: {error}", file=sys.stderr)
        return FAILED
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


def _check(start: Start, arguments: Arguments) -> tuple[Report, RuleSet]:
    config = _configured(start.root, start.paths)
    scanner = Scanner(start.folder, config.rules)
    ready = _made_ready(start, scanner)
    seen = start.seen()
    base = config.rules.base
    if start.base is not None and not arguments.base and base and base != start.base:
        seen = start.looked_again(base)
    rules = ready.rules
    scan = scanner.scan_here(ready, seen.sources, seen.checkout.changed, seen.ahead)
    if arguments.baseline:
        _write_baseline(start.root, rules, scan)
    found = _Found(rules, scan)
    if not arguments.rules_only:
        found = _carried_out(config, rules, scan, seen.sources, seen.checkout)
    is_identified = arguments.format in ("json", "sarif")  # people are not shown fingerprints
    report = _report(start.root, found, seen.sources, is_identified=is_identified)
    return report.model_copy(update={"duration_s": time.monotonic() - start.began}), rules


def _made_ready(start: Start, scanner: Scanner) -> Prepared:
    """Return the rules, from what is known of files of the same content where there is such."""
    if start.known is not None and (rules := start.known.rules()) is not None:
        digest = start.known.hints.get("digest")
        return prepare(rules, digest if isinstance(digest, str) else "")
    from cockpit.rules.repo.reading import read_rules

    ready = prepare(read_rules(start.files))
    project = scanner.ast_grep.project(ready.documents, ready.rules.utils).name if ready.documents else ""
    endings = None if ready.endings is None else list(ready.endings)
    start.read.put(ready.rules, {"digest": ready.digest, "project": project, "endings": endings})
    return ready


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


def _carried_out(config: _Configured, rules: RuleSet, scan: Scan, sources: Sources, checkout: Checkout) -> _Found:
    """Run the repository's checks, and rules that are commands, where there are any."""
    running = [rule for rule in rules.rules if rule.is_told]
    paths = Paths.for_repo(checkout.root)
    judges = sum(rule.engine is Engine.JUDGE for rule in running)
    notes = (f"{judges} judged by agents only, in sessions",) if judges else ()
    if not config.checks and not any(rule.engine is Engine.COMMAND for rule in running):
        return _Found(rules, scan, notes=notes)
    import asyncio

    from cockpit.cli.checks import as_rules, commands_of, concerned, run_checks

    commands, problems = commands_of(running)
    if is_agents(checkout.root, paths):
        commands = []
        notes = (*notes, "rules that are commands are not run in an agent's workspace")
    due = concerned([*config.checks, *commands], checkout.changed)
    results = asyncio.run(run_checks(due, sources, paths)) if due else ()
    verdicts, found = as_rules(results, running)
    return _Found(rules, scan, verdicts, found, problems, notes)


def _report(root: Path, found: _Found, sources: Sources, *, is_identified: bool) -> Report:
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
        findings=(*(_identified(told, sources) if is_identified else told), *checks),
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
