"""What a pattern of the person's own has matched; the matching itself happens elsewhere, where it can be ended."""

from __future__ import annotations

from collections.abc import Iterator

from pydantic import TypeAdapter, ValidationError

from cockpit.checks.service.parsers.report import Claim, Source, UnreadableReportError, natural, severity_of

_MATCH = TypeAdapter(dict[str, str])


def parse(matches: bytes, source: Source) -> Iterator[Claim]:
    """Yield one claim for each line of JSON, which holds a match's named groups and, without a name, all of it."""
    whole_lines, _, _cut = matches.rpartition(b"\n")
    for line in whole_lines.splitlines():
        try:
            groups = _MATCH.validate_json(line)
        except ValidationError as error:
            raise UnreadableReportError("what its pattern matched cannot be read") from error
        yield Claim(
            message=groups.get("message", "") or groups.get("code", "") or groups.get("", ""),
            path=groups.get("path", ""),
            line=_number(groups.get("line", "")),
            column=_number(groups.get("column", "")),
            code=groups.get("code", ""),
            severity=severity_of(groups.get("severity", "")),
        )


def _number(text: str) -> int | None:
    return natural(int(text)) if text.isascii() and text.isdigit() and len(text) < 10 else None
