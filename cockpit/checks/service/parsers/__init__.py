"""Turns what tools write into findings. All of it is untrusted: bounded, cleaned, never executed."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Final

from cockpit.checks.config import Parser
from cockpit.checks.service.parsers import eslint, exit_code, json_findings, junit, mypy, pyright, regex, ruff, sarif
from cockpit.checks.service.parsers.report import FINDINGS_KEPT, Claim, Report, Source, UnreadableReportError, collect

_PARSERS: Final[dict[Parser, Callable[[bytes, Source], Iterable[Claim]]]] = {
    Parser.SARIF: sarif.parse,
    Parser.JUNIT: junit.parse,
    Parser.RUFF_JSON: ruff.parse,
    Parser.MYPY: mypy.parse,
    Parser.PYRIGHT_JSON: pyright.parse,
    Parser.ESLINT_JSON: eslint.parse,
    Parser.JSON: json_findings.parse,
    Parser.REGEX: regex.parse,
    Parser.EXIT_CODE: exit_code.parse,
}


def read_report(parser: Parser, output: bytes, source: Source) -> Report:
    """Return the findings in a report.

    Raises:
        UnreadableReportError: the report is not of the parser's format, with the reason.
    """
    return collect(_PARSERS[parser](output, source), source)


__all__ = ["FINDINGS_KEPT", "Report", "Source", "UnreadableReportError", "read_report"]
