"""The line of a forge about the agent that drafts candidates: which, at what, for how long, or what came of it."""

from __future__ import annotations

import time
from collections.abc import Callable

from cockpit.providers.text import Safe, clean_line
from cockpit.rules.types.forging import Drafting
from widgets.bar import Bar
from widgets.cells import age
from widgets.rows import Parts

_SECOND_S = 1.0


class DraftingBar(Bar):
    """Is not there while no agent is to draft."""

    DEFAULT_CSS = "DraftingBar { display: none; } DraftingBar.-told { display: block; }"

    def __init__(self, now: Callable[[], float] = time.time) -> None:
        super().__init__(id="drafting")
        self._now = now
        self._drafting: Drafting | None = None
        self._key = Safe("")
        self._is_told_to_stop = False

    @property
    def can_stop(self) -> bool:
        """Whether an agent is at work that was not told to stop."""
        return self._drafting is not None and self._drafting.until is None and not self._is_told_to_stop

    def on_mount(self) -> None:
        """Let its time go on."""
        self.set_interval(_SECOND_S, self._draw)

    def tell(self, drafting: Drafting | None, key: Safe) -> None:
        """Show how it stands; `key` ends the agent."""
        if drafting is None or self._drafting is None or drafting.since != self._drafting.since:
            self._is_told_to_stop = False
        self._drafting, self._key = drafting, key
        self.set_class(drafting is not None, "-told")
        self._draw()

    def stop(self) -> None:
        """Say that it was told to stop."""
        self._is_told_to_stop = True
        self._draw()

    def _draw(self) -> None:
        drafting = self._drafting
        if drafting is None or not self.is_mounted:
            return
        look = self.look
        is_over = drafting.until is not None
        lasted = age(max(0.0, (drafting.until or self._now()) - drafting.since))
        says = "stopping" if self._is_told_to_stop and not is_over else drafting.says
        words = clean_line(f" {drafting.agent} {'drafted' if is_over else 'drafts'}: {says}")
        parts: Parts = [(words, look["failed" if drafting.is_bad else "dim" if is_over else "ink"])]
        right: Parts = [(f"  {lasted} ", look["dim"])]
        if drafting.is_scripted:
            right.append(("[scripted model] ", look["badge"]))
        if self.can_stop:
            right.append((f"{self._key} stops it ", look["dim"]))
        self.say(parts, right)
