"""Which row belongs to which line, for lines of different heights."""

from __future__ import annotations

from array import array
from bisect import bisect_right
from collections.abc import Sequence
from itertools import accumulate

from widgets.sourceline import Line


class RowIndex:
    """Heights of lines and their sums: finding a row takes a bisection, and adding at the end costs what is added."""

    def __init__(self) -> None:
        self._heights = array("q")
        self._ends = array("q")
        """For each line the row after its last one."""

    @property
    def rows(self) -> int:
        """Rows of all lines together."""
        return self._ends[-1] if self._ends else 0

    def measure(self, lines: Sequence[Line], width: int) -> None:
        """Begin anew with these lines at this width; before the width is known, each is taken for one row."""
        self._heights = _heights(lines, width)
        self._ends = array("q", accumulate(self._heights))

    def splice(self, start: int, stop: int, lines: Sequence[Line], width: int) -> bool:
        """Measure lines in the place of others. Returns whether rows moved."""
        heights = _heights(lines, width)
        if heights == self._heights[start:stop]:
            return False
        before = self.top_of(start)
        self._heights[start:stop] = heights
        ends = accumulate(self._heights[start:], initial=before)
        next(ends)
        self._ends[start:] = array("q", ends)
        return True

    def top_of(self, line: int) -> int:
        """Return the first row of a line."""
        return self._ends[min(line, len(self._ends)) - 1] if line > 0 and self._ends else 0

    def height_of(self, line: int) -> int:
        """Return how many rows a line takes."""
        return self._heights[line] if 0 <= line < len(self._heights) else 1

    def locate(self, row: int) -> tuple[int, int]:
        """Return the line that has this row, and which of its rows it is; out of range: the nearest."""
        row = min(max(0, row), max(0, self.rows - 1))
        place = bisect_right(self._ends, row)
        return place, row - self.top_of(place)

    def moved(self, place: int, start: int, stop: int, size: int) -> int:
        """Return where a line is after `size` lines took the place of `start` to `stop`."""
        if place < start:
            return place
        if place >= stop:
            return place + size - (stop - start)
        return min(place, max(start, start + size - 1))


def _heights(lines: Sequence[Line], width: int) -> array[int]:
    return array("q", [line.rows(width) for line in lines] if width else [1] * len(lines))
