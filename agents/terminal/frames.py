"""The screen of a program as frames for people: cleaned text, known styles, only the rows that changed.

Every cell keeps its place, so what must not reach a person's terminal is shown as one replacement character.
"""

from __future__ import annotations

from pyte.screens import Char, wcwidth

from agents.terminal.colours import style_of
from agents.terminal.screen import TerminalMemory
from cockpit.providers.text import clean
from cockpit.sessions.types import ScreenRow, TerminalScreen

MOST_RUNS = 6_000
"""A frame with more of them goes out without styles: it is noise, and must stay small enough to be sent."""
_REPLACED = "�"

Runs = tuple[tuple[str, str], ...]


class Frames:
    """Makes frames of one screen; each is the difference to the one before it."""

    def __init__(self, screen: TerminalMemory) -> None:
        """Nothing has been shown yet."""
        self._screen = screen
        self._number = 0
        self._shown: dict[int, Runs] = {}
        self._cells: dict[str, str] = {}
        self._head: tuple[object, ...] = ()

    @property
    def is_due(self) -> bool:
        """Whether something may have changed since the last frame."""
        return bool(self._screen.dirty) or self._head_now() != self._head

    def next(self, *, is_whole: bool = False) -> TerminalScreen | None:
        """Return what changed, or the whole screen; None when nothing did."""
        screen = self._screen
        head = self._head_now()
        is_whole = is_whole or head[:2] != self._head[:2]
        dirty = range(screen.lines) if is_whole else sorted(y for y in screen.dirty if y < screen.lines)
        screen.dirty.clear()
        rows = {y: self._runs(y) for y in dirty}
        if sum(map(len, rows.values())) > MOST_RUNS:
            rows = {y: (("".join(text for text, _ in runs).rstrip(), ""),) for y, runs in rows.items()}
        if is_whole:
            self._shown = {}
        changed = {y: runs for y, runs in rows.items() if runs != self._shown.get(y, ())}
        if not changed and head == self._head and not is_whole:
            return None
        self._shown.update(changed)
        self._head = head
        self._number += 1
        return TerminalScreen(
            frame=self._number,
            columns=screen.columns,
            rows=screen.lines,
            cursor=head[2],
            is_whole=is_whole,
            lines=tuple(ScreenRow(y=y, runs=runs) for y, runs in changed.items()),
        )

    def _head_now(self) -> tuple[int, int, tuple[int, int] | None]:
        screen, cursor = self._screen, self._screen.cursor
        place = None if cursor.hidden else (min(cursor.x, screen.columns - 1), cursor.y)
        return screen.columns, screen.lines, place

    def _runs(self, y: int) -> Runs:
        """Return one row; blanks at its end that have no style are left out."""
        row, columns = self._screen.buffer[y], self._screen.columns
        last = max((x for x in row if x < columns), default=-1)
        runs: list[tuple[list[str], str]] = []
        x = 0
        while x <= last:
            char = row[x]
            text, width = self._cell(char, row[x + 1] if x + 1 < columns else None)
            style = style_of(char._replace(data=""))
            if runs and runs[-1][1] == style:
                runs[-1][0].append(text)
            else:
                runs.append(([text], style))
            x += width
        made = [("".join(texts), style) for texts, style in runs]
        if made and not made[-1][1]:
            made[-1] = (made[-1][0].rstrip(" "), "")
            if not made[-1][0]:
                made.pop()
        return tuple(made)

    def _cell(self, char: Char, after: Char | None) -> tuple[str, int]:
        """Return what stands in a cell, and how many cells it takes; half of a wide character is a blank."""
        data = char.data
        if not data:
            return " ", 1
        if data.isascii() and data.isprintable():
            return data[0], 1
        if wcwidth(data[0]) == 2:
            is_whole = after is not None and not after.data
            return (self._cleaned(data, "　"), 2) if is_whole else (" ", 1)
        return self._cleaned(data, _REPLACED), 1

    def _cleaned(self, data: str, otherwise: str) -> str:
        if (known := self._cells.get(data)) is None:
            if len(self._cells) > 4096:
                self._cells.clear()
            is_harmless = data.isprintable() and clean(data) == data
            known = self._cells[data] = data if is_harmless else otherwise
        return known
