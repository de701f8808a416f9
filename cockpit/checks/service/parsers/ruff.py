"""`ruff check --output-format=json`."""

from __future__ import annotations

from collections.abc import Iterator

from cockpit.checks.service.parsers.json_text import read_json, record, records
from cockpit.checks.service.parsers.report import Claim, Source, natural, severity_of, text_of


def parse(output: bytes, source: Source) -> Iterator[Claim]:
    """Yield what ruff reports."""
    for item in records(read_json(output, "[")):
        place = record(item.get("location"))
        fix = text_of(record(item.get("fix")).get("message"))
        yield Claim(
            message=text_of(item.get("message")),
            path=text_of(item.get("filename")),
            line=natural(place.get("row")),
            column=natural(place.get("column")),
            code=text_of(item.get("code")),
            severity=severity_of(item.get("severity")),
            remediation=fix or text_of(item.get("url")),
        )
