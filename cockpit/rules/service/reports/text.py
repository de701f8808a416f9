"""The report as people read it: by rule, each with its places, how to fix it, and how it should be."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby

from cockpit.checks.types import CheckOutcome, CheckResult, Finding, Severity
from cockpit.rules.service.findings import problem_text
from cockpit.rules.types import Report

_PLACES = 50
_ORDER = (Severity.ERROR, Severity.WARNING, Severity.NOTE)


def text(report: Report) -> str:
    """Return the report; nothing at all when there is nothing to say."""
    blocks = [f"cannot judge: {problem_text(problem)}\n" for problem in report.problems]
    blocks += [f"{_line(result)}\n" for result in report.checks if result.outcome is not CheckOutcome.PASSED]
    findings = sorted(report.findings, key=lambda one: (_ORDER.index(one.severity), one.check, _kind(one)))
    for _key, same in groupby(findings, key=lambda one: (one.severity, one.check, _kind(one))):
        blocks.append("".join(f"{line}\n" for line in _block(list(same))))
    return "\n".join(blocks)


def summary(report: Report) -> str:
    """Return one line that says how it went."""
    errors = sum(one.severity is Severity.ERROR for one in report.findings)
    others = len(report.findings) - errors
    unused = sum(not one.is_used for one in report.suppressions)
    said = [
        f"{_count(errors, 'error')}, {_count(others, 'warning')}" if report.findings else "clean",
        f"{report.rules} rules on {_count(report.files, 'file')}",
        _count(len(report.checks), "check") if report.checks else "",
        f"{len(report.problems)} could not be judged" if report.problems else "",
        f"{report.known_before} known before" if report.known_before else "",
        f"{_count(len(report.suppressions), 'suppression')}{f' ({unused} unused)' if unused else ''}"
        if report.suppressions
        else "",
        f"{report.duration_s:.2f} s",
        *report.notes,
    ]
    return "; ".join(part for part in said if part)


def _block(same: Sequence[Finding]) -> Iterator[str]:
    first = same[0]
    is_one_message = len({one.message for one in same}) == 1
    head, *details = first.message.splitlines() if is_one_message else [f"{len(same)} findings"]
    yield f"{first.severity} {_kind(first) or first.check}: {head}"
    yield from (f"    {line}" for line in details)
    for one in same[:_PLACES]:
        if place := _place(one):
            yield f"  {place}" if is_one_message else f"  {place}: {' '.join(one.message.split())}"
        elif not is_one_message:
            yield f"  {' '.join(one.message.split())}"
    if len(same) > _PLACES:
        yield f"  ... and {len(same) - _PLACES} more"
    for advice in dict.fromkeys(one.remediation for one in same if one.remediation):
        head, *rest = advice.splitlines()
        yield f"  fix: {head}"
        yield from (f"    {line}" for line in rest)


def _kind(finding: Finding) -> str:
    return finding.code if finding.check == "rules" else " ".join(filter(None, (finding.check, finding.code)))


def _place(finding: Finding) -> str:
    parts = [finding.path, finding.line, finding.column if finding.line is not None else None]
    return ":".join(str(part) for part in parts if part)


def _line(result: CheckResult) -> str:
    return f"check {result.check} {result.outcome}: {result.summary}"


def _count(number: int, word: str) -> str:
    return f"{number} {word}" if number == 1 else f"{number} {word}s"
