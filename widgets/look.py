"""Colours by meaning, shared by all our Line-API widgets.

Every meaning is a theme variable (see `cockpit/screens/themes.py`). They are read from the theme once and not through
component classes: Textual styles each of those per widget, which took a quarter of an attach.
"""

from __future__ import annotations

from functools import lru_cache

from rich.style import Style
from textual.color import Color
from textual.widget import Widget

LOOK_MEANINGS: dict[str, tuple[str, str]] = {
    "ink": ("$ink", ""),
    "strong": ("$ink", "bold"),
    "dim": ("$dim", ""),
    "faint": ("$faint", ""),
    "accent": ("$accent", ""),
    "title": ("$accent", "bold"),
    "waiting": ("$waiting", ""),
    "question": ("$waiting", "bold"),
    "working": ("$working", ""),
    "ready": ("$ready", ""),
    "failed": ("$failed", ""),
    "added": ("$added", ""),
    "removed": ("$removed", ""),
    "badge": ("$badge", "bold"),
    "cursor": ("on $cursor", ""),
    "cursor-idle": ("on $cursor-idle", ""),
    "bar": ("on $panel", ""),
}
"""A theme variable for every meaning (`on`: as the background), and how the text is set."""


class Look:
    """The styles of one widget by meaning; made anew when the theme changes (`notify_style_update`).

    Attributes:
        base: the widget's own colours; kept here because Textual works them out anew each time.
    """

    __slots__ = ("_styles", "base")

    def __init__(self, widget: Widget) -> None:
        variables = widget.app.theme_variables
        values = tuple(variables[variable.rpartition("$")[2]] for variable, _ in LOOK_MEANINGS.values())
        self.base = widget.rich_style
        self._styles = _styles_of(values)

    @classmethod
    def plain(cls) -> Look:
        """Return a look without any colour, for drawing outside an app."""
        look = object.__new__(cls)
        look.base = Style()
        look._styles = dict.fromkeys(LOOK_MEANINGS, Style())
        return look

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Look) and other.base == self.base and other._styles == self._styles

    __hash__ = None  # type: ignore[assignment]  # compared when styles may have changed, never a key

    def __getitem__(self, meaning: str) -> Style:
        return self._styles[meaning]


@lru_cache(maxsize=8)
def _styles_of(values: tuple[str, ...]) -> dict[str, Style]:
    styles = {}
    for (meaning, (variable, weight)), value in zip(LOOK_MEANINGS.items(), values, strict=True):
        colour = Color.parse(value).rich_color
        is_back = variable.startswith("on ")
        styles[meaning] = Style(
            color=None if is_back else colour, bgcolor=colour if is_back else None, bold=weight == "bold" or None
        )
    return styles
