"""What every parser shares: where a report came from, what it says, and the cleaning of what it claims."""

from __future__ import annotations

import posixpath
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from urllib.parse import unquote, urlsplit

from cockpit.checks.types import Finding, Severity
from cockpit.providers.text import clean

FINDINGS_KEPT = 500
"""Findings of one report that are kept; the rest is only counted."""

MESSAGE_LIMIT = 2_000
_WORD_LIMIT = 300


class UnreadableReportError(ValueError):
    """A report that is not what its parser expects. The message says what was wrong with it."""


@dataclass(frozen=True, slots=True)
class Source:
    """Where a report came from."""

    check: str
    root: Path
    """The workspace."""
    cwd: str = ""
    """Folder the tool ran in, relative to the workspace."""
    exit_code: int = 0

    def locate(self, claimed: str) -> str:
        """Return a path relative to the workspace; empty when it is not a path inside it."""
        text = claimed.strip()
        if text.startswith("file:"):
            text = unquote(urlsplit(text).path)
        if not text or len(text) > 4096 or not text.isprintable():
            return ""
        absolute = posixpath.normpath(posixpath.join(self.root, self.cwd, text))
        for root in dict.fromkeys((str(self.root), str(self.root.resolve()))):
            if absolute.startswith(root.rstrip("/") + "/"):
                return absolute[len(root.rstrip("/")) + 1 :]
        return ""


@dataclass(frozen=True, slots=True)
class Report:
    """The findings of one run."""

    findings: tuple[Finding, ...]
    total: int
    """How many the tool reported; more than are kept when there are too many."""


@dataclass(frozen=True, slots=True)
class Claim:
    """One finding as the tool put it, before anything in it is trusted."""

    message: str
    path: str = ""
    line: int | None = None
    column: int | None = None
    code: str = ""
    severity: Severity = Severity.ERROR
    remediation: str = ""


def collect(claims: Iterable[Claim], source: Source) -> Report:
    """Return the cleaned findings of a report, errors first when there are too many to keep them all."""
    everything = list(claims)
    kept = everything
    if len(everything) > FINDINGS_KEPT:
        kept = sorted(everything, key=lambda claim: claim.severity is not Severity.ERROR)[:FINDINGS_KEPT]
    findings = tuple(_finding(claim, source) for claim in kept)
    return Report(findings=findings, total=len(everything))


def _finding(claim: Claim, source: Source) -> Finding:
    path = source.locate(claim.path)
    if claim.path and not path:
        claim = replace(claim, line=None, column=None, message=f"{claim.message} (in {claim.path[:_WORD_LIMIT]})")
    return Finding(
        check=source.check,
        message=bounded(claim.message) or "no message",
        path=clean(path),
        line=claim.line,
        column=claim.column if claim.line is not None else None,
        code=bounded(claim.code, _WORD_LIMIT),
        severity=claim.severity,
        remediation=bounded(claim.remediation),
    )


def bounded(text: str, limit: int = MESSAGE_LIMIT) -> str:
    """Return clean text of at most `limit` characters, cut in the middle: both ends of a message matter."""
    text = clean(text[: 4 * limit]).strip()
    if len(text) <= limit:
        return text
    half = limit // 2 - 3
    return f"{text[:half]}\n...\n{text[-half:]}"


def natural(value: object) -> int | None:
    """Return a line or column number, or None when it is none."""
    return value if isinstance(value, int) and not isinstance(value, bool) and 0 < value < 2**31 else None


def text_of(value: object) -> str:
    """Return a string as it is, a number as text, and nothing for anything else."""
    if isinstance(value, str):
        return value
    return str(value) if isinstance(value, int | float) and not isinstance(value, bool) else ""


def severity_of(value: object) -> Severity:
    """Return the severity that a tool's word means; an unknown word is an error, so that nothing slips through."""
    match text_of(value).lower():
        case "warning" | "warn" | "w" | "1":
            return Severity.WARNING
        case "note" | "information" | "info" | "hint" | "help" | "none" | "style":
            return Severity.NOTE
        case _:
            return Severity.ERROR
