"""How much is said: results for a model's window, whatever the tools printed."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from cockpit.checks.types import CheckOutcome, CheckResult, Finding, Severity
from cockpit.senses.types import CheckSaid, ChecksSaid, FindingSaid

SHOWN_FINDINGS = 60
"""Findings told at once; a model that gets more fixes none of them well."""
_WHAT_CHARS = 800
_FIX_CHARS = 400


def checks_said(results: Sequence[CheckResult], others: Sequence[Finding], hints: dict[str, str]) -> ChecksSaid:
    """Return what to tell of results, the errors first; `others` are findings that no check made."""
    room = SHOWN_FINDINGS
    said: list[CheckSaid] = []
    by_name: dict[str, list[Finding]] = {}
    for finding in others:
        by_name.setdefault(finding.check, []).append(finding)
    for name, found in by_name.items():
        shown = findings_said(found, room)
        room -= len(shown)
        said.append(_said(name, CheckOutcome.FAILED, shown, len(found)))
    for result in results:
        shown = findings_said(result.findings, room)
        room -= len(shown)
        total = max(result.total, len(result.findings))
        one = _said(result.check, result.outcome, shown, total, result.summary)
        said.append(one.model_copy(update={"hint": hints.get(result.check, "")}) if one.findings else one)
    return ChecksSaid(
        passed=all(one.outcome is CheckOutcome.PASSED for one in said), says=_head(said), checks=tuple(said)
    )


def findings_said(findings: Iterable[Finding], room: int) -> tuple[FindingSaid, ...]:
    """Return at most so many findings, errors first."""
    ordered = sorted(findings, key=lambda one: one.severity is not Severity.ERROR)
    return tuple(
        FindingSaid(
            file=finding.path,
            line=finding.line,
            what=cut(finding.message, _WHAT_CHARS),
            code=finding.code,
            fix=cut(finding.remediation, _FIX_CHARS),
        )
        for finding in ordered[: max(0, room)]
    )


def cut(text: str, limit: int) -> str:
    """Return a text with its middle left out where it is too long: both ends tell what went wrong."""
    if len(text) <= limit:
        return text
    half = (limit - 5) // 2
    return f"{text[:half]} ... {text[-half:]}"


def _said(name: str, outcome: CheckOutcome, shown: tuple[FindingSaid, ...], total: int, summary: str = "") -> CheckSaid:
    left = max(0, total - len(shown))
    return CheckSaid(check=name, outcome=outcome, summary=cut(summary, 300), findings=shown, not_shown=left)


def _head(said: Sequence[CheckSaid]) -> str:
    failed = [one.check for one in said if one.outcome is CheckOutcome.FAILED]
    broken = [one.check for one in said if one.outcome is CheckOutcome.BROKEN]
    parts = [f"failed: {', '.join(failed)}"] if failed else []
    parts += [f"could not run: {', '.join(broken)}"] if broken else []
    return "; ".join(parts) or "all passed"
