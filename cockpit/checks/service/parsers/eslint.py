"""`eslint --format json` (and tools that print the same)."""

from __future__ import annotations

from collections.abc import Iterator

from cockpit.checks.service.parsers.json_text import read_json, record, records
from cockpit.checks.service.parsers.report import Claim, Source, natural, severity_of, text_of


def parse(output: bytes, source: Source) -> Iterator[Claim]:
    """Yield what eslint reports, file by file."""
    for file in records(read_json(output, "[")):
        for item in records(file.get("messages")):
            suggestions = records(item.get("suggestions"))
            advice = text_of(suggestions[0].get("desc")) if suggestions else ""
            if record(item.get("fix")):
                advice = advice or "eslint --fix repairs it"
            yield Claim(
                message=text_of(item.get("message")),
                path=text_of(file.get("filePath")),
                line=natural(item.get("line")),
                column=natural(item.get("column")),
                code=text_of(item.get("ruleId")),
                severity=severity_of(item.get("severity")),
                remediation=advice,
            )
