"""The report as workflow commands, which GitHub shows beside the code."""

from __future__ import annotations

from collections.abc import Iterator

from cockpit.checks.types import CheckOutcome, Finding, Severity
from cockpit.rules.service.findings import problem_text
from cockpit.rules.types import Report

_WORDS = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.NOTE: "notice"}


def github(report: Report) -> str:
    """Return one line for each finding and for everything that could not be judged."""
    return "".join(f"{line}\n" for line in _lines(report))


def _lines(report: Report) -> Iterator[str]:
    for problem in report.problems:
        yield _command("error", {"title": "rules cannot be judged"}, problem_text(problem))
    for result in report.checks:
        if result.outcome is CheckOutcome.BROKEN or (result.outcome is CheckOutcome.FAILED and not result.findings):
            yield _command("error", {"title": f"check {result.check} {result.outcome}"}, result.summary)
    for finding in report.findings:
        yield _command(_WORDS[finding.severity], _properties(finding), _message(finding))


def _properties(finding: Finding) -> dict[str, str]:
    said = {
        "file": finding.path,
        "line": str(finding.line or ""),
        "col": str(finding.column or "") if finding.line else "",
        "title": finding.code or finding.check,
    }
    return {name: value for name, value in said.items() if value}


def _message(finding: Finding) -> str:
    return f"{finding.message}\n{finding.remediation}".strip()


def _command(word: str, properties: dict[str, str], message: str) -> str:
    said = ",".join(f"{name}={_escaped(value, is_property=True)}" for name, value in properties.items())
    return f"::{word} {said}::{_escaped(message)}"


def _escaped(text: str, *, is_property: bool = False) -> str:
    text = text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")
    return text.replace(":", "%3A").replace(",", "%2C") if is_property else text
