"""Mypy's lines, plain or `--output json`."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import replace

from cockpit.checks.service.parsers.report import Claim, Source, natural, severity_of, text_of
from cockpit.checks.types import Severity

_LINE = re.compile(
    r"(?P<path>[^:\n]{1,4096}?):(?:(?P<line>\d{1,9}):)?(?:(?P<column>\d{1,9}):)?(?:\d{1,9}:\d{1,9}:)? "
    r"(?P<severity>error|warning|note): (?P<message>.*?)(?:  \[(?P<code>[a-z0-9-]+)\])?"
)


def parse(output: bytes, source: Source) -> Iterator[Claim]:
    """Yield errors; a note becomes the advice of the error on the same line that it follows."""
    last: Claim | None = None
    for line in output.decode("utf-8", "replace").splitlines():
        claim = _json_claim(line) if line.startswith("{") else _plain_claim(line)
        if claim is None:
            continue
        belongs = last is not None and (claim.path, claim.line) == (last.path, last.line)
        if claim.severity is Severity.NOTE and last is not None and belongs:
            last = replace(last, remediation=f"{last.remediation}\n{claim.message}".strip())
            continue
        if last is not None:
            yield last
        last = claim
    if last is not None:
        yield last


def _plain_claim(line: str) -> Claim | None:
    found = _LINE.fullmatch(line)
    if found is None:
        return None
    return Claim(
        message=found["message"],
        path=found["path"],
        line=natural(int(found["line"])) if found["line"] else None,
        column=natural(int(found["column"])) if found["column"] else None,
        code=found["code"] or "",
        severity=severity_of(found["severity"]),
    )


def _json_claim(line: str) -> Claim | None:
    try:
        item = json.loads(line)
    except (ValueError, RecursionError):
        return None
    if not isinstance(item, dict) or "message" not in item:
        return None
    column = item.get("column")
    return Claim(
        message=text_of(item["message"]),
        path=text_of(item.get("file")),
        line=natural(item.get("line")),
        column=natural(column + 1) if isinstance(column, int) else None,
        code=text_of(item.get("code")),
        severity=severity_of(item.get("severity")),
        remediation=text_of(item.get("hint")),
    )
