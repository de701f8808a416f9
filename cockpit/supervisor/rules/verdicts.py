"""From a scan to what it means for a change: findings that are told, hits that count, what could not be judged."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from cockpit.checks.service.fingerprints import identified
from cockpit.checks.types import Finding
from cockpit.journal.types.rules import RuleHit
from cockpit.providers.text import clean_line
from cockpit.rules.repo.baseline import Baseline
from cockpit.rules.runtime.sources import Sources
from cockpit.rules.service.baseline import split
from cockpit.rules.service.findings import finding, judged, problem_text, unjudged, unused
from cockpit.rules.service.joined import is_harmless
from cockpit.rules.types import CHECK, Engine, Hit, Rule, RuleId, Scan, ScanProblem
from cockpit.supervisor.rules.in_force import Verdict

if TYPE_CHECKING:
    from cockpit.supervisor.rules.in_force import InForce, Looked

_TEXT_LIMIT = 120


def verdict_of(rules: InForce, baseline: Baseline, scan: Scan, sources: Sources, looked: Looked) -> Verdict:
    """Return what a scan means for a change: new hits told as findings, all of them counted."""
    by_id: dict[str, Rule] = {rule.id: rule for rule in rules.rules.rules}
    fresh, _known = split((hit for hit in scan.hits if hit.rule in by_id), baseline, frozenset(sources.paths))
    fresh.sort(key=lambda hit: (hit.path, hit.line or 0, hit.column or 0, hit.rule))
    found = identified((finding(by_id[hit.rule], hit) for hit in fresh), sources.lines)
    hits = [_counted(hit, one) for hit, one in zip(fresh, found, strict=True)]
    told = [one for hit, one in zip(fresh, found, strict=True) if by_id[hit.rule].is_told]
    wrong = [one for one in scan.problems if one.path in looked.changed]
    silent = [one for one in scan.problems if one not in wrong and is_harmless(by_id.get(RuleId(one.rule)))]
    aside = [_unreadable(one) for one in wrong] + [unjudged(one) for one in silent if by_id[RuleId(one.rule)].is_told]
    aside += unused(scan.suppressions, judged(rules.rules.rules, scan.problems))
    waiting = sum(rule.is_told and rule.engine is Engine.COMMAND for rule in by_id.values())
    return Verdict(
        findings=(*told, *identified(aside, sources.lines)),
        hits=(*hits, *_suppressed(scan, by_id)),
        problems=tuple(problem_text(one) for one in scan.problems if one not in wrong and one not in silent),
        duration_s=scan.duration_s,
        rules=scan.rules,
        left_out=0 if looked.target is not None else waiting,
    )


def _counted(hit: Hit, told: Finding) -> RuleHit:
    text = clean_line(hit.text.strip().partition("\n")[0][:_TEXT_LIMIT])
    return RuleHit(rule=hit.rule, instance=told.instance, path=told.path, line=told.line, text=text)


def _unreadable(problem: ScanProblem) -> Finding:
    """Return the finding for a file of the change itself that rules cannot read: its author puts that right."""
    return Finding(
        check=CHECK,
        path=problem.path,
        line=problem.line,
        code="unreadable",
        message=problem.message,
        remediation="Make it a file that can be read.",
    )


def _suppressed(scan: Scan, rules: Mapping[str, Rule]) -> list[RuleHit]:
    found: list[RuleHit] = []
    counts: dict[tuple[str, str], int] = {}
    for one in scan.suppressions:
        for rule in one.rules if one.is_used else ():
            if rule in rules:
                counts[rule, one.path] = number = counts.get((rule, one.path), 0) + 1
                instance = f"aside:{rule}:{one.path}:{number}"
                found.append(
                    RuleHit(rule=rule, instance=instance, is_suppressed=True, path=one.path, line=one.speaks_of)
                )
    return found


def both(one: Verdict, other: Verdict) -> Verdict:
    """Return what two sets of rules found, each thing once."""
    seen = {finding.instance for finding in one.findings}
    return Verdict(
        findings=(*one.findings, *(finding for finding in other.findings if finding.instance not in seen)),
        hits=one.hits,  # a rule that is a mere proposal has no books
        problems=(*one.problems, *other.problems),
        duration_s=one.duration_s + other.duration_s,
        rules=one.rules + other.rules,
        left_out=one.left_out,
    )
