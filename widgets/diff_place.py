"""Finding the same place again after the lines of a diff were made anew."""

from __future__ import annotations

from collections.abc import Sequence

from cockpit.sessions.types import LineComment
from cockpit.state.diff import anchor
from widgets.diff_document import Document
from widgets.diff_rows import Place
from widgets.sourceline import Line


def place_of(line: Line | None) -> Place:
    """Return what a line stands for."""
    mark = line.mark if line is not None else None
    return mark if isinstance(mark, Place) else Place()


def nearest(wanted: Place, lines: Sequence[Line], document: Document, *, is_split: bool) -> int:
    """Return the line that stands for the same place as before: the same code, else its file, else the first line."""
    section = document.find(wanted.path) if wanted.path else None
    if section is None:
        return 0
    start = document.start_of(section)
    stop = start + document.sizes[section]
    if wanted.kind == "code":
        comment = LineComment(path=wanted.path, line=wanted.number, side=wanted.side, text="", snippet=wanted.snippet)
        number = anchor(comment, [document.sections[section].diff])
        sought = wanted.number if number is None else number
    else:
        sought = wanted.number
    best, distance = start, -1
    for index in range(start, stop):
        place = place_of(lines[index])
        if wanted.kind == "file":
            return start
        if place.kind == wanted.kind and (place.side == wanted.side or is_split):
            away = abs(place.number - sought)
            if distance < 0 or away < distance:
                best, distance = index, away
    return best
