"""Says beyond the screen that something waits: the terminal's title, its bell, and a desktop notification."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import PurePath

from cockpit.providers.text import Safe, clean_line
from cockpit.screens.store import LinkStatus, Store
from cockpit.sessions.types import AttentionKind

QUIET_S = 5.0
"""At most one bell and one notification in this time."""

_BY_777 = ("foot", "rxvt", "vte", "konsole")
"""Terminals that know OSC 777 and not OSC 9."""
_LONGEST = 120


class WaitingSigns:
    """Compares what waits now with what waited before, and writes what a terminal understands.

    Args:
        write: takes a sequence for the terminal.
        repository: its name is part of the title.
        terminal: `TERM_PROGRAM` or `TERM`; decides which notification is understood.
        is_tmux: sequences are wrapped, so that tmux passes them on.
    """

    def __init__(
        self,
        write: Callable[[str], None],
        repository: str,
        terminal: str,
        *,
        is_tmux: bool,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self.bell, self.notify = True, True
        self._write, self._monotonic = write, monotonic
        self._name = _harmless(PurePath(repository).name)
        self._is_777 = any(name in terminal.lower() for name in _BY_777)
        self._is_tmux = is_tmux
        self._known: set[str] | None = None
        self._title = ""
        self._last_s = -QUIET_S
        self._unsaid: list[Safe] = []

    def follow(self, store: Store) -> None:
        """Bring the title up to date, and ring when something new waits. What waited at the start does not ring."""
        attention = store.state.attention
        waiting = f" {len(attention)} waiting" if attention else ""
        title = f"cockpit{waiting} · {self._name}"
        if title != self._title:
            self._title = title
            self._write(f"\x1b]2;{title}\x1b\\")
        if store.link is LinkStatus.CONNECTING:
            return
        if self._known is None:
            self._known = set(attention)
        for item in attention.values():
            if item.id not in self._known and item.kind is not AttentionKind.MISTAKE:  # no agent waits for that
                session = store.session(item.session)
                who = f"{session.number} {session.name}: " if session else ""
                self._unsaid.append(_harmless(f"{who}{item.title}"))
        self._known = set(attention)
        if self._unsaid and self._monotonic() - self._last_s >= QUIET_S:
            self._ring()

    def begin_anew(self) -> None:
        """Write the title again, and ring for nothing that came meanwhile: the terminal shows the screen (again)."""
        self._title = ""
        self._known = None
        self._unsaid.clear()

    def _ring(self) -> None:
        self._last_s = self._monotonic()
        first, more = self._unsaid[0], len(self._unsaid) - 1
        text = f"{first} (and {more} more)" if more else first
        self._unsaid.clear()
        if self.bell:
            self._write("\x07")
        if self.notify:
            sequence = f"\x1b]777;notify;cockpit;{text}\x1b\\" if self._is_777 else f"\x1b]9;{text}\x1b\\"
            self._write(through_tmux(sequence) if self._is_tmux else sequence)


def through_tmux(sequence: str) -> str:
    """Wrap a sequence so that tmux hands it to the terminal outside."""
    doubled = sequence.replace("\x1b", "\x1b\x1b")
    return f"\x1bPtmux;{doubled}\x1b\\"


def _harmless(text: str) -> Safe:
    """Clean text that goes into a sequence; a semicolon would begin another field."""
    return Safe(clean_line(text).replace(";", ",")[:_LONGEST])
