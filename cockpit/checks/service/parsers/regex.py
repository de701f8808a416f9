"""A pattern of the user's own, with named groups."""

from __future__ import annotations

import re
from collections.abc import Iterator

from cockpit.checks.service.parsers.report import Claim, Source, natural, severity_of

_LINE_LIMIT = 2_000


def parse(output: bytes, source: Source) -> Iterator[Claim]:
    """Yield one claim a match. Lines are cut, because the time of a pattern grows with what it is tried on."""
    text = "\n".join(line[:_LINE_LIMIT] for line in output.decode("utf-8", "replace").splitlines())
    for found in re.finditer(source.pattern, text, re.MULTILINE):
        groups = {name: value or "" for name, value in found.groupdict().items()}
        yield Claim(
            message=groups.get("message", "") or groups.get("code", "") or found[0],
            path=groups.get("path", ""),
            line=_number(groups.get("line", "")),
            column=_number(groups.get("column", "")),
            code=groups.get("code", ""),
            severity=severity_of(groups.get("severity", "")),
        )


def _number(text: str) -> int | None:
    return natural(int(text)) if text.isascii() and text.isdigit() and len(text) < 10 else None
