"""The wall: many sessions at once as tiles, drawn by one widget."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from typing import ClassVar

from rich.style import Style
from textual import events
from textual.binding import BindingType
from textual.cache import LRUCache
from textual.geometry import Region, Size
from textual.message import Message
from textual.scroll_view import ScrollView
from textual.strip import Strip

from cockpit.providers.text import Safe, clean_line
from cockpit.screens.keys import Context, bindings
from cockpit.sessions.types import AttentionItem
from cockpit.state.model import SessionState
from cockpit.types import SessionId
from widgets.attention import SIGNS
from widgets.cells import age, count, cut, fit, strip_of, wrap
from widgets.look import Look
from widgets.rows import Parts
from widgets.sessions import GLYPHS, change_parts, checks_parts

TILE_ROWS = 6
"""Lines of a tile with the gap below it."""
_NARROWEST_TILE = 36
_TEXT_ROWS = 3


class Wall(ScrollView, can_focus=True):
    """Tiles in as many columns as the width has room for."""

    BINDINGS: ClassVar[list[BindingType]] = list(bindings(Context.WALL))
    DEFAULT_CSS = "Wall { height: 1fr; background: $background; scrollbar-size-vertical: 1; }"

    class Left(Message):
        """A person goes back, to a session or to where they were."""

        def __init__(self, session: SessionId | None) -> None:
            super().__init__()
            self.session = session

    def __init__(self) -> None:
        super().__init__()
        self._tiles: Sequence[tuple[SessionState, AttentionItem | None]] = ()
        self._place = 0
        self._now = 0.0
        self._look: Look | None = None
        self._drawn: LRUCache[Hashable, list[Strip]] = LRUCache(500)
        self._painted: dict[int, Hashable] = {}

    @property
    def look(self) -> Look:
        """The styles to draw with."""
        self._look = self._look or Look(self)
        return self._look

    @property
    def columns(self) -> int:
        """How many tiles stand side by side."""
        return max(1, self.size.width // _NARROWEST_TILE)

    @property
    def subject(self) -> SessionState | None:
        """The session whose tile has the cursor."""
        return self._tiles[self._place][0] if self._place < len(self._tiles) else None

    def set_tiles(self, tiles: Sequence[tuple[SessionState, AttentionItem | None]], subject: SessionId | None) -> None:
        """Show these sessions, each with what it needs a decision for; the cursor goes to the subject."""
        self._tiles = tiles
        places = {session.id: place for place, (session, _) in enumerate(tiles)}
        self._place = places.get(subject, min(self._place, max(0, len(tiles) - 1))) if subject else 0
        self._measure()

    def flush(self, now: float) -> None:
        """Repaint the visible tile rows that changed."""
        self._now = now
        top, width = self.scroll_offset.y, self.size.width
        changed = [
            Region(0, y, width, 1) for y in range(self.size.height) if self._painted.get(y) != self._line_stamp(top + y)
        ]
        if changed:
            self.refresh(*changed)

    def action_move(self, x: int, y: int) -> None:
        """Go to a neighbour."""
        place = self._place + x + y * self.columns
        if 0 <= place < len(self._tiles):
            self._place = place
            row = place // self.columns * TILE_ROWS
            if row < self.scroll_offset.y:
                self.scroll_to(y=row, animate=False)
            elif row + TILE_ROWS > self.scroll_offset.y + self.size.height:
                self.scroll_to(y=row + TILE_ROWS - self.size.height, animate=False)
            self.flush(self._now)

    def action_open(self) -> None:
        """Open the session."""
        self.post_message(self.Left(self.subject.id if self.subject else None))

    def action_close(self) -> None:
        """Go back to the fleet."""
        self.post_message(self.Left(None))

    def render_line(self, y: int) -> Strip:
        """Draw one line of the window: a slice through the tiles side by side."""
        line = self.scroll_offset.y + y
        self._painted[y] = self._line_stamp(line)
        row, part = divmod(line, TILE_ROWS)
        width = self.size.width
        tiles = range(row * self.columns, min((row + 1) * self.columns, len(self._tiles)))
        if part == TILE_ROWS - 1 or not tiles:
            return Strip.blank(width, self.look.base)
        strips = [self._tile(place)[part] for place in tiles]
        return Strip.join(strips).adjust_cell_length(width, self.look.base)

    def on_resize(self, _event: events.Resize) -> None:
        """Lay the tiles out again."""
        self._painted.clear()
        self._measure()

    def on_click(self, event: events.Click) -> None:
        """Move the cursor; a second click opens."""
        row = (self.scroll_offset.y + event.y) // TILE_ROWS
        place = row * self.columns + min(event.x // self._tile_width, self.columns - 1)
        if place < len(self._tiles):
            self._place = place
            self.flush(self._now)
            if event.chain > 1:
                self.action_open()

    def notify_style_update(self) -> None:
        """Forget what was drawn with the old colours."""
        super().notify_style_update()
        self._look = None
        self._drawn.clear()
        self._painted.clear()

    @property
    def _tile_width(self) -> int:
        return max(10, self.size.width // self.columns)

    def _measure(self) -> None:
        rows = -(-len(self._tiles) // self.columns)
        self.virtual_size = Size(0, rows * TILE_ROWS)

    def _stamp(self, place: int) -> Hashable:
        session, item = self._tiles[place]
        is_chosen = place == self._place
        waited = age(self._now - (item.since if item else session.status_since))
        return session.id, session.version, item.id if item else "", waited, is_chosen, self._tile_width

    def _line_stamp(self, line: int) -> Hashable:
        row = line // TILE_ROWS
        tiles = range(row * self.columns, min((row + 1) * self.columns, len(self._tiles)))
        return tuple(self._stamp(place) for place in tiles)

    def _tile(self, place: int) -> list[Strip]:
        stamp = self._stamp(place)
        strips = self._drawn.get(stamp)
        if strips is None:
            look = self.look
            session, item = self._tiles[place]
            base = look.base + look["cursor" if place == self._place else "bar"]
            width = self._tile_width - 1
            gap = Strip.blank(1, look.base)
            lines = tile_lines(session, item, width, look, self._now, is_chosen=place == self._place)
            strips = [Strip.join([strip_of(parts, width, base), gap]) for parts in lines]
            self._drawn[stamp] = strips
        return strips


def tile_lines(
    session: SessionState, item: AttentionItem | None, width: int, look: Look, now: float, *, is_chosen: bool
) -> list[Parts]:
    """Return the lines of one tile, the gap not counted."""
    glyph, meaning = SIGNS[item.kind] if item is not None else GLYPHS[session.status]
    since = item.since if item is not None else session.status_since
    edge = ("▌", look["accent"] if is_chosen else look[meaning])
    waited = fit(age(now - since), 4, is_right=True)
    first: Parts = [
        edge,
        (f"{session.number:>3} ", look["dim"]),
        (f"{glyph} ", look[meaning]),
        (fit(clean_line(session.name), width - 13), look["strong"]),
        (f" {waited} ", look["dim"]),
    ]
    return [first, *_text(session, item, width, look, edge), _foot(session, width, look, edge)]


def _text(
    session: SessionState, item: AttentionItem | None, width: int, look: Look, edge: tuple[str, Style]
) -> list[Parts]:
    text = clean_line(item.title) if item is not None else clean_line(session.headline or session.reason)
    style = look["question" if item is not None else "dim"]
    lines = wrap(text, width - 6) if text else []
    if len(lines) > _TEXT_ROWS:
        lines = [*lines[: _TEXT_ROWS - 1], Safe(cut(Safe(" ".join(lines[_TEXT_ROWS - 1 :])), width - 6))]
    lines += [Safe("")] * (_TEXT_ROWS - len(lines))
    return [[edge, ("    ", look["dim"]), (line, style)] for line in lines]


def _foot(session: SessionState, width: int, look: Look, edge: tuple[str, Style]) -> Parts:
    tokens = session.usage.input_tokens + session.usage.output_tokens
    spent = f"{count(tokens)} tok" if tokens else ""
    change = [
        (text.lstrip() if place == 0 else text, style)
        for place, (text, style) in enumerate(change_parts(session, look))
    ]
    used = 5 + sum(len(text) for text, _ in change) + 9
    return [
        edge,
        ("    ", look["dim"]),
        *change,
        (" ", look["dim"]),
        *checks_parts(session, look, 7),
        (fit(Safe(spent), width - used - 1, is_right=True), look["dim"]),
    ]
