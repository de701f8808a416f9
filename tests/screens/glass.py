"""What a terminal would show of the bytes sent to it."""

from __future__ import annotations

import re

import pyte

_UNKNOWN_TO_PYTE = re.compile(rb"\x1b\[[<>=][0-9;]*u|\x1b\[\?[0-9;]*\$p")


class Glass:
    """A screen of characters, and every byte that came since `wipe`."""

    def __init__(self, columns: int, rows: int) -> None:
        self.columns, self.rows = columns, rows
        self.output = bytearray()
        self._screen = pyte.Screen(columns, rows)
        self._stream = pyte.ByteStream(self._screen)
        self._undrawn = bytearray()

    def draw(self, data: bytes) -> None:
        self.output += data
        self._undrawn += data

    def wipe(self) -> None:
        """Forget what was seen; the screen is empty until it is painted anew."""
        self.output.clear()
        self._undrawn.clear()
        self._screen.reset()

    def grow(self, columns: int, rows: int) -> None:
        self.columns, self.rows = columns, rows
        self.lines()
        self._screen.resize(rows, columns)

    def lines(self) -> list[str]:
        self._stream.feed(_UNKNOWN_TO_PYTE.sub(b"", bytes(self._undrawn)))
        self._undrawn.clear()
        return [line.rstrip() for line in self._screen.display]

    def shows(self, text: str) -> bool:
        return any(text in line for line in self.lines())
