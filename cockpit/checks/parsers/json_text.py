"""Reads JSON reports: the outermost value, whatever a tool prints around it."""

from __future__ import annotations

import json

from cockpit.checks.parsers.report import UnreadableReportError


def read_json(output: bytes, opening: str) -> object:
    """Return the JSON value of a report that begins with `opening` (`[` or `{`).

    Tools print banners and warnings around their report: everything before the first line that begins with the opening
    bracket and after the value is left out.

    Raises:
        UnreadableReportError: there is no such value.
    """
    text = output.decode("utf-8", "replace")
    start = _line_that_begins_with(text, opening)
    if start is None:
        raise UnreadableReportError("no JSON in the output" if text.strip() else "the output is empty")
    try:
        value, _end = json.JSONDecoder().raw_decode(text, start)
    except RecursionError as error:
        raise UnreadableReportError("broken JSON in the output: nested too deeply") from error
    except ValueError as error:  # besides bad syntax: a number of thousands of digits
        reason = error.msg if isinstance(error, json.JSONDecodeError) else str(error)
        raise UnreadableReportError(f"broken JSON in the output: {reason}") from error
    return value


def records(value: object) -> list[dict[str, object]]:
    """Return the objects in a list; everything else in it is left out."""
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []


def record(value: object) -> dict[str, object]:
    """Return an object, or an empty one."""
    return value if isinstance(value, dict) else {}


def _line_that_begins_with(text: str, opening: str) -> int | None:
    if text.lstrip("\ufeff \t\r\n").startswith(opening):
        return text.index(opening)
    at = text.find("\n" + opening)
    return at + 1 if at >= 0 else None
