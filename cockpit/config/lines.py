"""Finds the line of a key in TOML text, exactly as the parser itself understands it."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence


def line_of(text: str, path: Sequence[str | int]) -> int | None:
    """Return the line (from 1) where the deepest existing part of a key path begins; None when no part exists.

    Whatever the notation (dotted keys, inline tables, arrays of tables), the first prefix of the file that parses and
    holds the key ends where its value ends; the value begins right after the last prefix that parses without it.
    """
    lines = text.splitlines(keepends=True)
    for depth in range(len(path), 0, -1):
        if _holds(_parse(lines, len(lines)), path[:depth]):
            return _last_end_without(lines, path[:depth]) + 1
    return None


def _last_end_without(lines: list[str], path: Sequence[str | int]) -> int:
    low, high = 0, len(lines)  # the first `low` lines lack the key, the first `high` hold it
    while True:
        middle = (low + high) // 2
        for end in sorted(range(low + 1, high), key=lambda line: abs(line - middle)):
            document = _parse(lines, end)
            if document is not None:
                break
        else:
            return low
        if _holds(document, path):
            high = end
        else:
            low = end


def _parse(lines: list[str], end: int) -> dict[str, object] | None:
    try:
        return tomllib.loads("".join(lines[:end]))
    except tomllib.TOMLDecodeError:
        return None


def _holds(document: object, path: Sequence[str | int]) -> bool:
    for step in path:
        in_list = isinstance(document, list) and isinstance(step, int) and step < len(document)
        if not in_list and not (isinstance(document, Mapping) and step in document):
            return False
        document = document[step]  # type: ignore[index]  # one of the two shapes just looked at
    return document is not None
