"""Time, as everything else asks for it: so that a test can own the clock."""

from __future__ import annotations

import time
from typing import Protocol


class Clock(Protocol):
    """What the time is. Code that decides by time takes one of these instead of calling `time`."""

    def now(self) -> float:
        """Return seconds since the epoch: for what is recorded and shown."""
        ...

    def monotonic(self) -> float:
        """Return seconds that never run backwards: for durations and deadlines."""
        ...


class SystemClock:
    """The machine's own clock."""

    __slots__ = ()

    def now(self) -> float:
        """Return seconds since the epoch."""
        return time.time()

    def monotonic(self) -> float:
        """Return seconds of the monotonic clock."""
        return time.monotonic()


class ManualClock:
    """A clock that stands still until it is told otherwise."""

    __slots__ = ("_elapsed_s", "_start_s")

    def __init__(self, start_s: float = 1_700_000_000.0) -> None:
        """Start at `start_s` seconds since the epoch."""
        self._start_s = start_s
        self._elapsed_s = 0.0

    def now(self) -> float:
        """Return the start plus everything advanced since."""
        return self._start_s + self._elapsed_s

    def monotonic(self) -> float:
        """Return everything advanced since the start."""
        return self._elapsed_s

    def advance(self, seconds: float) -> None:
        """Let time pass.

        Raises:
            ValueError: `seconds` is negative; a monotonic clock does not go back.
        """
        if seconds < 0:
            raise ValueError("a clock cannot be advanced by a negative time")
        self._elapsed_s += seconds
