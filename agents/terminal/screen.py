"""A terminal in memory: what pyte's screen lacks or does too trustingly, on top of it.

Everything that a hostile program can make grow is bounded: marks on a character, saved cursors, the two buffers.
"""

from __future__ import annotations

import copy
import unicodedata
from collections.abc import Callable
from typing import Any

import pyte
from pyte.screens import Char, Cursor, wcwidth

from agents.terminal.colours import restyled

ALTERNATE_MODES = frozenset({47, 1047, 1049})
BRACKETED_PASTE, APPLICATION_CURSOR = 2004, 1
_OWN_MODES = (6, 7, 25)  # origin, wrapping, cursor
_MARKS_KEPT = 3
"""Of a character and the marks over it no more is kept."""
_STYLES_KEPT = 256
_AUTO_WRAP, _INSERT = pyte.modes.DECAWM, pyte.modes.IRM


class TerminalMemory(pyte.Screen):
    """Rows of styled characters, a cursor, and the modes that a program has switched on."""

    def __init__(self, columns: int, rows: int, answer: Callable[[str], None]) -> None:
        """Begin empty; `answer` takes what the terminal itself answers to the program."""
        self._answer = answer
        self._main: tuple[Any, Cursor] | None = None
        self._made: dict[str, Char] = {}
        self._made_with: Char | None = None
        self._made_before: dict[Char, dict[str, Char]] = {}
        self._last = ""
        self.switched_on: set[int] = set()
        """Private modes that are on and that the screen itself has no use for."""
        super().__init__(columns, rows)

    @property
    def has_alternate(self) -> bool:
        """Whether the alternate buffer is shown."""
        return self._main is not None

    def reset(self) -> None:
        """Become a new terminal."""
        self._main = None
        self.switched_on.clear()
        super().reset()

    def write_process_input(self, data: str) -> None:
        """Answer the program's question."""
        self._answer(data)

    # --- characters

    def draw(self, data: str) -> None:
        """Put characters at the cursor. Those without any width that are no marks are left out."""
        data = data.translate(self.g1_charset if self.charset else self.g0_charset)
        cursor = self.cursor
        if cursor.attrs is not self._made_with:
            self._change_style(cursor.attrs)
        if data.isascii() and cursor.x + len(data) <= self.columns and _INSERT not in self.mode:
            self._draw_short(data)
            return
        for char in data:
            width = 1 if " " <= char <= "~" else wcwidth(char)
            if width <= 0:
                if unicodedata.combining(char):
                    self._mark(char)
                continue
            if cursor.x + width > self.columns:
                self._make_room(width)
            if _INSERT in self.mode:
                self.insert_characters(width)
            line = self.buffer[cursor.y]
            line[cursor.x] = self._made.get(char) or self._make(char)
            if width == 2:
                line[cursor.x + 1] = self._made.get("") or self._make("")
            cursor.x = min(cursor.x + width, self.columns)
            self.dirty.add(cursor.y)
            self._last = char

    def _draw_short(self, data: str) -> None:
        """Put plain characters on the rest of the row: what nearly all output is."""
        cursor, made = self.cursor, self._made
        line = self.buffer[cursor.y]
        for x, char in enumerate(data, cursor.x):
            line[x] = made.get(char) or self._make(char)
        cursor.x += len(data)
        self.dirty.add(cursor.y)
        self._last = data[-1:]

    def _change_style(self, attributes: Char) -> None:
        if len(self._made_before) > _STYLES_KEPT:
            self._made_before.clear()
        self._made_with = attributes
        self._made = self._made_before.setdefault(attributes, {})

    def _make(self, char: str) -> Char:
        if len(self._made) > 512:
            self._made.clear()
        made = self._made[char] = self.cursor.attrs._replace(data=char)
        return made

    def _make_room(self, width: int) -> None:
        if _AUTO_WRAP in self.mode:
            self.dirty.add(self.cursor.y)
            self.carriage_return()
            self.linefeed()
        else:
            self.cursor.x = self.columns - width

    def _mark(self, mark: str) -> None:
        line, x = self.buffer[self.cursor.y], self.cursor.x - 1
        if x > 0 and not line[x].data:
            x -= 1
        if x < 0 or len(line[x].data) >= _MARKS_KEPT or not line[x].data:
            return
        line[x] = line[x]._replace(data=unicodedata.normalize("NFC", line[x].data + mark))
        self.dirty.add(self.cursor.y)

    def repeat(self, count: int) -> None:
        """Draw the last character again."""
        if self._last:
            self.draw(self._last * min(count or 1, self.columns * self.lines))

    # --- what pyte lacks

    def restyle(self, parameters: str) -> None:
        """Change how characters look from now on (SGR)."""
        self.cursor.attrs = restyled(self.cursor.attrs, parameters)

    def scroll_up(self, count: int = 1) -> None:
        """Move the rows of the scrolling region up."""
        self._scroll(count, self.margins.bottom if self.margins else self.lines - 1, self.index)

    def scroll_down(self, count: int = 1) -> None:
        """Move the rows of the scrolling region down."""
        self._scroll(count, self.margins.top if self.margins else 0, self.reverse_index)

    def _scroll(self, count: int, edge: int, step: Callable[[], None]) -> None:
        row, self.cursor.y = self.cursor.y, edge
        for _ in range(min(count or 1, self.lines)):
            step()
        self.cursor.y = row

    def back_tab(self, count: int = 1) -> None:
        """Move to an earlier tab stop."""
        for _ in range(min(count or 1, self.columns)):
            self.cursor.x = max((stop for stop in self.tabstops if stop < self.cursor.x), default=0)

    def save_cursor(self) -> None:
        """Remember the cursor; only the last one is."""
        super().save_cursor()
        del self.savepoints[:-1]

    def restore_cursor(self) -> None:
        """Go back to the cursor that was saved, which stays saved."""
        kept = self.savepoints[-1] if self.savepoints else None
        super().restore_cursor()
        if kept is not None:
            self.savepoints.append(kept._replace(cursor=copy.copy(kept.cursor)))
        self.cursor.x = min(self.cursor.x, self.columns - 1)
        self.cursor.y = min(self.cursor.y, self.lines - 1)

    def switch(self, modes: list[int], *, is_on: bool) -> None:
        """Switch private modes on or off; the number of columns stays what it was made with."""
        for mode in modes:
            if mode in ALTERNATE_MODES:
                self._show_alternate(is_on=is_on)
            elif mode == 1048:
                (self.save_cursor if is_on else self.restore_cursor)()
            elif mode in _OWN_MODES:
                (self.set_mode if is_on else self.reset_mode)(mode, private=True)
            elif mode in (BRACKETED_PASTE, APPLICATION_CURSOR):
                (self.switched_on.add if is_on else self.switched_on.discard)(mode)

    def state_of(self, mode: int) -> int:
        """Return how a private mode stands, as DECRPM has it: 1 on, 2 off, 0 not known here."""
        if mode in ALTERNATE_MODES:
            return 1 if self.has_alternate else 2
        if mode in (BRACKETED_PASTE, APPLICATION_CURSOR):
            return 1 if mode in self.switched_on else 2
        if mode in _OWN_MODES:
            return 1 if mode << 5 in self.mode else 2
        return 0

    def _show_alternate(self, *, is_on: bool) -> None:
        if is_on and self._main is None:
            self._main = self.buffer.copy(), copy.copy(self.cursor)
            self.buffer.clear()
        elif not is_on and self._main is not None:
            buffer, self.cursor = self._main
            self.buffer.clear()
            self.buffer.update(buffer)
            self.cursor.x, self.cursor.y = min(self.cursor.x, self.columns - 1), min(self.cursor.y, self.lines - 1)
            self._main = None
        self.margins = None
        self.dirty.update(range(self.lines))

    def text(self) -> str:
        """Return the text of the rows, without spaces at their ends and without empty rows at the end."""
        rows = ("".join(self.buffer[y][x].data for x in range(self.columns)).rstrip() for y in range(self.lines))
        return "\n".join(rows).rstrip("\n")
