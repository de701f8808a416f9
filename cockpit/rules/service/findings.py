"""From hits to findings: every message says what, where, why, how to fix it, and shows how it should be."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping

from cockpit.checks.types import Finding, Severity
from cockpit.providers.text import clean
from cockpit.rules.types import CHECK, Engine, Hit, Rule, RuleId, ScanProblem, Suppression

UNUSED_SUPPRESSION = "unused-suppression"
_MESSAGE_LIMIT = 1_000
_NOTE_LIMIT = 2_000
_EXAMPLE_LINES = 12
_WORST_FIRST = (Severity.ERROR, Severity.WARNING, Severity.NOTE)


def finding(rule: Rule, hit: Hit) -> Finding:
    """Return what is told of a hit; its fingerprint and instance are filled in by whoever tells it."""
    why = f" (why: {rule.metadata.why})" if rule.metadata.why else ""
    return Finding(
        check=CHECK,
        message=_bounded((hit.message or rule.message or f"against the rule {rule.id}") + why, _MESSAGE_LIMIT),
        path=clean(hit.path),
        line=hit.line,
        column=hit.column if hit.line is not None else None,
        code=rule.id,
        severity=_milder(rule.finding_severity, hit.severity),
        remediation=remediation(rule, hit.note),
    )


def _milder(rule: Severity, said: Severity | None) -> Severity:
    return rule if said is None else max(rule, said, key=_WORST_FIRST.index)


def remediation(rule: Rule, note: str = "") -> str:
    """Return how to put it right: the note, and one good example."""
    parts = [_bounded(note or rule.note, _NOTE_LIMIT)]
    if example := _bounded(rule.good_example, _NOTE_LIMIT):
        lines = example.splitlines()
        shown = lines if len(lines) <= _EXAMPLE_LINES else [*lines[: _EXAMPLE_LINES - 1], "..."]
        parts.append("\n".join(["Good:", *(f"    {line}" for line in shown)]))
    return "\n".join(part for part in parts if part)


def findings(rules: Mapping[RuleId, Rule], hits: Iterable[Hit]) -> list[Finding]:
    """Return the findings of all hits whose rules are told about, by file and line."""
    told = [finding(rules[hit.rule], hit) for hit in hits if hit.rule in rules and rules[hit.rule].is_told]
    return sorted(told, key=lambda one: (one.path, one.line or 0, one.column or 0, one.code))


def judged(rules: Iterable[Rule], problems: Iterable[ScanProblem]) -> frozenset[str]:
    """Return the rules of which it is known what they hit: for others no comment, and nothing old, is superfluous."""
    broken = {problem.rule for problem in problems}
    running = (rule for rule in rules if rule.is_run and rule.engine not in (Engine.COMMAND, Engine.JUDGE))
    return frozenset(rule.id for rule in running if rule.id not in broken)


def unused(suppressions: Iterable[Suppression], rules: Collection[str]) -> list[Finding]:
    """Return a finding for each comment that suppresses nothing; one for another tool's rules is not ours to judge."""
    return [
        Finding(
            check=CHECK,
            message="this comment suppresses nothing",
            path=clean(one.path),
            line=one.line,
            code=UNUSED_SUPPRESSION,
            severity=Severity.WARNING,
            remediation="Take it out.",
        )
        for one in suppressions
        if not one.is_used and (rules if not one.rules else any(name in rules for name in one.rules))
    ]


def unjudged(problem: ScanProblem) -> Finding:
    """Return the warning that a rule which stops nothing could not be carried out."""
    return Finding(
        check=CHECK,
        message=_bounded(f"this rule could not be carried out: {problem.message}", _MESSAGE_LIMIT),
        code=problem.rule,
        severity=Severity.WARNING,
    )


def problem_text(problem: ScanProblem) -> str:
    """Return a problem as one line for people."""
    place = problem.path + (f":{problem.line}" if problem.line else "")
    name = f"rule {problem.rule}: " if problem.rule else ""
    return clean(f"{place}: {name}{problem.message}" if place else f"{name}{problem.message}")


def _bounded(text: str, limit: int) -> str:
    text = clean(text[: 2 * limit]).strip()
    return text if len(text) <= limit else f"{text[: limit - 4]} ..."
