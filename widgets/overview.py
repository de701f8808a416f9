"""The overview pane: what was asked, how far it is, what it cost, and the proof that it is clean."""

from __future__ import annotations

from itertools import zip_longest
from typing import ClassVar

from textual.binding import BindingType
from textual.geometry import Region, Size
from textual.scroll_view import ScrollView
from textual.strip import Strip

from cockpit.screens.keys import Context, bindings
from cockpit.screens.store import Store
from cockpit.types import SessionId
from widgets.cells import strip_of
from widgets.look import Look
from widgets.rows import Parts
from widgets.sheet import sheet_of


class Overview(ScrollView, can_focus=True):
    """A `Pane`: one session on one sheet."""

    BINDINGS: ClassVar[list[BindingType]] = list(bindings(Context.PANE))
    DEFAULT_CSS = "Overview { background: $background; color: $ink; scrollbar-size-vertical: 1; }"

    def __init__(self) -> None:
        super().__init__()
        self._subject: SessionId | None = None
        self._lines: list[Parts] = []
        self._seen: tuple[object, ...] = ()
        self._look: Look | None = None

    def show(self, session: SessionId | None) -> None:
        """Turn to a session."""
        if session != self._subject:
            self._subject = session
            self.scroll_to(y=0, animate=False)
        self._seen = ()

    def flush(self, store: Store) -> None:
        """Draw again what differs on the sheet when the session changed."""
        session = store.session(self._subject)
        width, height = self.size
        state = store.state
        limits, budget = (state.limits.get(session.agent_name), state.budget_of(session)) if session else (None, None)
        seen = (self._subject, session.version if session else 0, limits, budget, self.size)
        if seen == self._seen or not width:
            return
        self._seen = seen
        self._look = self._look or Look(self)
        before, self._lines = self._lines, sheet_of(session, state, width, self._look) if session else []
        # Never shorter than the window: another size lays the whole screen out again.
        self.virtual_size = Size(0, max(len(self._lines), height))
        top = self.scroll_offset.y
        lines = zip_longest(before[top : top + height], self._lines[top : top + height])
        if changed := [Region(0, y, width, 1) for y, (old, new) in enumerate(lines) if old != new]:
            self.refresh(*changed)

    def render_line(self, y: int) -> Strip:
        """Draw one line of the window."""
        line = self.scroll_offset.y + y
        parts = self._lines[line] if line < len(self._lines) else []
        self._look = self._look or Look(self)
        return strip_of(parts, self.size.width, self._look.base)

    def notify_style_update(self) -> None:
        """Draw again with the new colours."""
        super().notify_style_update()
        self._look, self._seen = None, ()
        self.refresh()

    def action_line(self, step: int) -> None:
        """Scroll by one line."""
        self.scroll_to(y=self.scroll_offset.y + step, animate=False)

    def action_page(self, step: int) -> None:
        """Scroll by half a page."""
        self.scroll_to(y=self.scroll_offset.y + step * max(1, self.size.height // 2), animate=False)

    def action_edge(self, step: int) -> None:
        """Scroll to the beginning or the end."""
        self.scroll_to(y=0 if step < 0 else self.max_scroll_y, animate=False)
