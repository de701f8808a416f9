"""Places in a diff: which comes next, and finding the same one again after the lines were made anew."""

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


def next_file(document: Document, here: Place, step: int) -> int:
    """Return the section of the next or previous file, round and round; back from within a file is its own head."""
    current = document.find(here.path)
    if current is None:
        current = -1 if step > 0 else 0
    elif step < 0 and here.kind != "file":
        current += 1
    return (current + step) % len(document.sections)


def next_hunk(lines: Sequence[Line], cursor: int, step: int) -> int | None:
    """Return the line of the next or previous hunk, if there is one."""
    place = cursor + step
    while 0 <= place < len(lines):
        if place_of(lines[place]).kind == "hunk":
            return place
        place += step
    return None


def next_unreviewed(document: Document, here: int | None) -> int | None:
    """Return the next section that nobody has reviewed, round and round."""
    size = len(document.sections)
    start = -1 if here is None else here
    places = ((start + distance) % size for distance in range(1, size + 1))
    return next((place for place in places if not document.sections[place].is_reviewed), None)
