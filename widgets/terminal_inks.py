"""The colours of a program's terminal on our own theme: its palette, and never an ink that nobody can read.

Programs guess whether they are on a dark or a light ground. What they guessed wrong is shown in the theme's own ink.
"""

from __future__ import annotations

from rich.color import Color, ColorType
from rich.style import Style
from textual.widget import Widget

from widgets.look import Look

_LEAST_CONTRAST = 1.7
"""Between an ink and what is below it (WCAG: 1 is none, 21 that of black and white)."""
_KEPT = 4096
_Rgb = tuple[int, int, int]


class Inks:
    """The styles of runs, as `TerminalScreen` spells them, for one widget and theme."""

    def __init__(self, widget: Widget) -> None:
        look = Look(widget)
        self._theme = widget.app.ansi_theme
        self._has_tints = not widget.app.current_theme.ansi
        self._ink, self._ground = look.base.color, look.base.bgcolor
        self._made: dict[str, Style] = {}

    def __getitem__(self, style: str) -> Style:
        """Return the style of a run; what is not understood is plain."""
        made = self._made.get(style)
        if made is None:
            if len(self._made) > _KEPT:
                self._made.clear()
            made = self._made[style] = self._make(style)
        return made

    def _make(self, style: str) -> Style:
        flags, _, colours = style.partition("|")
        ink_name, _, ground_name = colours.partition("|")
        ink, ground = self._colour(ink_name), self._colour(ground_name)
        if ink is not None and not self._can_be_read(ink, ground):
            ink = None
        if ink is None and ground is not None and self._ink is not None and not self._can_be_read(self._ink, ground):
            ink = self._ground  # the theme's ink on a ground of its own lightness
        return Style(
            color=ink,
            bgcolor=ground,
            bold="b" in flags or None,
            dim="d" in flags or None,
            italic="i" in flags or None,
            underline="u" in flags or None,
            strike="s" in flags or None,
            reverse="r" in flags or None,
        )

    def _colour(self, name: str) -> Color | None:
        colour = _parsed(name)
        if colour is None or not self._has_tints:
            return colour
        return Color.from_triplet(colour.get_truecolor(self._theme))

    def _can_be_read(self, ink: Color, ground: Color | None) -> bool:
        below = ground or self._ground
        known = (ColorType.TRUECOLOR, ColorType.EIGHT_BIT)
        if below is None or ink.type not in known or below.type not in known:
            return True  # the colours of the person's own terminal: nobody knows what they are
        one, two = sorted((_luminance(ink.get_truecolor()), _luminance(below.get_truecolor())), reverse=True)
        return (one + 0.05) / (two + 0.05) >= _LEAST_CONTRAST


def _luminance(rgb: _Rgb) -> float:
    red, green, blue = (part / 255 / 12.92 if part <= 10 else ((part / 255 + 0.055) / 1.055) ** 2.4 for part in rgb)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _parsed(name: str) -> Color | None:
    if name.isascii() and name.isdigit() and len(name) < 4 and int(name) < 256:
        return Color.from_ansi(int(name))
    if len(name) == 7 and name.startswith("#"):
        try:
            return Color.from_rgb(*bytes.fromhex(name[1:]))
        except ValueError:
            return None
    return None
