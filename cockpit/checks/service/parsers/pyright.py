"""`pyright --outputjson` (and basedpyright)."""

from __future__ import annotations

from collections.abc import Iterator

from cockpit.checks.service.parsers.json_text import read_json, record, records
from cockpit.checks.service.parsers.report import Claim, Source, UnreadableReportError, natural, severity_of, text_of


def parse(output: bytes, source: Source) -> Iterator[Claim]:
    """Yield what pyright reports; its lines and columns count from 0."""
    report = record(read_json(output, "{"))
    if "generalDiagnostics" not in report:
        raise UnreadableReportError("no generalDiagnostics in the output: is it pyright's --outputjson?")
    for item in records(report["generalDiagnostics"]):
        start = record(record(item.get("range")).get("start"))
        yield Claim(
            message=text_of(item.get("message")),
            path=text_of(item.get("file")),
            line=_from_zero(start.get("line")),
            column=_from_zero(start.get("character")),
            code=text_of(item.get("rule")),
            severity=severity_of(item.get("severity")),
        )


def _from_zero(value: object) -> int | None:
    return natural(value + 1) if isinstance(value, int) else None
