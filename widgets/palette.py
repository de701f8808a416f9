"""The colours of the detail panes: those that all widgets share, and the ones of code, prose and diffs."""

from __future__ import annotations

from rich.style import Style
from textual.widget import Widget

from widgets.look import LOOK_MEANINGS, Look

_INKS = {
    "heading": "color: $accent; text-style: bold;",
    "bold": "text-style: bold;",
    "italic": "text-style: italic;",
    "code": "color: $secondary;",
    "quote": "color: $dim; text-style: italic;",
    "keyword": "color: $primary;",
    "string": "color: $success;",
    "comment": "color: $dim; text-style: italic;",
    "number": "color: $warning;",
    "function": "color: $secondary;",
    "type": "color: $accent;",
    "hit": "text-style: reverse;",
    "chosen": "color: $accent; text-style: bold;",
}
_BACKS = {
    "added-back": "background: $added 13%;",
    "removed-back": "background: $removed 15%;",
    "file-back": "background: $panel;",
    "hunk-back": "background: $surface;",
    "comment-back": "background: $waiting 10%;",
    "human-back": "background: $surface;",
}
_PLAIN_ON_ANSI = ("added-back", "removed-back", "comment-back")
"""Tints that 16 colours cannot show; the signs and inks say the same."""

PALETTE_CLASSES = {f"ink--{name}" for name in (*_INKS, *_BACKS)}
"""For `COMPONENT_CLASSES`."""

PALETTE_CSS = "\n".join([*(f".ink--{name} {{ {rules} }}" for name, rules in {**_INKS, **_BACKS}.items()), ""])
"""For `DEFAULT_CSS`, before a widget's own rules."""


class Palette:
    """The styles of one widget by meaning; made anew when the theme changes."""

    __slots__ = ("_styles",)

    def __init__(self, widget: Widget) -> None:
        look = Look(widget)
        self._styles: dict[str, Style] = {name: look[name] for name in LOOK_MEANINGS}
        for name in _INKS:
            self._styles[name] = widget.get_component_rich_style(f"ink--{name}", partial=True)
        for name in _BACKS:
            is_plain = name in _PLAIN_ON_ANSI and widget.app.current_theme.ansi
            blended = widget.get_component_rich_style(f"ink--{name}").bgcolor
            self._styles[name] = Style() if is_plain else Style(bgcolor=blended)
        self._styles[""] = Style()

    @classmethod
    def plain(cls) -> Palette:
        """Return a palette without any colour, for drawing outside an app."""
        palette = object.__new__(cls)
        palette._styles = {name.partition("--")[2]: Style() for name in PALETTE_CLASSES} | {"": Style()}
        return palette

    def __getitem__(self, meaning: str) -> Style:
        return self._styles[meaning]
