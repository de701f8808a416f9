"""The statement that a line belongs to, in any language with brackets or indentation; no parser is asked."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence

MOST_LINES = 24
"""A longer statement is no example that a person can judge at a glance."""

_OPENING, _CLOSING = "([{", ")]}"
_CONTINUES = ("except", "else", "elif", "finally", "catch", "case")
_QUOTES = "\"'`"


def statement_at(lines: Sequence[str], number: int) -> str:
    """Return the code that line `number` (from 1) is part of: with its brackets closed, without common indentation.

    Empty where there is no such line, or it is blank.
    """
    at = number - 1
    if not 0 <= at < len(lines) or not lines[at].strip():
        return ""
    first = _first(lines, at)
    last = _last(lines, first, at)
    return textwrap.dedent("\n".join(line.expandtabs(4) for line in lines[first : last + 1])).strip("\n")


def counterpart(removed: Sequence[str], added: Sequence[str], line: str) -> str:
    """Return what took the place of a removed line in the same hunk; empty: nothing did, or it is not to be told."""
    if not added or line not in removed:
        return ""
    place = removed.index(line)
    if len(removed) == len(added):
        return added[place].strip()
    return textwrap.dedent("\n".join(added)).strip("\n") if len(removed) == 1 and len(added) <= MOST_LINES else ""


def _first(lines: Sequence[str], at: int) -> int:
    """Return where it begins: above, while a bracket is open or the line goes on with a statement begun above."""
    own = _balance(lines[at])
    depth, first = min(own, 0), at
    for place in range(at - 1, max(-1, at - MOST_LINES), -1):
        depth += _balance(lines[place])
        if depth > 0 or (own < 0 and depth == 0):  # a bracket opened here is not closed above the line
            first = place
            break
    if _first_word(lines[first]) not in _CONTINUES:
        return first
    indent = _indent(lines[first])
    for place in range(first - 1, max(-1, first - MOST_LINES), -1):
        text = lines[place].strip()
        if text and _indent(lines[place]) == indent and _first_word(text) not in _CONTINUES:
            return place
    return first


def _last(lines: Sequence[str], first: int, at: int) -> int:
    depth = 0
    end = min(len(lines), first + MOST_LINES)
    for place in range(first, end):
        depth += _balance(lines[place])
        if place < at or depth > 0:
            continue
        if not lines[place].rstrip().endswith(":"):
            return place
        return _block_end(lines, place, end)
    return at


def _block_end(lines: Sequence[str], head: int, end: int) -> int:
    """Return the last line of the block that a line ending with a colon begins."""
    indent, last = _indent(lines[head]), head
    for place in range(head + 1, end):
        if lines[place].strip():
            is_inside = _indent(lines[place]) > indent
            if not is_inside and (_indent(lines[place]) < indent or _first_word(lines[place]) not in _CONTINUES):
                break
            last = place
    return last


def _first_word(line: str) -> str:
    return line.strip().lstrip("} ").split(" ")[0].rstrip(":{(")


def _indent(line: str) -> int:
    wide = line.expandtabs(4)
    return len(wide) - len(wide.lstrip(" "))


def _balance(line: str) -> int:
    """Return how many more brackets a line opens than it closes; those in strings do not count."""
    depth, quote, is_escaped = 0, "", False
    for character in line:
        if quote:
            if character == quote and not is_escaped:
                quote = ""
            is_escaped = character == "\\" and not is_escaped
        elif character in _QUOTES:
            quote = character
        elif character in _OPENING:
            depth += 1
        elif character in _CLOSING:
            depth -= 1
    return depth
