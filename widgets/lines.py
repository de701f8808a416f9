"""A view of many source lines in one widget: wrapped and drawn only where they are seen, each row once.

The view knows nothing of what its lines mean. Whoever owns it puts lines in with `splice`, and calls `settle` about ten
times a second; keys move a cursor from row to row. A view that stands at its end follows it. One that was scrolled up
stays where it is, whatever is added: the scroll bar is told the size of the whole at most four times a second.
"""

from __future__ import annotations

import time
from collections.abc import Sequence

from rich.style import Style
from textual import events, on
from textual.cache import LRUCache
from textual.geometry import Region, Size
from textual.message import Message
from textual.scroll_view import ScrollView
from textual.strip import Strip

from widgets.cells import strip_of
from widgets.palette import Palette
from widgets.rowindex import RowIndex
from widgets.rows import Parts
from widgets.sourceline import Line, cells_of

SIZE_TOLD_S = 0.25
KEPT_STRIPS = 4_000


class LinesView(ScrollView, can_focus=True, inherit_bindings=False):
    """Lines with a cursor, a search, and a note at the lower right. Its keys are those of the pane around it."""

    DEFAULT_CSS = """
    LinesView {
        background: $background; color: $ink; overflow-x: hidden;
        scrollbar-size-vertical: 1; scrollbar-gutter: stable;
    }
    """

    class Moved(Message):
        """The cursor stands on another line, or the view was scrolled."""

        def __init__(self, view: LinesView) -> None:
            super().__init__()
            self.view = view

        @property
        def control(self) -> LinesView:
            """The view."""
            return self.view

        def can_replace(self, message: Message) -> bool:
            """Only the last of several matters."""
            return isinstance(message, LinesView.Moved)

    def __init__(self, *, is_following: bool = False, id: str | None = None) -> None:  # noqa: A002 - Textual's name for it
        super().__init__(id=id)
        self._lines: list[Line] = []
        self._index = RowIndex()
        self._width = 0
        self._cursor = (0, 0)
        """A line and one of its rows."""
        self._follows = self._is_following = is_following
        self._needle = ""
        self._note = ""
        self._told = 0.0
        self._drawn: LRUCache[tuple[int, int], tuple[Line, Strip]] = LRUCache(KEPT_STRIPS)
        self._palette: Palette | None = None
        self._is_own_scroll = False
        self.drawn_rows = 0
        """Rows drawn so far; those taken from the cache are not counted."""

    @property
    def lines(self) -> Sequence[Line]:
        """The lines; read only."""
        return self._lines

    @property
    def rows(self) -> int:
        """Rows of all lines together."""
        return self._index.rows

    @property
    def columns(self) -> int:
        """Cells of a row, without the scroll bar."""
        return self.scrollable_content_region.width

    @property
    def is_following(self) -> bool:
        """Whether it stands at its end and moves with it."""
        return self._is_following

    @property
    def palette(self) -> Palette:
        """The styles to draw with."""
        self._palette = self._palette or Palette(self)
        return self._palette

    def replace(self, lines: list[Line], *, cursor: int | None = None, top: int = 0) -> None:
        """Show other lines: from the end when it follows, else with this cursor and this top row."""
        self._lines = lines
        self._is_following = self._follows and cursor is None
        self._cursor = (min(cursor or 0, max(0, len(lines) - 1)), 0)
        self._measure()
        self._tell_size()
        self._scroll(self.rows if self._is_following else top)
        self.refresh()

    def splice(self, start: int, stop: int, lines: Sequence[Line]) -> None:
        """Put lines in the place of `lines[start:stop]`. What is in sight stays in sight."""
        top, shown_row = self._index.locate(self.scroll_offset.y)
        self._lines[start:stop] = lines
        before = self.top_of(start)
        if not self._index.splice(start, stop, lines, self._width):
            self._refresh_rows(before, self.top_of(start + len(lines)) - before)
            return
        self._cursor = (self._index.moved(self._cursor[0], start, stop, len(lines)), self._cursor[1])
        if self._is_following:
            self._tell_size()
            self._scroll(self.rows)
            self._refresh_rows(before, self.rows)
            return
        place = self.top_of(self._index.moved(top, start, stop, len(lines))) + shown_row
        if place != self.scroll_offset.y:
            self._tell_size()
            self._scroll(place)
        elif time.monotonic() - self._told >= SIZE_TOLD_S or self.rows < self.virtual_size.height:
            self._tell_size()
        self._refresh_rows(before, self.rows)

    def settle(self) -> None:
        """Tell the scroll bar about lines that were added out of sight, when it is due."""
        self._fit()  # its first size is not always told by an event when the machine is busy
        if self.virtual_size.height != self.rows and time.monotonic() - self._told >= SIZE_TOLD_S:
            self._tell_size()

    def say(self, note: str) -> None:
        """Show a note of our own at the lower right."""
        if note != self._note:
            self._note = note
            self._refresh_rows(self.scroll_offset.y + self.size.height - 1, 1)

    # --- where it stands

    @property
    def cursor(self) -> int:
        """The line under the cursor."""
        return max(0, len(self._lines) - 1) if self._is_following else self._cursor[0]

    @property
    def cursor_line(self) -> Line | None:
        """The line under the cursor, if there is any."""
        return self._lines[self.cursor] if self._lines else None

    @property
    def is_at_top(self) -> bool:
        """Whether its first row is in sight."""
        return self.scroll_offset.y <= 0

    def top_of(self, line: int) -> int:
        """Return the first row of a line."""
        return self._index.top_of(line)

    def go(self, line: int, *, top: int | None = None) -> None:
        """Put the cursor on a line; `top`: rows that are seen above it."""
        if not self._lines:
            return
        self._cursor = (min(max(0, line), len(self._lines) - 1), 0)
        if top is not None:
            self._tell_size()
            self._scroll(max(0, self.top_of(self._cursor[0]) - top))
        self._moved_by_hand()

    def find(self, needle: str, step: int = 1, *, is_here: bool = False) -> bool:
        """Mark a text wherever it is seen and go to the next (or previous) line that has it; empty: end the search."""
        if needle != self._needle:
            self._needle = needle
            self._drawn.clear()
            self.refresh()
        if not needle or not self._lines:
            return False
        place = match(self._lines, needle, self.cursor, step, is_here=is_here)
        if place is not None:
            self.go(place)
        return place is not None

    def action_line(self, step: int) -> None:
        """Move by one row."""
        self._move_to(self._cursor_row() + step)

    def action_page(self, step: int) -> None:
        """Move by half a page."""
        half = max(1, self.size.height // 2)
        self._tell_size()
        self._scroll(self.scroll_offset.y + step * half)
        self._move_to(self._cursor_row() + step * half)

    def action_edge(self, step: int) -> None:
        """Move to the beginning or the end."""
        self._tell_size()
        self._move_to(0 if step < 0 else self.rows - 1)

    def render_line(self, y: int) -> Strip:
        """Draw one row of the window."""
        strip = self._row(self.scroll_offset.y + y)
        is_last = y == self.size.height - 1
        return with_note(strip, self._note, self.columns, self.palette) if self._note and is_last else strip

    def on_resize(self, _event: events.Resize) -> None:
        """Break the lines anew where they are seen in another width now."""
        if not self._fit() and self._is_following:
            self._scroll(self.rows)

    def _fit(self) -> bool:
        """Break the lines anew if the width is another one; what was seen first stays first."""
        if self.columns == self._width:
            return False
        top, _ = self._index.locate(self.scroll_offset.y)
        self._width = self.columns
        self._measure()
        self._tell_size()
        self._scroll(self.rows if self._is_following else self.top_of(top))
        self.refresh()  # it may have been drawn at the new width already, and had nothing to show yet
        return True

    def notify_style_update(self) -> None:
        """Forget what was drawn with the old colours."""
        super().notify_style_update()
        self._palette = None
        self._drawn.clear()

    @on(events.Focus)
    @on(events.Blur)
    def show_cursor(self) -> None:
        """Show the cursor, or hide it."""
        self._refresh_rows(self._cursor_row(), 1)

    def on_click(self, event: events.Click) -> None:
        """Put the cursor where the pointer is."""
        if self.scroll_offset.y + event.y < self.rows:
            self._move_to(self.scroll_offset.y + event.y)

    def watch_scroll_y(self, old_value: float, new_value: float) -> None:
        """Notice scrolling by wheel or bar: it takes the cursor along, and ends or begins following."""
        super().watch_scroll_y(old_value, new_value)
        if self._is_own_scroll or round(old_value) == round(new_value):
            return
        row, top = self._cursor_row(), round(new_value)
        self._cursor = self._index.locate(min(max(row, top), top + max(0, self.size.height - 1)))
        self._is_following = self._follows and top >= self.rows - self.size.height
        self.post_message(self.Moved(self))

    def _row(self, row: int) -> Strip:
        width, base = self.columns, self.palette.base
        if row >= self.rows or width != self._width:
            return Strip.blank(width, base)
        place, part = self._index.locate(row)
        line = self._lines[place]
        if self.has_focus and row == self._cursor_row():
            return self._draw(line, part, base + self.palette["cursor"], is_cursor=True)
        known = self._drawn.get((id(line), part))
        if known is not None and known[0] is line:
            return known[1]
        strip = self._draw(line, part, base)
        self._drawn[(id(line), part)] = (line, strip)
        return strip

    def _draw(self, line: Line, part: int, base: Style, *, is_cursor: bool = False) -> Strip:
        self.drawn_rows += 1
        parts = line.parts(part, self._width, self.palette)
        if self._needle:
            parts = marked(parts, self._needle, self.palette["hit"])
        if is_cursor:
            parts = under_cursor(parts, self.palette)
        elif line.back:
            base += self.palette[line.back]
        return strip_of(parts, self._width, base)

    def _refresh_rows(self, row: int, count: int) -> None:
        top, height = self.scroll_offset.y, self.size.height
        first, last = max(row, top), min(row + count, top + height, self.rows + height)
        if first < last:
            self.refresh(Region(0, first - top, self.columns, last - first))

    # --- measuring and moving

    def _measure(self) -> None:
        self._index.measure(self._lines, self._width)
        self._drawn.clear()

    def _tell_size(self) -> None:
        self._told = time.monotonic()
        if self.virtual_size.height != self.rows:
            self.virtual_size = Size(0, self.rows)

    def _scroll(self, row: int) -> None:
        self._is_own_scroll = True
        try:
            self.scroll_to(y=max(0, min(row, self.rows - self.size.height)), animate=False, force=True)
        finally:
            self._is_own_scroll = False

    def _cursor_row(self) -> int:
        line, part = self._cursor
        own = self.top_of(line) + min(part, self._index.height_of(line) - 1)
        return max(0, self.rows - 1) if self._is_following else own

    def _move_to(self, row: int) -> None:
        before = self._cursor_row()
        row = min(max(0, row), max(0, self.rows - 1))
        self._cursor = self._index.locate(row)
        self._is_following = False
        self._refresh_rows(before, 1)
        self._moved_by_hand()

    def _moved_by_hand(self) -> None:
        """Bring the cursor into sight; on the last row it follows from now on."""
        line, part = self._cursor
        self._is_following = False
        row = self._cursor_row()
        top, height = self.scroll_offset.y, max(1, self.size.height)
        if row < top:
            self._scroll(row)
        elif row >= top + height:
            self._tell_size()
            self._scroll(row - height + 1)
        self._is_following = self._follows and line == len(self._lines) - 1 and part >= self._index.height_of(line) - 1
        self.refresh() if self._needle else self._refresh_rows(row, 1)
        self.post_message(self.Moved(self))


def with_note(strip: Strip, note: str, width: int, palette: Palette) -> Strip:
    """Return a row with a note over its right end."""
    room = max(0, width - cells_of(note) - 2)
    drawn = strip_of([(f" {note} ", palette["bar"] + palette["accent"])], width - room, palette.base)
    return Strip.join([strip.crop(0, room), drawn])


def under_cursor(parts: Parts, palette: Palette) -> Parts:
    """Return parts as the cursor shows them; with 16 colours, an ink may be the very colour of the cursor."""
    cursor = palette["cursor"]
    return [(text, (style if palette.has_tints else style.without_color) + cursor) for text, style in parts]


def match(lines: Sequence[Line], needle: str, at: int, step: int, *, is_here: bool) -> int | None:
    """Return the next (or previous) line that has a text in any case, round and round."""
    wanted, size = needle.casefold(), len(lines)
    places = ((at + distance * step) % size for distance in range(0 if is_here else 1, size + 1))
    return next((place for place in places if wanted in lines[place].text.casefold()), None)


def marked(parts: Parts, needle: str, style: Style) -> Parts:
    """Return parts with every occurrence of a text marked, also across parts."""
    whole = "".join(text for text, _ in parts).casefold()
    wanted = needle.casefold()
    if wanted not in whole or len(whole) != sum(len(text) for text, _ in parts):
        return parts  # a fold that changes the length has no places to mark
    hits = bytearray(len(whole))
    at = whole.find(wanted)
    while at >= 0:
        hits[at : at + len(wanted)] = b"\1" * len(wanted)
        at = whole.find(wanted, at + len(wanted))
    found: Parts = []
    at = 0
    for text, ink in parts:
        begin = 0
        for place in range(1, len(text) + 1):
            if place == len(text) or hits[at + place] != hits[at + begin]:
                found.append((text[begin:place], ink + style if hits[at + begin] else ink))
                begin = place
        at += len(text)
    return found
