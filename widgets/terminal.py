"""The terminal pane: what the program in an agent's terminal shows, live, and a person's keys to it while attached.

Nothing of the program reaches the person's own terminal but text and known styles: it is drawn like all other text.
"""

from __future__ import annotations

import time
from typing import ClassVar

from rich.style import Style
from textual import events
from textual.binding import BindingType
from textual.geometry import Region
from textual.strip import Strip
from textual.timer import Timer
from textual.widget import Widget

from cockpit.protocol.client import CommandFailed, SupervisorGone
from cockpit.protocol.types import Command, ResizeTerminal, ShowTerminal, TypeKeys
from cockpit.providers.text import Safe, clean_line
from cockpit.screens.keys import Context, Keyboard, bindings
from cockpit.screens.store import Store
from cockpit.state.model import SessionState
from cockpit.state.terminal import Glass, Runs
from cockpit.types import SessionId
from widgets.cells import fit, strip_of
from widgets.look import Look
from widgets.pane import Supervisor, Trouble
from widgets.rows import Parts
from widgets.terminal_inks import Inks
from widgets.terminal_keys import typed

_SHOW_S = 2.0
"""How often the terminal is told that somebody looks."""
_MISSING_S = 0.5
"""How often a whole screen is asked for while one is missing."""
_QUICK_S = 1 / 30
"""How often the pane follows its program while a person types."""
_PASTE_CHARS = 1 << 20
_CURSOR, _IDLE_CURSOR = Style(reverse=True), Style(underline=True)


