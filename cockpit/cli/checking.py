"""Carries out what `cockpit check` asks for, and reports it."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from cockpit import __version__
from cockpit.checks.types import Finding
from cockpit.cli import FAILED, NEEDS_HUMAN, OK
from cockpit.cli.arguments import Arguments, UsageError
from cockpit.cli.carried import Configured, Found, carried_out
from cockpit.cli.check import Start
from cockpit.cli.checkout import Checkout
from cockpit.providers.paths import Paths
from cockpit.providers.text import clean, clean_line
from cockpit.rules.config import RulesConfig
from cockpit.rules.repo.baseline import Baseline, Known, baseline_text, read_baseline
from cockpit.rules.repo.places import BASELINE, UTILS
from cockpit.rules.runtime.scan import Prepared, Scanner, prepare
from cockpit.rules.runtime.sources import Sources
from cockpit.rules.service.baseline import baseline_of, split, stale
from cockpit.rules.service.findings import findings, judged, unused
from cockpit.rules.service.reports import github, sarif, summary, text
from cockpit.rules.types import Engine, Report, RuleSet, Scan, ScanProblem
from cockpit.rules.types.errors import RuleFileError, ScanError

_CONFIG = "cockpit.toml"


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
    if seen.checkout.changed is not None:
        scan = _with_touched_rules(scanner, rules, scan, seen.sources, seen.checkout.changed)
    found = carried_out(arguments, config, Found(rules, scan), seen)
    if arguments.baseline:
        _write_baseline(start.root, rules, found.scan)
    is_identified = arguments.format in ("json", "sarif")  # people are not shown fingerprints
    report = _report(found, seen.sources, seen.checkout, is_identified=is_identified)
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


def _configured(root: Path, paths: Paths) -> Configured:
    """Return what cockpit.toml says of rules and checks; it is not read where it does not exist."""
    if not (root / _CONFIG).exists():
        return Configured(RulesConfig(), ())
    from cockpit.config import USER_CONFIG, ConfigError, load

    try:
        config = load(root, paths.config / USER_CONFIG)
    except ConfigError as error:
        raise UsageError(str(error)) from error
    return Configured(config.rules, config.checks)


def _report(found: Found, sources: Sources, checkout: Checkout, *, is_identified: bool) -> Report:
    scan = found.scan
    problems = [*scan.problems]
    try:
        baseline = read_baseline(checkout.root)
    except RuleFileError as error:
        baseline = Baseline()
        problems.append(ScanProblem(message=str(error), path=BASELINE))
    by_id = {rule.id: rule for rule in found.rules.rules}
    fresh, known = split(scan.hits, baseline, frozenset(checkout.paths))
    ran = judged(found.rules.rules, problems)
    gone = stale(scan.hits, baseline, ran, checkout.changed, checkout.paths)
    told = [*findings(by_id, fresh), *found.warnings, *unused(scan.suppressions, ran)]
    checks = [finding for result in found.checks for finding in result.findings]
    return Report(
        findings=(*(_identified(told, sources) if is_identified else told), *checks),
        known_before=len(known),
        problems=tuple(problems),
        suppressions=tuple(one.model_copy(update={"path": clean(one.path)}) for one in scan.suppressions),
        checks=tuple(found.checks),
        rules=scan.rules,
        files=scan.files,
        notes=(*found.notes, *_stale_note(gone)),
    )


def _stale_note(gone: Sequence[Known]) -> tuple[str, ...]:
    if not gone:
        return ()
    named = ", ".join(f"{one.rule} in {clean_line(one.path)}" if one.path else one.rule for one in gone[:3])
    more = f" and {len(gone) - 3} more" if len(gone) > 3 else ""
    return (f"{BASELINE} holds what is there no more ({named}{more}): `cockpit check --baseline` takes it out",)


def _with_touched_rules(
    scanner: Scanner, rules: RuleSet, scan: Scan, sources: Sources, changed: frozenset[str]
) -> Scan:
    """Carry out rules that the change itself touches on every file: they are as new as the change is."""
    has_utils = any(path.startswith(f"{UTILS}/") for path in changed)
    touched = tuple(
        rule for rule in rules.rules if rule.source in changed or (has_utils and rule.engine is Engine.AST_GREP)
    )
    if not any(rule.is_run for rule in touched):
        return scan
    wide = scanner.scan_here(prepare(RuleSet(rules=touched, utils=rules.utils)), sources)
    seen = {(hit.rule, hit.path, hit.line, hit.column, hit.text) for hit in scan.hits}
    hits = [hit for hit in wide.hits if (hit.rule, hit.path, hit.line, hit.column, hit.text) not in seen]
    counted = {(one.path, one.line) for one in scan.suppressions}
    used = [one for one in wide.suppressions if one.is_used and (one.path, one.line) not in counted]
    problems = [one for one in wide.problems if one not in scan.problems]
    return scan.model_copy(
        update={
            "hits": (*scan.hits, *hits),
            "suppressions": (*scan.suppressions, *used),
            "problems": (*scan.problems, *problems),
            "files": max(scan.files, wide.files),
        }
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
