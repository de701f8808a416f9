"""A list of rows in one widget: only lines in sight are drawn, each once per version and width.

There is no widget per row. A row says what it shows as a `stamp`; the list redraws a line when its stamp differs from
the one that was painted, so a thousand busy rows cost what the visible ones cost.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from typing import Protocol

from rich.style import Style
from textual import events
from textual.cache import LRUCache
from textual.geometry import Region, Size
from textual.message import Message
from textual.scroll_view import ScrollView
from textual.strip import Strip

from widgets.cells import strip_of
from widgets.look import Look

Parts = list[tuple[str, Style]]


class Row(Protocol):
    """What a list shows in one or more lines."""

    @property
    def id(self) -> str:
        """Stands for the same thing across rebuilds: the cursor stays with it."""
        ...

    @property
    def height(self) -> int:
        """Lines that it takes."""
        ...

    @property
    def is_choice(self) -> bool:
        """Whether the cursor may stand on it."""
        ...

    def stamp(self, now: float) -> Hashable:
        """Return what is shown, as a key: an equal stamp draws the same lines."""
        ...

    def draw(self, width: int, look: Look, now: float) -> list[Parts]:
        """Return the lines, each no wider than `width`."""
        ...


class RowList(ScrollView, can_focus=True):
    """Rows with a cursor. The owner sets rows with `set_rows` and calls `flush` ten times a second."""

    DEFAULT_CSS = """
    RowList { background: $background; color: $ink; scrollbar-size-vertical: 1; overflow-x: hidden; }
    """

    class Moved(Message):
        """The cursor stands on another row."""

        def __init__(self, rows: RowList, row: str | None) -> None:
            super().__init__()
            self.rows, self.row = rows, row

        @property
        def control(self) -> RowList:
            """The list."""
            return self.rows

    class Opened(Message):
        """A row was clicked twice."""

        def __init__(self, rows: RowList, row: str) -> None:
            super().__init__()
            self.rows, self.row = rows, row

        @property
        def control(self) -> RowList:
            """The list."""
            return self.rows

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002 - Textual's name for it
        super().__init__(id=id)
        self._rows: Sequence[Row] = ()
        self._lines: list[tuple[int, int]] = []
        """For each line: its row and which line of that row."""
        self._tops: list[int] = []
        self._cursor: int | None = None
        self._now = 0.0
        self._painted: dict[int, Hashable] = {}
        self._drawn: LRUCache[Hashable, list[Strip]] = LRUCache(2_000)
        self._look: Look | None = None
        self._is_look_stale = False

    @property
    def look(self) -> Look:
        """The styles to draw with."""
        self._look = self._look or Look(self)
        return self._look

    @property
    def row(self) -> Row | None:
        """The row under the cursor."""
        return self._rows[self._cursor] if self._cursor is not None else None

    def set_rows(self, rows: Sequence[Row]) -> None:
        """Show other rows. The cursor stays with its row; if that is gone, it stays near its place."""
        before = self.row
        old_place = self._cursor or 0
        self._rows = rows
        self._lines = [(i, part) for i, row in enumerate(rows) for part in range(row.height)]
        self._tops = []
        top = 0
        for row in rows:
            self._tops.append(top)
            top += row.height
        self._cursor = self._place_of(before.id if before else None, old_place)
        size = Size(0, len(self._lines))
        if size.height != self.virtual_size.height:
            self.virtual_size = size
        after = self.row
        if (before.id if before else None) != (after.id if after else None):
            self.post_message(self.Moved(self, after.id if after else None))
        if self._cursor is not None and before is not None and after is not None and before.id == after.id:
            self._bring_into_sight()

    def flush(self, now: float) -> None:
        """Repaint the visible lines that changed."""
        self._now = now
        top, height, width = self.scroll_offset.y, self.size.height, self.size.width
        lines = range(height)
        changed = [Region(0, y, width, 1) for y in lines if self._painted.get(y) != self._line_stamp(top + y)]
        if len(changed) > height // 2:
            self.refresh()
        elif changed:
            self.refresh(*changed)

    def select(self, row: str) -> bool:
        """Put the cursor on the row with this id, if there is one."""
        for place, candidate in enumerate(self._rows):
            if candidate.id == row and candidate.is_choice:
                self._move_to(place)
                return True
        return False

    def action_cursor(self, step: int) -> None:
        """Move by one choice."""
        place = self._next_choice(self._cursor if self._cursor is not None else -1, step)
        if place is not None:
            self._move_to(place)
        elif step < 0:
            self.scroll_to(y=0, animate=False)

    def action_edge(self, step: int) -> None:
        """Move to the first or last choice."""
        place = self._next_choice(-1, 1) if step < 0 else self._next_choice(len(self._rows), -1)
        if place is not None:
            self._move_to(place)
        self.scroll_to(y=0 if step < 0 else self.max_scroll_y, animate=False)

    def action_page(self, step: int) -> None:
        """Move by half a page."""
        if self._cursor is None:
            return
        goal = self._tops[self._cursor] + step * max(1, self.size.height // 2)
        line = min(max(goal, 0), len(self._lines) - 1)
        place = self._lines[line][0]
        if not self._rows[place].is_choice:
            nearest = self._next_choice(place, step)
            place = nearest if nearest is not None else self._cursor
        self._move_to(place)

    def render_line(self, y: int) -> Strip:
        """Draw one line of the window."""
        line = self.scroll_offset.y + y
        self._check_look()
        stamp = self._line_stamp(line)
        self._painted[y] = stamp
        width = self.size.width
        if line >= len(self._lines):
            return Strip.blank(width, self.look.base)
        return self._strips(stamp, line, width)[self._lines[line][1]]

    def notify_style_update(self) -> None:
        """Look at the colours again; they may be the same, as when the focus moves."""
        super().notify_style_update()
        self._is_look_stale = True

    def on_resize(self, _event: events.Resize) -> None:
        """Keep the cursor in sight."""
        self._painted.clear()
        if self._cursor is not None:
            self._bring_into_sight()

    def on_focus(self) -> None:
        """Show the cursor as active."""
        self._refresh_cursor()

    def on_blur(self) -> None:
        """Show the cursor as idle."""
        self._refresh_cursor()

    def on_click(self, event: events.Click) -> None:
        """Move the cursor; a second click opens."""
        line = self.scroll_offset.y + event.y
        if not 0 <= line < len(self._lines):
            return
        place = self._lines[line][0]
        if not self._rows[place].is_choice:
            return
        self._move_to(place)
        if event.chain > 1:
            self.post_message(self.Opened(self, self._rows[place].id))

    def _check_look(self) -> None:
        if self._is_look_stale:
            self._is_look_stale = False
            look = Look(self)
            if look != self._look:
                self._look = look
                self._drawn.clear()
                self._painted.clear()

    def _refresh_cursor(self) -> None:
        if self._cursor is not None:
            self._refresh_row(self._cursor)

    def _strips(self, stamp: Hashable, line: int, width: int) -> list[Strip]:
        strips = self._drawn.get(stamp)
        if strips is None:
            look = self.look
            place = self._lines[line][0]
            base = look.base
            if place == self._cursor:
                base += look["cursor" if self.has_focus else "cursor-idle"]
            drawn = self._rows[place].draw(width, look, self._now)
            if place == self._cursor:
                drawn = [_marked(parts, look["title" if self.has_focus else "dim"]) for parts in drawn]
            strips = [strip_of(parts, width, base) for parts in drawn]
            self._drawn[stamp] = strips
        return strips

    def _line_stamp(self, line: int) -> Hashable:
        if line >= len(self._lines):
            return None
        place = self._lines[line][0]
        row = self._rows[place]
        mark = (1 + self.has_focus) if place == self._cursor else 0
        return row.id, row.stamp(self._now), mark, self.size.width

    def _place_of(self, row: str | None, near: int) -> int | None:
        for place, candidate in enumerate(self._rows):
            if candidate.id == row and candidate.is_choice:
                return place
        if not self._rows:
            return None
        near = min(near, len(self._rows) - 1)
        if self._rows[near].is_choice:
            return near
        after = self._next_choice(near, 1)
        return after if after is not None else self._next_choice(near, -1)

    def _next_choice(self, place: int, step: int) -> int | None:
        place += step
        while 0 <= place < len(self._rows):
            if self._rows[place].is_choice:
                return place
            place += step
        return None

    def _move_to(self, place: int) -> None:
        old = self._cursor
        self._cursor = place
        self._bring_into_sight()
        if old == place:
            return
        for changed in (old, place):
            if changed is not None and changed < len(self._rows):
                self._refresh_row(changed)
        self.post_message(self.Moved(self, self._rows[place].id))

    def _refresh_row(self, place: int) -> None:
        top = self._tops[place] - self.scroll_offset.y
        for y in range(top, top + self._rows[place].height):
            if 0 <= y < self.size.height:
                self.refresh(Region(0, y, self.size.width, 1))

    def _bring_into_sight(self) -> None:
        if self._cursor is None or not self.size.height:
            return
        first = self._tops[self._cursor]
        last = first + self._rows[self._cursor].height - 1
        if first and not self._rows[self._cursor - 1].is_choice and self.size.height > 3:
            first -= self._rows[self._cursor - 1].height  # a heading is read together with its first row
        top = self.scroll_offset.y
        if first < top:
            self.scroll_to(y=first, animate=False)
        elif last >= top + self.size.height:
            self.scroll_to(y=last - self.size.height + 1, animate=False)


def _marked(parts: Parts, style: Style) -> Parts:
    """Put the cursor's mark into the first cell, for terminals where a background says little."""
    (text, first), *rest = parts
    return [("▌", style), (text[1:], first), *rest] if text.startswith(" ") else parts
