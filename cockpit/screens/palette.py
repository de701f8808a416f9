"""The command palette: every row of the table of keys, every session, every theme."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import TYPE_CHECKING, Any

from textual.command import DiscoveryHit, Hit, Hits, Provider
from textual.content import Content

from cockpit.providers.text import clean_line
from cockpit.rules.types.forging import DraftInfo
from cockpit.screens.keys import Context, Key
from widgets.sessions import matches

if TYPE_CHECKING:
    from cockpit.screens.app import CockpitApp

_SESSIONS_MATCHED = 200
"""At most so many sessions go through the fuzzy matcher, which is slow."""
_SESSIONS_SHOWN = 8
_CHOSEN = (Context.APP, Context.FLEET, Context.LIST, Context.CARD)
_MOVING = ("list.", "app.how_to_leave", "app.palette", "fleet.back", "fleet.detach")


class CommandProvider(Provider):
    """Feeds Textual's palette from our table and our store."""

    _known_drafts: list[DraftInfo] | None = None
    """Asked for once while the palette is open."""

    @property
    def _cockpit(self) -> CockpitApp:
        from cockpit.screens.app import CockpitApp

        app = self.app
        assert isinstance(app, CockpitApp)  # no other app has this provider
        return app

    async def discover(self) -> Hits:
        """Offer what can be done now."""
        for key, run in self._keys():
            yield DiscoveryHit(self._title(key), run, text=key.text)

    async def search(self, query: str) -> Hits:
        """Offer what matches."""
        matcher = self.matcher(query)
        for key, run in self._keys():
            if (score := matcher.match(key.text)) > 0:
                yield Hit(score, self._title(key), run, text=key.text)
        for title, run in [*self._sessions(query), *self._themes(), *await self._drafts()]:
            if (score := matcher.match(title)) > 0:
                yield Hit(score, Content(title), run, text=title)

    def _keys(self) -> Iterator[tuple[Key, Callable[[], Any]]]:
        for key in self._cockpit.keyboard.rows:
            if key.context in _CHOSEN and not key.id.startswith(_MOVING):
                yield key, partial(self._cockpit.press, key)

    def _title(self, key: Key) -> Content:
        return Content.assemble(key.text, ("  " + self._cockpit.keyboard.signs(key.id), "dim"))

    def _sessions(self, query: str) -> Iterator[tuple[str, Callable[[], Any]]]:
        sessions = self._cockpit.store.state.sessions.values()
        found = [session for session in sessions if matches(session, query)] or list(sessions)[-_SESSIONS_SHOWN:]
        for session in found[:_SESSIONS_MATCHED]:
            title = f"{session.number} {clean_line(session.name)} · {session.status.value}"
            yield title, partial(self._cockpit.fleet.open_session, session.id)

    async def _drafts(self) -> list[tuple[str, Callable[[], Any]]]:
        """Offer rules that somebody began to write: to go on with, and to throw away."""
        forging = self._cockpit.fleet.forging
        if self._known_drafts is None:
            self._known_drafts = await forging.drafts()
        found: list[tuple[str, Callable[[], Any]]] = []
        for draft in self._known_drafts:
            name = clean_line(draft.name)
            found.append((f"Draft of a rule: {name}", partial(forging.open_draft, draft.id)))
            found.append((f"Throw away the draft of a rule: {name}", partial(forging.drop_draft, draft)))
        return found

    def _themes(self) -> Iterator[tuple[str, Callable[[], Any]]]:
        for name in sorted(self._cockpit.available_themes):
            yield f"Theme: {name}", partial(setattr, self._cockpit, "theme", name)
