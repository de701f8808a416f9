"""Digits typed one after the other: the number of a session."""

from __future__ import annotations

import time
from collections.abc import Container

TOGETHER_S = 0.8
"""Digits typed within this time make one number."""
_MOST = 6


class Digits:
    """Remembers what was typed just now."""

    def __init__(self) -> None:
        self._typed, self._at = "", 0.0

    def typed(self, character: str | None, numbers: Container[int]) -> int | None:
        """Return the number that a key stands for, with those before it where that is one; None: it is no digit."""
        if character is None or not character.isdecimal() or not character.isascii():
            self._typed = ""
            return None
        now = time.monotonic()
        together = (self._typed if now - self._at < TOGETHER_S else "")[1 - _MOST :] + character
        self._typed = together if int(together) in numbers else character
        self._at = now
        return int(self._typed)