class TerminalPane(Widget, can_focus=True):
    """A `Pane` for sessions whose agent has a screen."""

    BINDINGS: ClassVar[list[BindingType]] = list(bindings(Context.PANE, Context.TERMINAL))
    DEFAULT_CSS = "TerminalPane { background: $background; color: $ink; }"

    def __init__(self, supervisor: Supervisor, keyboard: Keyboard) -> None:
        super().__init__()
        self._supervisor, self._keyboard = supervisor, keyboard
        self._subject: SessionId | None = None
        self._session: SessionState | None = None
        self._glass = Glass()
        self._store: Store | None = None
        self._drawn: tuple[object, ...] = ()
        self._lines: dict[int, Runs] = {}
        self._place: tuple[object, ...] = ()
        self._scrolled: int | None = None
        """The first row that a person scrolled to; None: the cursor's row stays in sight."""
        self._outbox: list[Command] = []
        self._asked_at = 0.0
        self._timer: Timer | None = None
        self._known_look: Look | None = None
        self._known_inks: Inks | None = None
        self.takes_every_key = False
        """Whether a person is attached: keys go to the program, but those that act even then."""

    # --- a pane

    def suits(self, session: SessionState | None) -> bool:
        """Return whether the session's agent has a screen to show."""
        return session is not None and "has_screen" in session.abilities

    def show(self, session: SessionId | None) -> None:
        """Turn to a session; a person who was attached to another one is no longer."""
        if session != self._subject:
            self.action_release()
            self._subject, self._session, self._glass = session, None, Glass()
            self._drawn, self._scrolled, self._asked_at = (), None, 0.0
            self._lines.clear()
            self.refresh()

    def flush(self, store: Store) -> None:
        """Draw the rows that changed, and have the terminal know that it is looked at."""
        self._store = store
        session = self._session = store.session(self._subject)
        watched = store.watched(self._subject)
        if session is None or watched is None or not self.size.width:
            return
        self._glass = glass = watched.glass
        if self.suits(session) and not session.has_exited:
            self._keep_shown()
        elif self.takes_every_key:
            self.action_release()
        drawn = (id(glass), glass.version, self.size, self.takes_every_key, self.has_focus, session.has_exited)
        if drawn == self._drawn:
            return
        is_same_place = bool(self._drawn) and self._drawn[2:] == drawn[2:] and self._drawn[0] == drawn[0]
        self._drawn = drawn
        self._draw(is_same_place=is_same_place)

    def _draw(self, *, is_same_place: bool) -> None:
        before, after = self._lines, dict(self._glass.lines)
        place = (*self._corner, self._glass.cursor, self._glass.columns, self._glass.rows)
        is_moved = self._place != place
        self._place, self._lines = place, after
        if is_moved or not is_same_place:
            self.refresh()
            return
        top = self._corner[0]
        rows = [y for y in before.keys() | after.keys() if before.get(y) != after.get(y)]
        regions = [Region(0, y - top + 1, self.size.width, 1) for y in rows if 0 <= y - top < self.size.height - 1]
        if regions:
            self.refresh(*regions)

    def _keep_shown(self) -> None:
        now = time.monotonic()
        due_s = _SHOW_S if self._glass.is_whole else _MISSING_S
        if now - self._asked_at >= due_s:
            self._asked_at = now
            assert self._subject is not None
            self._send(
                ShowTerminal(session=self._subject, is_whole=not self._glass.is_whole, is_attached=self.takes_every_key)
            )

    # --- drawing

    @property
    def look(self) -> Look:
        """The styles to draw with."""
        self._known_look = self._known_look or Look(self)
        return self._known_look

    @property
    def inks(self) -> Inks:
        """The styles of the program's own colours."""
        self._known_inks = self._known_inks or Inks(self)
        return self._known_inks

    def notify_style_update(self) -> None:
        """Draw again with the new colours."""
        super().notify_style_update()
        self._known_look, self._known_inks, self._drawn = None, None, ()
        self.refresh()

    @property
    def _corner(self) -> tuple[int, int]:
        """The first row and column that are in sight, where the program's screen is larger than the pane."""
        glass, height, width = self._glass, self.size.height - 1, self.size.width
        column, row = glass.cursor or (0, max(glass.lines, default=0))
        top = min(max(0, row - height + 1), max(0, glass.rows - height))
        if self._scrolled is not None:
            top = min(max(0, self._scrolled), max(0, glass.rows - height))
        return top, max(0, column - width + 1)

    def render_line(self, y: int) -> Strip:
        """Draw the bar, or one row of the program's screen."""
        width = self.size.width
        if y == 0:
            return strip_of(self._bar(width), width, self.look.base + self.look["bar"])
        top, left = self._corner
        row = top + y - 1
        if row >= self._glass.rows:
            return strip_of([], width, self.look.base)
        return self._row(row).crop(left, left + width).adjust_cell_length(width, self.look.base)

    def _row(self, row: int) -> Strip:
        glass, base = self._glass, self.look.base
        parts = [(clean_line(text), self.inks[style]) for text, style in glass.lines.get(row, ())]
        strip = strip_of(parts, glass.columns, base)
        if glass.cursor is None or glass.cursor[1] != row:
            return strip
        column = glass.cursor[0]
        under = strip.crop(column, column + 1).apply_style(_CURSOR if self.takes_every_key else _IDLE_CURSOR)
        return Strip.join([strip.crop(0, column), under, strip.crop(column + 1)])

    def _bar(self, width: int) -> Parts:
        look, session, glass = self.look, self._session, self._glass
        detach, attach = (self._keyboard.first(f"terminal.{what}") for what in ("detach", "attach"))
        if session is None:
            return []
        if session.has_exited:
            return [(fit(Safe(" the program has ended; the transcript keeps its last screen"), width), look["dim"])]
        if not glass.rows:
            return [(fit(Safe(" nothing was shown yet"), width), look["dim"])]
        if self.takes_every_key:
            text, style = f" your keys go to the program   {detach} gives them back ", look["badge"]
        else:
            way = "" if self.has_focus else f"{self._keyboard.first('list.open')}, then "
            text, style = f" {way}{attach} types into it ", look["accent"]
        return [(text, style), (Safe(f"  {glass.columns}x{glass.rows}{self._cropped()}"), look["dim"])]

    def _cropped(self) -> str:
        """Say what of the screen is out of sight."""
        glass, (top, left) = self._glass, self._corner
        height, width = self.size.height - 1, self.size.width
        rows = f", rows {top + 1}-{top + height}" if glass.rows > height else ""
        columns = f", columns {left + 1}-{left + width}" if glass.columns > width else ""
        is_offered = (rows or columns) and self.has_focus and not self.takes_every_key
        hint = f"; {self._keyboard.first('terminal.fit')} fits it" if is_offered else ""
        return f"{rows}{columns}{hint}"

    # --- keys

    def action_attach(self) -> None:
        """Give every key to the program."""
        if self._session is None or self._session.has_exited or not self._glass.rows:
            return
        self.takes_every_key, self._scrolled, self._asked_at = True, None, 0.0
        self._timer = self.set_interval(_QUICK_S, self._follow)
        self._follow()
        self.refresh_bindings()

    def action_release(self) -> None:
        """Take the keys back."""
        if self.takes_every_key:
            self.takes_every_key, self._asked_at = False, 0.0
            if self._subject is not None:
                self._send(ShowTerminal(session=self._subject))
            if self._timer is not None:
                self._timer.stop()
            self.refresh()
            self.refresh_bindings()

    def action_fit(self) -> None:
        """Give the program's screen the size of this pane."""
        if self._subject is not None:
            columns, rows = min(max(20, self.size.width), 300), min(max(5, self.size.height - 1), 100)
            self._send(ResizeTerminal(session=self._subject, columns=columns, rows=rows))

    def action_line(self, step: int) -> None:
        """Move what is in sight by one row."""
        self._scroll(self._corner[0] + step)

    def action_page(self, step: int) -> None:
        """Move what is in sight by half of it."""
        self._scroll(self._corner[0] + step * max(1, self.size.height // 2))

    def action_edge(self, step: int) -> None:
        """See the beginning or the end."""
        self._scroll(0 if step < 0 else self._glass.rows)

    def _scroll(self, row: int) -> None:
        last = max(0, self._glass.rows - self.size.height + 1)
        self._scrolled = min(max(0, row), last)
        self.refresh()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Offer to give the keys back only to who has given them away."""
        if action in ("release", "attach"):
            return self.takes_every_key == (action == "release")
        return super().check_action(action, parameters)

    def on_key(self, event: events.Key) -> None:
        """Send a key to the program, and let it act nowhere else."""
        if self.takes_every_key:
            event.stop()
            event.prevent_default()
            if self._subject is not None and (data := typed(event)):
                self._send(TypeKeys(session=self._subject, data=data))

    def on_paste(self, event: events.Paste) -> None:
        """Send pasted text to the program."""
        if self.takes_every_key and self._subject is not None and event.text:
            event.stop()
            self._send(TypeKeys(session=self._subject, data=event.text[:_PASTE_CHARS], is_paste=True))

    def on_blur(self) -> None:
        """Whoever looks elsewhere does not type into the program."""
        self.action_release()

    def on_unmount(self) -> None:
        """Take the timer along."""
        if self._timer is not None:
            self._timer.stop()

    def _follow(self) -> None:
        if self._store is not None:
            self.flush(self._store)

    # --- the supervisor

    def _send(self, command: Command) -> None:
        """Send commands one after the other: two under way would have no order."""
        last = self._outbox[-1] if len(self._outbox) > 1 else None
        if (
            isinstance(command, TypeKeys)
            and isinstance(last, TypeKeys)
            and last.session == command.session
            and not (last.is_paste or command.is_paste)
        ):
            self._outbox[-1] = last.model_copy(update={"data": last.data + command.data})
            return
        self._outbox.append(command)
        if len(self._outbox) == 1:
            self.run_worker(self._send_all(), group="terminal")

    async def _send_all(self) -> None:
        try:
            while self._outbox:
                await self._supervisor.call(self._outbox[0])
                del self._outbox[:1]
        except CommandFailed as error:
            if not isinstance(self._outbox[0], ShowTerminal):
                self.post_message(Trouble(error.info.what, error.info.kept, error.info.next))
            self._outbox.clear()
            self.action_release()
        except SupervisorGone:
            self._outbox.clear()  # the header says so, and nothing can be typed
