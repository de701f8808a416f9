"""The wall screen: every session that is not over, as tiles."""

from __future__ import annotations

import time

from textual.app import ComposeResult
from textual.screen import Screen

from cockpit.screens.keys import Keyboard
from cockpit.screens.store import Store
from cockpit.sessions.types import FINAL, AttentionItem, AttentionKind
from cockpit.state.model import SessionState
from cockpit.types import SessionId
from widgets.attention import waiting_of
from widgets.footer import KeyFooter
from widgets.header import Header
from widgets.wall import Wall

_FLUSH_S = 0.1


class WallScreen(Screen[SessionId | None]):
    """Ends with the session that a person opens, or with None."""

    DEFAULT_CSS = "WallScreen { background: $background; } WallScreen Header { margin-bottom: 1; }"

    def __init__(self, store: Store, keyboard: Keyboard, subject: SessionState | None) -> None:
        super().__init__()
        self._store, self._keyboard = store, keyboard
        self._subject = subject.id if subject is not None else None
        self._shape = -1
        self.wall = Wall()

    def compose(self) -> ComposeResult:
        """Put the tiles between header and footer."""
        yield Header(self._store.state.repository)
        yield self.wall
        yield KeyFooter(self._keyboard)

    def on_mount(self) -> None:
        """Begin to follow the store."""
        self.set_interval(_FLUSH_S, self.flush)
        self.flush()

    def flush(self) -> None:
        """Bring tiles and header up to date."""
        if self._store.shape != self._shape:
            subject = self.wall.subject.id if self.wall.subject is not None and self._shape >= 0 else self._subject
            self._shape = self._store.shape
            self.wall.set_tiles(_tiles(self._store), subject)
        self.wall.flush(time.time())
        self.query_one(Header).flush(self._store)

    def on_wall_left(self, left: Wall.Left) -> None:
        """Go back to the fleet."""
        self.dismiss(left.session)


def _tiles(store: Store) -> list[tuple[SessionState, AttentionItem | None]]:
    queue = [asker for asker in waiting_of(store.state) if asker.item.kind is not AttentionKind.MISTAKE]
    waiting = {asker.session.id: asker.item for asker in reversed(queue)}
    first = [(asker.session, waiting.pop(asker.session.id)) for asker in queue if asker.session.id in waiting]
    others = [s for s in store.state.sessions.values() if s.status not in FINAL]
    seen = {session.id for session, _ in first}
    return [*first, *((s, None) for s in others if s.id not in seen)]
