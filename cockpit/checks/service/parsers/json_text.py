"""Reads JSON reports: the outermost value, whatever a tool prints around it."""

from __future__ import annotations

import json
from collections.abc import Iterator

from cockpit.checks.service.parsers.report import UnreadableReportError

_ATTEMPTS = 20


def read_json(output: bytes, opening: str) -> object:
    """Return the JSON value of a report that begins with `opening` (`[` or `{`).

    Tools print banners and warnings around their report, some of which (`[warn] ...`) begin like it: the first line
    that begins a whole value counts, and what follows the value is left out.

    Raises:
        UnreadableReportError: there is no such value.
    """
    text = output.decode("utf-8", "replace").lstrip("\ufeff \t\r\n")
    reason = "no JSON in the output" if text else "the output is empty"
    for start in _lines_that_begin_with(text, opening):
        try:
            return json.JSONDecoder().raw_decode(text, start)[0]
        except RecursionError as error:
            raise UnreadableReportError("broken JSON in the output: nested too deeply") from error
        except ValueError as error:  # besides bad syntax: a number of thousands of digits
            reason = f"broken JSON in the output: {error.msg if isinstance(error, json.JSONDecodeError) else error}"
    raise UnreadableReportError(reason)


def records(value: object) -> list[dict[str, object]]:
    """Return the objects in a list; everything else in it is left out."""
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []


def record(value: object) -> dict[str, object]:
    """Return an object, or an empty one."""
    return value if isinstance(value, dict) else {}


def _lines_that_begin_with(text: str, opening: str) -> Iterator[int]:
    """Yield where the first lines begin that begin so; few, because each costs an attempt."""
    at = 0 if text.startswith(opening) else text.find("\n" + opening) + 1
    for _attempt in range(_ATTEMPTS):
        if not text.startswith(opening, at):
            return
        yield at
        at = text.find("\n" + opening, at) + 1
        if at == 0:
            return
