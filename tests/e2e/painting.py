"""A terminal's content as a picture."""

from __future__ import annotations

import io
import re

from rich.console import Console
from rich.terminal_theme import TerminalTheme
from rich.text import Text

_REMOTE_FONT = re.compile(r"@font-face \{.*?\}\s*", re.DOTALL)
_THEME = TerminalTheme((20, 23, 29), (224, 224, 224), [(0, 0, 0)] * 8, [(255, 255, 255)] * 8)
"""For what the screen leaves to the terminal: blank ends of lines, so the ground of the cockpit's own dark theme."""


def paint(screen: str, columns: int, rows: int) -> str:
    """Return what a terminal shows, with its colours as escape sequences, as SVG."""
    console = Console(
        record=True, width=columns, height=rows, file=io.StringIO(), force_terminal=True, color_system="truecolor"
    )
    for line in screen.split("\n")[:rows]:
        console.print(Text.from_ansi(line), no_wrap=True, overflow="crop", end="\n")
    svg = console.export_svg(title="cockpit", theme=_THEME, unique_id="cockpit")
    return _REMOTE_FONT.sub("", svg)
