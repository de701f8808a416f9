"""The `regex` engine. Patterns come from repositories, so they run on an engine that is linear in time: Rust's.

It is the one that ast-grep uses, and is reached through pydantic's own validators: one dialect for all rules.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache

from pydantic_core import SchemaError, SchemaValidator, core_schema

from cockpit.rules.types import Hit, Rule
from cockpit.rules.types.bodies import RegexBody, Unit
from cockpit.rules.types.errors import RuleFileError

LINE_LIMIT = 4_000
"""Characters of a line that are looked at; longer ones are data."""

HITS_LIMIT = 500
"""Hits of one rule in one file that are told."""

_ITEM = re.compile(r"\s*(?:[-*+]|\d+[.)])\s")


class Pattern:
    """A regular expression that takes no longer than its text is long."""

    def __init__(self, pattern: str, *, ignore_case: bool = False) -> None:
        """Compile it. Raises `RuleFileError` with the engine's own words where it is wrong."""
        flags = "(?mi)" if ignore_case else "(?m)"
        schema = core_schema.str_schema(pattern=flags + pattern, regex_engine="rust-regex")
        try:
            self._validator = SchemaValidator(schema)
        except SchemaError as error:
            raise RuleFileError(f"pattern is wrong: {_reason(str(error))}") from error

    def is_in(self, text: str) -> bool:
        """Return whether it matches somewhere in the text."""
        return self._validator.isinstance_python(text)


@lru_cache(maxsize=1024)
def compiled(pattern: str, *, ignore_case: bool = False) -> Pattern:
    """Return a pattern, compiled once. Raises `RuleFileError`."""
    return Pattern(pattern, ignore_case=ignore_case)


def regex_hits(rule: Rule, body: RegexBody, path: str, text: str) -> Iterator[Hit]:
    """Yield what a rule objects to in a file, at most `HITS_LIMIT` times. Raises `RuleFileError`."""
    wanted = compiled(body.pattern, ignore_case=body.ignore_case)
    unless = compiled(body.unless, ignore_case=body.ignore_case) if body.unless else None
    text = text.replace("\r\n", "\n")  # an end of a line is one, however it is written
    if body.unit is not Unit.PARAGRAPH and not wanted.is_in(text):
        return
    told = 0
    for line, end_line, piece in _pieces(body.unit, text):
        if wanted.is_in(piece) and not (unless and unless.is_in(piece)):
            at = _first_line(wanted, piece) if "\n" in piece else 0
            lines = piece.split("\n")
            start = lines[at]
            yield Hit(
                rule=rule.id,
                path=path,
                line=line + at,
                column=len(start) - len(start.lstrip()) + 1,
                end_line=end_line,
                text=start.strip() if body.unit is Unit.FILE else piece.strip(),
            )
            told += 1
            if told == HITS_LIMIT:
                return


def _pieces(unit: Unit, text: str) -> Iterator[tuple[int, int, str]]:
    """Yield first line, last line and text of each piece of a file."""
    lines = [line[:LINE_LIMIT] for line in text.split("\n")]
    match unit:
        case Unit.LINE:
            for number, line in enumerate(lines, 1):
                yield number, number, line
        case Unit.FILE:
            yield 1, len(lines), "\n".join(lines)
        case Unit.PARAGRAPH:
            yield from _paragraphs(lines)


def _paragraphs(lines: list[str]) -> Iterator[tuple[int, int, str]]:
    begun = 0
    for number, line in enumerate([*lines, ""]):
        if line.strip() and not (_ITEM.match(line) and number > begun):
            continue
        if number > begun:
            yield begun + 1, number, "\n".join(lines[begun:number])
        begun = number if line.strip() else number + 1


def _first_line(wanted: Pattern, piece: str) -> int:
    """Return the line in which the first match ends: the fewest lines that hold one."""
    lines = piece.split("\n")
    low, high = 1, len(lines)
    while low < high:
        middle = (low + high) // 2
        if wanted.is_in("\n".join(lines[:middle])):
            high = middle
        else:
            low = middle + 1
    return low - 1


def _reason(said: str) -> str:
    lines = [line.strip() for line in said.splitlines() if line.strip()]
    last = lines[-1] if lines else "not a regular expression"
    return last.removeprefix("error: ").removeprefix("SchemaError: ")[:300]
