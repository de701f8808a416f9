"""JSON of any tool: a list of findings, an object that holds one, or one finding a line, under the names tools use."""

from __future__ import annotations

import json
from collections.abc import Iterator

from cockpit.checks.service.parsers.json_text import read_json, record, records
from cockpit.checks.service.parsers.report import Claim, Source, UnreadableReportError, natural, severity_of, text_of
from cockpit.checks.types import Severity

_LISTS = ("findings", "results", "issues", "violations", "diagnostics", "problems", "errors", "changes")
_MESSAGE = ("message", "msg", "text", "description")
_PATH = ("path", "file", "filename", "filePath")
_LINE = ("line", "lineNumber", "row", "start_line", "startLine")
_COLUMN = ("column", "col", "start_column", "startColumn")
_CODE = ("code", "rule", "ruleId", "rule_id", "check_id", "id")
_SEVERITY = ("severity", "level")
_FIX = ("remediation", "fix", "hint", "help")


def parse(output: bytes, source: Source) -> Iterator[Claim]:
    """Yield a claim for each object that says something."""
    for one in _findings(output):
        message = text_of(_first(one, _MESSAGE))
        code = _first(one, _CODE)
        severity = _first(one, _SEVERITY)
        if message or code:
            yield Claim(
                message=message or text_of(code),
                path=text_of(_first(one, _PATH)),
                line=natural(_first(one, _LINE)),
                column=natural(_first(one, _COLUMN)),
                code=text_of(code),
                severity=Severity.ERROR if severity is None else severity_of(severity),
                remediation=text_of(_first(one, _FIX)),
            )


def _findings(output: bytes) -> list[dict[str, object]]:
    text = output.strip()
    if not text:
        return []
    if not text.startswith(b"{"):
        return records(read_json(output, "["))
    lines = [line for line in text.splitlines() if line.strip()]
    if len(lines) > 1 and all(line.startswith(b"{") and line.rstrip().endswith(b"}") for line in lines):
        return [_line(line) for line in lines]
    whole = record(read_json(output, "{"))
    for key in _LISTS:
        if isinstance(whole.get(key), list):
            return records(whole[key])
    if _first(whole, _MESSAGE) is not None:
        return [whole]
    raise UnreadableReportError(f"no list of findings in the JSON: it is looked for under {', '.join(_LISTS)}")


def _line(line: bytes) -> dict[str, object]:
    try:
        return record(json.loads(line))
    except (ValueError, RecursionError) as error:
        raise UnreadableReportError(f"broken JSON in the output: {error}") from error


def _first(one: dict[str, object], names: tuple[str, ...]) -> object:
    return next((one[name] for name in names if one.get(name) is not None), None)
