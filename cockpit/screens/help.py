"""The help: the table of keys as it is in force, to scroll and to search."""

from __future__ import annotations

from itertools import groupby
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Vertical
from textual.geometry import Size
from textual.screen import ModalScreen
from textual.scroll_view import ScrollView
from textual.strip import Strip
from textual.widgets import Input

from cockpit.screens.keys import Key, Keyboard
from widgets.cells import strip_of
from widgets.look import Look
from widgets.rows import Parts

_KEYS_WIDTH = 17
_TEXT_WIDTH = 53


class KeyTable(ScrollView):
    """The rows that match, under the headings of their contexts."""

    DEFAULT_CSS = "KeyTable { height: 1fr; background: $surface; scrollbar-size-vertical: 1; }"

    def __init__(self, keyboard: Keyboard) -> None:
        super().__init__()
        self._keyboard = keyboard
        self._wanted = ""
        self._look: Look | None = None
        self._lines: list[Parts] = []

    def on_mount(self) -> None:
        """Show all."""
        self.search("")

    def search(self, wanted: str) -> None:
        """Show the rows with these words."""
        self._wanted = wanted
        self._look = self._look or Look(self)
        self._lines = help_lines(self._keyboard, wanted, self._look)
        self.virtual_size = Size(0, len(self._lines))
        self.scroll_to(y=0, animate=False)
        self.refresh()

    def render_line(self, y: int) -> Strip:
        """Draw one line of the window."""
        line = self.scroll_offset.y + y
        parts = self._lines[line] if line < len(self._lines) else []
        self._look = self._look or Look(self)
        return strip_of(parts, self.size.width, self._look.base)

    def notify_style_update(self) -> None:
        """Draw again with the new colours."""
        super().notify_style_update()
        self._look = None
        if self.is_mounted:
            self.call_after_refresh(self.search, self._wanted)


class HelpScreen(ModalScreen[None]):
    """Opened with the help key; typing searches, escape closes."""

    BINDINGS: ClassVar[list[BindingType]] = [
        ("escape", "dismiss", "Close"),
        ("up", "scroll(-1)", "Up"),
        ("down", "scroll(1)", "Down"),
        ("pageup", "scroll(-10)", "Page up"),
        ("pagedown", "scroll(10)", "Page down"),
    ]
    DEFAULT_CSS = """
    HelpScreen { align: center middle; background: $background 60%; }
    HelpScreen > Vertical {
        width: 100; max-width: 96%; height: 90%; background: $surface; border: round $accent; padding: 0 1;
        border-title-color: $accent; border-subtitle-color: $dim;
    }
    HelpScreen Input { height: 1; border: none; background: $surface; padding: 0; margin-bottom: 1; }
    HelpScreen Input:focus { border: none; background: $surface; }
    """

    def __init__(self, keyboard: Keyboard) -> None:
        super().__init__()
        self._table = KeyTable(keyboard)

    def compose(self) -> ComposeResult:
        """Put the table under the search."""
        with Vertical() as frame:
            frame.border_title = "Keys"
            frame.border_subtitle = "change them in cockpit.toml under [ui.keys]"
            yield Input(placeholder="search", compact=True)
            yield self._table

    def on_input_changed(self, changed: Input.Changed) -> None:
        """Search while typing."""
        self._table.search(changed.value)

    def action_scroll(self, lines: int) -> None:
        """Scroll the table."""
        self._table.scroll_to(y=self._table.scroll_offset.y + lines, animate=False)


def help_lines(keyboard: Keyboard, wanted: str, look: Look) -> list[Parts]:
    """Return the lines of the table for the rows that have every word."""
    words = wanted.casefold().split()
    rows = [row for row in keyboard.rows if all(word in _words(keyboard, row) for word in words)]
    lines: list[Parts] = []
    for context, group in groupby(rows, key=lambda row: row.context):
        if lines:
            lines.append([])
        lines.append([(context.value, look["title"])])
        lines += [
            [
                (f"  {keyboard.signs(row.id):<{_KEYS_WIDTH}}", look["strong"]),
                (f"{row.text:<{_TEXT_WIDTH}}", look["ink"]),
                (f" {row.id}", look["dim"]),
            ]
            for row in group
        ]
    return lines or [[("No key does that. Every word must match.", look["dim"])]]


def _words(keyboard: Keyboard, row: Key) -> str:
    return f"{row.text} {row.id} {row.context.value} {keyboard.signs(row.id)}".casefold()
