"""From what a command did to what a check says."""

from __future__ import annotations

from dataclasses import dataclass

from cockpit.checks.config import CheckConfig, Parser
from cockpit.checks.service.fingerprints import LinesOf, identified
from cockpit.checks.service.parsers import Report, UnreadableReportError, read_report
from cockpit.checks.service.parsers.report import Source, bounded
from cockpit.checks.types import CheckOutcome, CheckResult, Severity
from cockpit.types import TreeId


@dataclass(frozen=True, slots=True)
class Ran:
    """What a check's command did."""

    exit_code: int
    stdout: bytes
    stderr: bytes
    duration_s: float
    timed_out: bool = False
    truncated: bool = False
    report: bytes | None = None
    """Content of the report file; None when the check has none."""
    matches: bytes | None = None
    """What the pattern of a regex parser has matched; None: it did not come to an end."""

    @property
    def said(self) -> bytes:
        """What a pattern is tried on. Compilers and linters differ in which stream they speak on."""
        return self.report if self.report is not None else self.stdout.rstrip() + b"\n" + self.stderr


def broken(check: CheckConfig, tree: TreeId, why: str, *, duration_s: float = 0.0) -> CheckResult:
    """Return the result of a check that could not judge."""
    return CheckResult(
        check=check.name, tree=tree, outcome=CheckOutcome.BROKEN, duration_s=duration_s, summary=bounded(why, 600)
    )


def judge(check: CheckConfig, tree: TreeId, ran: Ran, source: Source, lines_of: LinesOf) -> CheckResult:
    """Return the verdict. Silence is never taken for approval: a failure without a finding is a broken check."""
    if ran.timed_out:
        why = f"did not finish within {check.timeout_s:g} s: raise timeout_s or make it faster"
        return _with_exit(broken(check, tree, why, duration_s=ran.duration_s), ran)
    if ran.report == b"":
        why = f"wrote no report (exit code {ran.exit_code}){_last_words(ran)}"
        return _with_exit(broken(check, tree, why, duration_s=ran.duration_s), ran)
    if check.parser is Parser.REGEX and ran.matches is None:
        why = "its pattern takes too long on this output: make it simpler, with no repeat inside a repeat"
        return _with_exit(broken(check, tree, why, duration_s=ran.duration_s), ran)
    try:
        report = read_report(check.parser, _material(check, ran), source)
    except UnreadableReportError as error:
        cut = "; its output was cut for being too long" if ran.truncated else ""
        why = f"{error} (exit code {ran.exit_code}{cut}){_last_words(ran)}"
        return _with_exit(broken(check, tree, why, duration_s=ran.duration_s), ran)
    findings = identified(report.findings, lines_of)
    has_errors = any(finding.severity is Severity.ERROR for finding in findings)
    if ran.exit_code != 0 and not findings:
        why = f"exit code {ran.exit_code}, but nothing in its report says why{_last_words(ran)}"
        return _with_exit(broken(check, tree, why, duration_s=ran.duration_s), ran)
    if ran.truncated and check.parser is not Parser.EXIT_CODE and ran.report is None and ran.exit_code == 0:
        why = "its output was cut for being too long, so an empty report proves nothing"
        return _with_exit(broken(check, tree, why, duration_s=ran.duration_s), ran)
    failed = has_errors or ran.exit_code != 0
    return CheckResult(
        check=check.name,
        tree=tree,
        outcome=CheckOutcome.FAILED if failed else CheckOutcome.PASSED,
        findings=findings,
        exit_code=ran.exit_code,
        duration_s=ran.duration_s,
        summary=_summary(report, failed=failed),
        total=report.total,
    )


def _with_exit(result: CheckResult, ran: Ran) -> CheckResult:
    return result.model_copy(update={"exit_code": ran.exit_code})


def _material(check: CheckConfig, ran: Ran) -> bytes:
    if check.parser is Parser.REGEX:
        return ran.matches or b""
    if ran.report is not None or check.parser in (Parser.EXIT_CODE, Parser.MYPY):
        return ran.said
    return ran.stdout  # a structured report is never on standard error


def _last_words(ran: Ran) -> str:
    words = (ran.stderr.strip() or ran.stdout.strip())[-10_000:].decode("utf-8", "replace")
    lines = [line.strip()[:200] for line in words.splitlines() if line.strip()]
    return f": {' / '.join(lines[-3:])}" if lines else ""


def _summary(report: Report, *, failed: bool) -> str:
    if report.total == 0:
        return "clean"
    errors = sum(finding.severity is Severity.ERROR for finding in report.findings)
    if len(report.findings) < report.total:
        return f"{report.total} findings, the first {len(report.findings)} kept"
    noun = "finding" if report.total == 1 else "findings"
    return f"{report.total} {noun}" if errors or failed else f"clean, {report.total} {noun} that do not stop a change"
