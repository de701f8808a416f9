"""Bars of one line: the header of the fleet, the tabs, and the footer with the keys of what has focus."""

from __future__ import annotations

from rich.style import Style
from textual import events
from textual.message import Message
from textual.strip import Strip
from textual.widget import Widget

from widgets.cells import strip_of, width_of
from widgets.look import Look
from widgets.rows import Parts

UNDERLINE = Style(underline=True)


class Bar(Widget):
    """One line, drawn anew only when what it says changed."""

    DEFAULT_CSS = "Bar { height: 1; width: 1fr; background: $background; color: $ink; }"

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002 - Textual's name for it
        super().__init__(id=id)
        self._left: Parts = []
        self._right: Parts = []
        self._known_look: Look | None = None

    @property
    def look(self) -> Look:
        """The styles to draw with."""
        self._known_look = self._known_look or Look(self)
        return self._known_look

    @property
    def text(self) -> str:
        """What it says, without colours."""
        return "".join(text for text, _ in [*self._left, *self._right])

    def say(self, left: Parts, right: Parts | None = None) -> None:
        """Show these parts at the left and the right end; the left one gives way."""
        right = right or []
        if (left, right) != (self._left, self._right):
            self._left, self._right = left, right
            self.refresh()

    def render_line(self, _y: int) -> Strip:
        """Draw the line."""
        base = self.look.base
        width = self.size.width
        right_width = min(width, width_of(self._right))
        left = strip_of(self._left, width - right_width, base)
        return Strip.join([left, strip_of(self._right, right_width, base)])

    def notify_style_update(self) -> None:
        """Forget the old colours."""
        super().notify_style_update()
        self._known_look = None


class TabBar(Bar):
    """The names of the panes; the one that is seen stands out."""

    class Chosen(Message):
        """A tab was clicked."""

        def __init__(self, name: str) -> None:
            super().__init__()
            self.name = name

    def __init__(self, names: tuple[str, ...], *, id: str | None = None) -> None:  # noqa: A002 - Textual's name for it
        super().__init__(id=id)
        self._names = names
        self._seen: tuple[str, bool, int] = ("", False, 0)

    def offer(self, names: tuple[str, ...]) -> None:
        """Have other tabs."""
        if names != self._names:
            self._names, self._seen = names, ("", False, 0)

    def choose(self, name: str, *, is_focused: bool) -> None:
        """Mark one tab; an accent says that its pane has the keys."""
        if (name, is_focused, self.size.width) == self._seen:
            return
        self._seen = (name, is_focused, self.size.width)
        look = self.look
        needed = sum(len(n) + 3 for n in self._names)
        gap = "   " if self.size.width > needed else " "
        parts: Parts = [(" ", look["dim"])]
        for each in self._names:
            if each == name:
                style = look["title"] if is_focused else look["strong"]
                parts.append((each, style + UNDERLINE))
            else:
                parts.append((each, look["dim"]))
            parts.append((gap, look["dim"]))
        self.say(parts)

    def on_click(self, event: events.Click) -> None:
        """Choose the tab under the pointer."""
        x = 0
        for text, _ in self._left:
            if x <= event.x < x + len(text) and text in self._names:
                self.post_message(self.Chosen(text))
            x += len(text)

    def notify_style_update(self) -> None:
        """Draw again with the new colours."""
        super().notify_style_update()
        self._seen = ("", False, 0)
