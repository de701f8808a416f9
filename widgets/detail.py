"""The detail side: tabs, and the pane that is seen. Only that one is shown sessions and flushed.

A pane is mounted when it is first seen: the first frame must not wait for what most people open later or never.
"""

from __future__ import annotations

from collections.abc import Mapping

from textual.app import ComposeResult
from textual.containers import Vertical
from textual.widget import Widget

from cockpit.screens.store import Store
from cockpit.types import SessionId
from widgets.bar import TabBar
from widgets.pane import Files, Pane, Selective


class Detail(Vertical):
    """Panes by name; every value is a widget that is a `Pane`."""

    DEFAULT_CSS = """
    Detail { background: $background; }
    Detail > .pane { height: 1fr; display: none; }
    Detail > .pane.-seen { display: block; }
    """

    def __init__(self, panes: Mapping[str, Widget], *, id: str | None = None) -> None:  # noqa: A002 - Textual's name for it
        super().__init__(id=id)
        self._panes = dict(panes)
        self._offered = tuple(name for name, pane in self._panes.items() if not isinstance(pane, Selective))
        self._tabs = TabBar(self._offered, id="tabs")
        self._tab = self._wanted = self._offered[0]
        self._subject: SessionId | None = None

    @property
    def tab(self) -> str:
        """The name of the pane that is seen."""
        return self._tab

    @property
    def subject(self) -> SessionId | None:
        """The session that is shown."""
        return self._subject

    @property
    def pane(self) -> Widget:
        """The pane that is seen."""
        return self._panes[self._tab]

    def compose(self) -> ComposeResult:
        """Put the tabs over the pane that is seen."""
        yield self._tabs
        yield self.pane.add_class("pane", "-seen")

    def show(self, session: SessionId | None) -> None:
        """Turn to a session."""
        if session != self._subject:
            self._subject = session
            self._show()

    async def choose(self, name: str) -> None:
        """See another pane; focus follows if it was in the old one."""
        if name not in self._offered:
            return
        self._wanted = name
        await self._see(name)

    async def _see(self, name: str) -> None:
        if name == self._tab:
            return
        had_focus = self.pane.has_focus or self.pane.has_focus_within
        self.pane.remove_class("-seen")
        self._tab = name
        self.pane.add_class("pane", "-seen")
        if not self.pane.is_attached:
            await self.mount(self.pane)
        if had_focus:
            self.pane.focus()
        self._show()

    async def step(self, step: int) -> None:
        """See the next or previous pane."""
        names = self._offered
        await self.choose(names[(names.index(self._tab) + step) % len(names)])

    def step_file(self, step: int) -> None:
        """Go to another file, where the pane has files."""
        if isinstance(self.pane, Files):
            self.pane.step_file(step)

    def flush(self, store: Store) -> None:
        """Let the pane that is seen follow the store."""
        self._offer(store)
        self._tabs.choose(self._tab, is_focused=self.pane.has_focus or self.pane.has_focus_within)
        if isinstance(self.pane, Pane) and self.pane.is_mounted:
            self.pane.flush(store)

    def _offer(self, store: Store) -> None:
        """Have the tabs that suit the session; where the one that was chosen does not, another stands in for it."""
        session = store.session(self._subject)
        suits = ((name, not isinstance(pane, Selective) or pane.suits(session)) for name, pane in self._panes.items())
        self._offered = tuple(name for name, is_offered in suits if is_offered)
        self._tabs.offer(self._offered)
        wanted = self._wanted if self._wanted in self._offered else self._offered[0]
        if wanted != self._tab:
            self.call_later(self._see, wanted)

    async def on_tab_bar_chosen(self, message: TabBar.Chosen) -> None:
        """See the pane whose tab was clicked."""
        await self.choose(message.name)

    def _show(self) -> None:
        if isinstance(self.pane, Pane) and self.pane.is_mounted:
            self.pane.show(self._subject)
