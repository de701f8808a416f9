"""One source line and how it breaks into rows: what the views of long texts are made of."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import Enum
from typing import Protocol

from rich.cells import cell_len, set_cell_size

from cockpit.providers.text import Safe
from widgets.palette import Palette
from widgets.rows import Parts

Span = tuple[int, int, str]
"""From, to (in characters), and a meaning of the palette."""
Bit = tuple[str, str]
"""Text of our own, or safe text, and a meaning of the palette."""


class Flow(Enum):
    """What becomes of a line that is wider than the pane."""

    WORDS = "words"
    HARD = "hard"
    CUT = "cut"


class Line(Protocol):
    """What a view shows in one or more rows. A line never changes: another one takes its place."""

    @property
    def text(self) -> str:
        """The text that is searched and copied."""
        ...

    @property
    def mark(self) -> object:
        """What it belongs to: an entry, a file, a place in a diff."""
        ...

    @property
    def back(self) -> str:
        """Meaning of the background over the whole width; empty: none."""
        ...

    def rows(self, width: int) -> int:
        """Return how many rows it takes."""
        ...

    def parts(self, row: int, width: int, palette: Palette) -> Parts:
        """Draw one row, no wider than `width`."""
        ...


@dataclass(slots=True, eq=False)
class TextLine:
    """A line of safe text with inks, a lead before its first row and a hang of the same width before the others."""

    text: Safe
    meaning: str = "ink"
    spans: Sequence[Span] = ()
    lead: Sequence[Bit] = ()
    hang: Sequence[Bit] | None = None
    """None: spaces as wide as the lead."""
    right: Sequence[Bit] = ()
    """At the right end of a line that is cut."""
    flow: Flow = Flow.WORDS
    back: str = ""
    mark: object = None
    _cells: int = field(default=-1, repr=False)
    _broken: tuple[int, list[tuple[int, int]]] = field(default=(-1, []), repr=False)

    def rows(self, width: int) -> int:
        """Return how many rows it takes."""
        if self.flow is Flow.CUT:
            return 1
        if self._cells < 0:
            self._cells = cells_of(self.text)
        room = self._room(width)
        if self._cells <= room:
            return 1
        if self.flow is Flow.HARD and self._cells == len(self.text):
            return -(-self._cells // room)
        return len(self._breaks(room))

    def parts(self, row: int, width: int, palette: Palette) -> Parts:
        """Draw one row, no wider than `width`."""
        lead = self.lead if row == 0 or self.hang is None else self.hang
        if row and self.hang is None and lead:
            lead = ((" " * sum(cells_of(text) for text, _ in lead), ""),)
        drawn: Parts = [(text, palette[meaning]) for text, meaning in lead]
        if self.flow is Flow.CUT:
            return drawn + self._cut(width, palette)
        if self.rows(width) == 1:
            return drawn + inked(self.text, 0, len(self.text), self.meaning, self.spans, palette)
        begin, end = self._breaks(self._room(width))[row]
        return drawn + inked(self.text, begin, end, self.meaning, self.spans, palette)

    def _room(self, width: int) -> int:
        return max(2, width - sum(cells_of(text) for text, _ in self.lead))

    def _breaks(self, room: int) -> list[tuple[int, int]]:
        if self._broken[0] != room:
            self._broken = (room, breaks(self.text, room, is_hard=self.flow is Flow.HARD))
        return self._broken[1]

    def _cut(self, width: int, palette: Palette) -> Parts:
        right = sum(cells_of(text) for text, _ in self.right)
        room = max(0, self._room(width) - right - bool(right))
        size = cells_of(self.text)
        drawn: Parts = []
        if size <= room:
            drawn = inked(self.text, 0, len(self.text), self.meaning, self.spans, palette)
        elif room:
            end = len(set_cell_size(self.text, room - 1).rstrip(" "))
            drawn = inked(self.text, 0, end, self.meaning, self.spans, palette)
            drawn.append(("…", palette["dim"]))
            size = sum(cells_of(text) for text, _ in drawn)
        else:
            size = 0
        if right:
            drawn.append((" " * (room - size + 1), palette[""]))
            drawn += [(text, palette[meaning]) for text, meaning in self.right]
        return drawn


def cells_of(text: str) -> int:
    """Return the width of a text in terminal cells."""
    return len(text) if text.isascii() else cell_len(text)


def inked(text: str, begin: int, end: int, meaning: str, spans: Sequence[Span], palette: Palette) -> Parts:
    """Return a piece of a text in its inks; a span lies over the meaning of the whole."""
    ground = palette[meaning]
    if not spans:
        return [(text[begin:end], ground)]
    drawn: Parts = []
    at = begin
    for start, stop, ink in spans:
        start, stop = max(start, at), min(stop, end)
        if start >= stop:
            continue
        if start > at:
            drawn.append((text[at:start], ground))
        drawn.append((text[start:stop], ground + palette[ink]))
        at = stop
    if at < end:
        drawn.append((text[at:end], ground))
    return drawn


def breaks(text: str, room: int, *, is_hard: bool) -> list[tuple[int, int]]:
    """Return from where to where each row goes: broken at spaces, or (`is_hard`) wherever the row is full."""
    found: list[tuple[int, int]] = []
    begin, size = 0, len(text)
    is_narrow = text.isascii()
    while begin < size:
        end = min(size, begin + room) if is_narrow else _fill(text, begin, room)
        if end >= size:
            found.append((begin, size))
            break
        stop = text.rfind(" ", begin + 1, end + 1)
        if is_hard or stop <= begin + (end - begin) // 3:
            found.append((begin, end))
            begin = end
            continue
        found.append((begin, stop))
        begin = stop
        while begin < size and text[begin] == " ":
            begin += 1
    return found or [(0, 0)]


def _fill(text: str, begin: int, room: int) -> int:
    cells = 0
    for place in range(begin, len(text)):
        cells += cell_len(text[place])
        if cells > room:
            return max(begin + 1, place)
    return len(text)
