"""What a program does, told from its screen: without a protocol a guess, so it must last before it counts.

Sans-IO: whoever owns it says what the screen shows and what time it is, and is told when to look again.
"""

from __future__ import annotations

import re
from enum import StrEnum

from agents.terminal.settings import TerminalSettings


class Doing(StrEnum):
    """What the program seems to do."""

    WORKING = "working"
    WAITING = "waiting"  # for a person, at a prompt of its own
    IDLE = "idle"


class ScreenWatch:
    """Decides what the program does, with hysteresis. Times are seconds of one steady clock."""

    def __init__(self, settings: TerminalSettings, now: float) -> None:
        """A program that has just been started works."""
        patterns = settings.patterns
        self._patterns = tuple(
            (doing, re.compile(pattern, re.MULTILINE))
            for doing, pattern in (
                (Doing.WAITING, patterns.waiting),
                (Doing.WORKING, patterns.working),
                (Doing.IDLE, patterns.idle),
            )
            if pattern
        )
        self._tells_idle = bool(patterns.idle)
        self._hold_s, self._settle_s = settings.hold_ms / 1000, settings.settle_ms / 1000
        self._quiet_s = settings.quiet_s
        self._text = ""
        self._changed_at = now
        self._seems = Doing.WORKING
        self._seems_since = now
        self._has_worked = True
        self.doing = Doing.WORKING
        """What counts."""

    def began(self, now: float) -> None:
        """A message was sent: whatever the screen shows, the program is taken for working until it settles."""
        self.doing = self._seems = Doing.WORKING
        self._seems_since = self._changed_at = now
        self._has_worked = False

    def look(self, text: str, now: float) -> Doing:
        """Take what the screen shows now; return what counts."""
        if text != self._text:
            self._text, self._changed_at = text, now
        seems = self._guess(now)
        if seems is not self._seems:
            # Silence has lasted already by the time that it is noticed.
            is_silence = seems is Doing.IDLE and not self._tells_idle
            self._seems, self._seems_since = seems, self._changed_at if is_silence else now
        if now - self._seems_since >= self._needed_s():
            self.doing = self._seems
            self._has_worked |= self.doing is not Doing.IDLE
        return self.doing

    def due_at(self) -> float:
        """Return when time alone may change what counts, however quiet the screen is."""
        if self._seems is not self.doing:
            return self._seems_since + self._needed_s()
        if self._seems is Doing.WORKING and not self._tells_idle:
            return self._changed_at + self._quiet_s
        return float("inf")

    def _needed_s(self) -> float:
        is_early = self._seems is Doing.IDLE and not self._has_worked
        return max(self._hold_s, self._settle_s) if is_early else self._hold_s

    def _guess(self, now: float) -> Doing:
        for doing, pattern in self._patterns:
            if pattern.search(self._text):
                return doing
        if not self._tells_idle and now - self._changed_at >= self._quiet_s:
            return Doing.IDLE
        return Doing.WORKING
