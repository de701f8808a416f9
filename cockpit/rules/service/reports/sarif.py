"""The report as SARIF 2.1.0: with a table of rules, how to fix what they find, and fingerprints that outlive moves."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any
from urllib.parse import quote

from cockpit.checks.types import CheckOutcome, Finding, Severity
from cockpit.rules.service.findings import problem_text, remediation
from cockpit.rules.types import Report, Rule

_SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
_LEVELS = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.NOTE: "note"}


def sarif(report: Report, rules: Iterable[Rule], version: str) -> dict[str, Any]:
    """Return the log of one run.

    Args:
        report: what was found.
        rules: every rule that was carried out.
        version: of this program.
    """
    table: dict[str, dict[str, Any]] = {rule.id: _rule(rule) for rule in rules}
    for finding in report.findings:
        table.setdefault(_id(finding), {"id": _id(finding), "shortDescription": {"text": finding.check}})
    ids = {name: number for number, name in enumerate(table)}
    driver = {"name": "cockpit", "semanticVersion": version, "rules": list(table.values())}
    run = {
        "tool": {"driver": driver},
        "columnKind": "unicodeCodePoints",
        "originalUriBaseIds": {"SRCROOT": {"description": {"text": "the top of the repository"}}},
        "invocations": [_invocation(report)],
        "results": [_result(finding, ids[_id(finding)]) for finding in report.findings],
    }
    return {"$schema": _SCHEMA, "version": "2.1.0", "runs": [run]}


def _rule(rule: Rule) -> dict[str, Any]:
    said: dict[str, Any] = {
        "id": rule.id,
        "shortDescription": {"text": rule.message or rule.id},
        "defaultConfiguration": {"level": _LEVELS[rule.finding_severity]},
        "properties": {"engine": rule.engine.value, "state": rule.metadata.state.value},
    }
    if rule.metadata.why:
        said["fullDescription"] = {"text": rule.metadata.why}
    if advice := remediation(rule):
        said["help"] = {"text": advice}
    return said


def _result(finding: Finding, index: int) -> dict[str, Any]:
    said: dict[str, Any] = {
        "ruleId": _id(finding),
        "ruleIndex": index,
        "level": _LEVELS[finding.severity],
        "message": {"text": f"{finding.message}\n{finding.remediation}".strip()},
    }
    if finding.instance:
        said["partialFingerprints"] = {"cockpit/v2": finding.instance}
    if finding.path:
        place: dict[str, Any] = {"artifactLocation": {"uri": quote(finding.path), "uriBaseId": "SRCROOT"}}
        if finding.line is not None:
            column = {"startColumn": finding.column} if finding.column else {}
            place["region"] = {"startLine": finding.line, **column}
        said["locations"] = [{"physicalLocation": place}]
    return said


def _invocation(report: Report) -> dict[str, Any]:
    broken = [problem_text(problem) for problem in report.problems]
    broken += [f"check {one.check}: {one.summary}" for one in report.checks if one.outcome is CheckOutcome.BROKEN]
    said: dict[str, Any] = {"executionSuccessful": not broken}
    if broken:
        said["toolExecutionNotifications"] = [{"level": "error", "message": {"text": text}} for text in broken]
    return said


def _id(finding: Finding) -> str:
    return finding.code if finding.check == "rules" else "/".join(filter(None, (finding.check, finding.code)))
