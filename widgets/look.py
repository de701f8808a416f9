"""Colours by meaning: the component classes that all our Line-API widgets share."""

from __future__ import annotations

from rich.style import Style
from textual.widget import Widget

_MEANINGS = {
    "ink": "color: $ink;",
    "strong": "color: $ink; text-style: bold;",
    "dim": "color: $dim;",
    "faint": "color: $faint;",
    "accent": "color: $accent;",
    "title": "color: $accent; text-style: bold;",
    "waiting": "color: $waiting;",
    "question": "color: $waiting; text-style: bold;",
    "working": "color: $working;",
    "ready": "color: $ready;",
    "failed": "color: $failed;",
    "added": "color: $added;",
    "removed": "color: $removed;",
    "badge": "color: $badge; text-style: bold;",
    "cursor": "background: $cursor;",
    "cursor-idle": "background: $cursor-idle;",
    "bar": "background: $panel;",
}

LOOK_CLASSES = {f"look--{name}" for name in _MEANINGS}
"""For `COMPONENT_CLASSES`."""

LOOK_CSS = "\n".join(f".look--{name} {{ {rules} }}" for name, rules in _MEANINGS.items())
"""For `DEFAULT_CSS`, before a widget's own rules."""


class Look:
    """The styles of one widget by meaning; made anew when the theme changes (`notify_style_update`)."""

    __slots__ = ("_styles", "base")

    def __init__(self, widget: Widget) -> None:
        self.base = widget.rich_style
        """The widget's own colours; kept here because Textual works them out anew each time."""
        self._styles = {name: widget.get_component_rich_style(f"look--{name}", partial=True) for name in _MEANINGS}

    @classmethod
    def plain(cls) -> Look:
        """Return a look without any colour, for drawing outside an app."""
        look = object.__new__(cls)
        look.base = Style()
        look._styles = dict.fromkeys(_MEANINGS, Style())
        return look

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Look) and other.base == self.base and other._styles == self._styles

    __hash__ = None  # type: ignore[assignment]  # compared when styles may have changed, never a key

    def __getitem__(self, meaning: str) -> Style:
        return self._styles[meaning]
