"""The colours of the detail panes: those that all widgets share, and the ones of code, prose and diffs."""

from __future__ import annotations

from functools import lru_cache

from rich.style import Style
from textual.color import Color
from textual.widget import Widget

from widgets.look import LOOK_MEANINGS, Look

_INKS: dict[str, tuple[str, str]] = {
    "heading": ("accent", "bold"),
    "bold": ("", "bold"),
    "italic": ("", "italic"),
    "code": ("secondary", ""),
    "quote": ("dim", "italic"),
    "keyword": ("primary", ""),
    "string": ("success", ""),
    "comment": ("dim", "italic"),
    "number": ("warning", ""),
    "function": ("secondary", ""),
    "type": ("accent", ""),
    "hit": ("", "reverse"),
    "chosen": ("accent", "bold"),
}
"""A theme variable for every ink (empty: the colour stays), and how the text is set."""
_BACKS: dict[str, tuple[str, float]] = {
    "added-back": ("added", 0.13),
    "removed-back": ("removed", 0.15),
    "comment-back": ("waiting", 0.10),
    "file-back": ("panel", 1.0),
    "hunk-back": ("surface", 1.0),
    "human-back": ("surface", 1.0),
}
"""A theme variable for every background, and how much of it is laid over the pane's own. 16 colours show no tints:
there, the signs and inks say the same."""
_NAMES = tuple(dict.fromkeys(["background", *(name for name, _ in (*_INKS.values(), *_BACKS.values()) if name)]))


class Palette:
    """The styles of one widget by meaning; made anew when the theme changes.

    Attributes:
        base: the widget's own colours.
        has_tints: whether the terminal shows more than 16 colours.
    """

    __slots__ = ("_styles", "base", "has_tints")

    def __init__(self, widget: Widget) -> None:
        look = Look(widget)
        variables = widget.app.theme_variables
        self.base = look.base
        self.has_tints = not widget.app.current_theme.ansi
        own = _styles_of(tuple(variables[name] for name in _NAMES), has_tints=self.has_tints)
        self._styles: dict[str, Style] = {name: look[name] for name in LOOK_MEANINGS} | own

    @classmethod
    def plain(cls) -> Palette:
        """Return a palette without any colour, for drawing outside an app."""
        palette = object.__new__(cls)
        palette.base, palette.has_tints = Style(), True
        palette._styles = dict.fromkeys([*LOOK_MEANINGS, *_INKS, *_BACKS, ""], Style())
        return palette

    def __getitem__(self, meaning: str) -> Style:
        return self._styles[meaning]


@lru_cache(maxsize=8)
def _styles_of(values: tuple[str, ...], *, has_tints: bool) -> dict[str, Style]:
    colours = {name: Color.parse(value) for name, value in zip(_NAMES, values, strict=True)}
    styles = {"": Style()}
    for name, (variable, weight) in _INKS.items():
        colour = colours[variable].rich_color if variable else None
        styles[name] = Style(color=colour) + Style.parse(weight)
    for name, (variable, share) in _BACKS.items():
        if share == 1.0:
            styles[name] = Style(bgcolor=colours[variable].rich_color)
        elif has_tints:
            styles[name] = Style(bgcolor=colours["background"].blend(colours[variable], share).rich_color)
        else:
            styles[name] = Style()
    return styles
