"""Peek: the last lines of a session and a box to reply, over the list."""

from __future__ import annotations

import contextlib
import time
from typing import TYPE_CHECKING, ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.strip import Strip
from textual.widget import Widget

from cockpit.journal.types import Envelope
from cockpit.protocol.client import CommandFailed, SupervisorGone
from cockpit.protocol.types import GetEvents, Redirect, ShowTerminal
from cockpit.providers.text import clean_line
from cockpit.screens.dialogs import DialogBox
from cockpit.screens.keys import Context, bindings
from cockpit.state.terminal import Glass
from cockpit.types import SessionId
from widgets.abilities import cannot
from widgets.cells import strip_of
from widgets.dispatch import TextBox
from widgets.footer import KeyFooter
from widgets.lasting import last_lines
from widgets.look import Look
from widgets.rows import Parts
from widgets.terminal_inks import Inks

if TYPE_CHECKING:
    from cockpit.screens.fleet import FleetScreen

_EVENTS = 60
_FLUSH_S = 0.1
_SHOW_S = 1.0
"""How often the agent's terminal is told that somebody looks."""


class LastLines(Widget):
    """The end of a transcript, following it."""

    DEFAULT_CSS = "LastLines { height: 1fr; background: $surface; }"

    def __init__(self) -> None:
        super().__init__()
        self._lines: list[Parts] = []
        self._look: Look | None = None

    @property
    def look(self) -> Look:
        """The styles to draw with."""
        self._look = self._look or Look(self)
        return self._look

    def notify_style_update(self) -> None:
        """Forget the old colours."""
        super().notify_style_update()
        self._look = None

    def say(self, lines: list[Parts]) -> None:
        """Show these lines, resting on the bottom."""
        if lines != self._lines:
            self._lines = lines
            self.refresh()

    def render_line(self, y: int) -> Strip:
        """Draw one line."""
        place = y - (self.size.height - len(self._lines))
        parts = self._lines[place] if 0 <= place < len(self._lines) else []
        return strip_of(parts, self.size.width, self.look.base)


class PeekScreen(ModalScreen[None]):
    """Closes with escape; enter sends what was typed to the agent."""

    BINDINGS: ClassVar[list[BindingType]] = list(bindings(Context.DIALOG))
    DEFAULT_CSS = """
    PeekScreen { align: center bottom; background: $background 40%; }
    PeekScreen > Vertical {
        width: 100%; height: 60%; min-height: 9; background: $surface; border: round $accent; padding: 0 1;
        border-title-color: $accent; margin-bottom: 1;
    }
    PeekScreen DialogBox { min-height: 1; max-height: 5; margin-top: 1; }
    PeekScreen KeyFooter { background: $surface; }
    """

    def __init__(self, fleet: FleetScreen, session: SessionId) -> None:
        super().__init__()
        self._fleet, self._session = fleet, session
        self._history: list[Envelope] = []
        self._gap = -1
        self._seen: tuple[int, int, int] | None = None
        self._shown_at = 0.0
        self._draft = f"redirect:{session}"
        state = fleet.store.session(session)
        limit = cannot(state, "steers") if state is not None else ""
        hint = f"reply; {limit}, so it gets this after its turn" if limit else "reply; it goes into the running turn"
        self.box = DialogBox(fleet.drafts.get(self._draft, ""), placeholder=hint)

    def compose(self) -> ComposeResult:
        """Put the lines over the box."""
        session = self._fleet.store.session(self._session)
        with Vertical() as frame:
            name = f"{session.number} {clean_line(session.name)}" if session else "session"
            frame.border_title = Content(name)
            yield LastLines()
            yield self.box
            yield KeyFooter(self._fleet.keyboard)

    def on_mount(self) -> None:
        """Begin to follow."""
        self.box.focus()
        self.set_interval(_FLUSH_S, self.flush)

    def flush(self) -> None:
        """Show what is new."""
        watched = self._fleet.store.watched(self._session)
        lines = self.query_one(LastLines)
        if watched is None or not lines.size.width:
            return
        session = self._fleet.store.session(self._session)
        if session is not None and "has_screen" in session.abilities and not session.has_exited:
            self._show_terminal(watched.glass, lines)
            return
        if watched.gap != self._gap:
            self._gap = watched.gap
            self.run_worker(self._ask(), exclusive=True)
        seen = (watched.version, len(self._history), lines.size.width)
        if seen == self._seen:
            return
        self._seen = seen
        last = self._history[-1].seq if self._history else 0
        envelopes = [*self._history, *(e for e in watched.tail if e.seq > last)]
        width, height = lines.size
        lines.say(last_lines(envelopes[-_EVENTS:], watched.live.values(), width, height, lines.look))

    def _show_terminal(self, glass: Glass, lines: LastLines) -> None:
        """Show the end of what the agent's terminal shows; a transcript it has none before its turn is over."""
        now = time.monotonic()
        if now - self._shown_at >= _SHOW_S:
            self._shown_at = now
            self.run_worker(self._keep_shown(is_whole=not glass.is_whole), group="terminal", exclusive=True)
        inks = Inks(lines)
        last = max(glass.lines, default=-1)
        rows = range(max(0, last - lines.size.height + 1), last + 1)
        lines.say([[(clean_line(text), inks[style]) for text, style in glass.lines.get(y, ())] for y in rows])

    async def _keep_shown(self, *, is_whole: bool) -> None:
        with contextlib.suppress(CommandFailed, SupervisorGone):  # it has just ended, and the list says so
            await self._fleet.link.call(ShowTerminal(session=self._session, is_whole=is_whole))

    async def _ask(self) -> None:
        result = await self._fleet.send(GetEvents(session=self._session, limit=_EVENTS))
        if result is not None:
            self._history = [Envelope.model_validate(each) for each in result.get("envelopes", ())]
            self._seen = None

    @on(TextBox.Sent)
    def reply(self, sent: TextBox.Sent) -> None:
        """Send the words to the agent."""
        sent.stop()
        if sent.text_sent.strip():
            self.run_worker(self._reply(sent.text_sent), exclusive=True, group="reply")

    async def _reply(self, text: str) -> None:
        cost = self._fleet.cost_of(self._session)
        if await self._fleet.send(Redirect(session=self._session, text=text.strip(), attention=cost)) is not None:
            self.box.clear()
            self._fleet.drafts.pop(self._draft, None)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """There is one way to reply."""
        return action not in ("other", "confirm_other") and super().check_action(action, parameters)

    def action_cancel(self) -> None:
        """Close; what was typed stays for the next time."""
        self._fleet.drafts[self._draft] = self.box.text
        self.dismiss()
