"""What a request brings along to be looked at: a diff in its colours, or a tool's arguments; every character shown.

The text comes from an agent and need not be what git would print: a line says by itself what it is.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from cockpit.providers.text import Safe, show_escaped
from cockpit.sessions.types import RequestKind, RequestRaised
from widgets.cells import cut, wrap_exact
from widgets.highlight import spans_of
from widgets.palette import Palette
from widgets.rows import Parts
from widgets.sourceline import breaks, cells_of, inked

LINES_SHOWN = 400
"""Lines of it that a card holds; the rest is counted."""
_PATH = re.compile(r"^\+\+\+ (?:b/)?([^\t]+)")
_HEADS = ("diff --git ", "index ", "--- ", "+++ ", "new file ", "deleted file ", "rename ", "similarity ")
_BACK = {"+": "added-back", "-": "removed-back"}
_SIGN = {"+": "added", "-": "removed"}


def detail_lines(request: RequestRaised, room: int, look: Palette) -> Iterator[Parts]:
    """Return the lines of a request's detail, none wider than `room`."""
    text = request.detail.strip("\n")
    lines = text.split("\n", LINES_SHOWN)
    rest = lines[LINES_SHOWN].count("\n") + 1 if len(lines) > LINES_SHOWN else 0
    lines = lines[:LINES_SHOWN]
    yield [("─" * room, look["faint"])]
    if request.kind is RequestKind.EDIT and _is_diff(lines):
        yield from _diff(lines, request.paths[0] if request.paths else "", room, look)
    else:
        for line in lines:
            for piece in wrap_exact(show_escaped(line), room):
                yield [(piece, look["ink"])]
    if rest:
        said = f"⋮ {rest} more line{'' if rest == 1 else 's'} than a card holds"
        yield [(cut(Safe(said), room), look["question"])]


def _is_diff(lines: list[str]) -> bool:
    return any(line.startswith("@@") for line in lines) or all(line[:1] in ("+", "-", " ", "") for line in lines)


def _diff(lines: list[str], path: str, room: int, look: Palette) -> Iterator[Parts]:
    hunk: list[str] = []
    for line in lines:
        if line.startswith(("@@", *_HEADS)):
            yield from _code(hunk, path, room, look)
            hunk = []
            if found := _PATH.match(line):
                path = found[1]
            for piece in wrap_exact(show_escaped(line), room):
                yield [(piece, look["accent" if line.startswith("@@") else "dim"])]
        else:
            hunk.append(line)
    yield from _code(hunk, path, room, look)


def _code(lines: list[str], path: str, room: int, look: Palette) -> Iterator[Parts]:
    """Draw the lines of one hunk, coloured together."""
    texts = [show_escaped(line[1:].expandtabs(4)) for line in lines]
    for line, text, spans in zip(lines, texts, spans_of(texts, path), strict=True):
        sign = line[:1] or " "
        back = look[_BACK.get(sign, "")]
        for place, (begin, end) in enumerate(breaks(text, room - 2, is_hard=True)):
            drawn = inked(text, begin, end, "ink", spans, look)
            head = "  " if place else f"{sign} "
            pad = room - 2 - cells_of(text[begin:end]) if sign in _BACK else 0
            yield [
                (head, back + look[_SIGN.get(sign, "dim")]),
                *((piece, back + style) for piece, style in drawn),
                (" " * pad, back),
            ]
