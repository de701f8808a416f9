"""Text measured in terminal cells: a wide character takes two, and nothing may spill into the next column."""

from __future__ import annotations

from collections.abc import Iterable

from rich.cells import cell_len, set_cell_size
from rich.segment import Segment
from rich.style import Style
from textual.strip import Strip

from cockpit.providers.text import Safe


def fit(text: Safe, width: int, *, is_right: bool = False) -> str:
    """Return `text` exactly `width` cells wide: padded, or cut with an ellipsis."""
    if width <= 0:
        return ""
    size = cell_len(text)
    if size > width:
        return set_cell_size(text, width - 1) + "…"
    pad = " " * (width - size)
    return pad + text if is_right else text + pad


def cut(text: Safe, width: int) -> str:
    """Return `text` no wider than `width` cells, with an ellipsis where it was cut."""
    if width <= 0:
        return ""
    if cell_len(text) <= width:
        return text
    return set_cell_size(text, width - 1).rstrip() + "…"


def wrap(text: Safe, width: int) -> list[Safe]:
    """Return the lines of `text`, broken at spaces where there are any, none wider than `width` cells."""
    width = max(2, width)
    lines: list[Safe] = []
    for line in text.split("\n"):
        rest = line.expandtabs(4)
        while cell_len(rest) > width:
            end = _cells_to_index(rest, width)
            space = rest.rfind(" ", 1, end + 1)
            stop = space if space > end // 3 else end
            lines.append(Safe(rest[:stop].rstrip()))
            rest = rest[stop:].lstrip(" ") if stop == space else rest[stop:]
        lines.append(Safe(rest))
    return lines


def wrap_exact(text: Safe, width: int) -> list[Safe]:
    """Return the rows of one line, none wider than `width` cells, with every character of it, spaces too, in order."""
    width = max(2, width)
    rows: list[Safe] = []
    rest = str(text)
    while cell_len(rest) > width:
        end = _cells_to_index(rest, width)
        space = rest.rfind(" ", 1, end)
        stop = space + 1 if space > end // 3 else end
        rows.append(Safe(rest[:stop]))
        rest = rest[stop:]
    return [*rows, Safe(rest)]


def _cells_to_index(text: str, width: int) -> int:
    """Return how many characters of `text` fit into `width` cells; at least one."""
    cells = 0
    for index, character in enumerate(text):
        cells += cell_len(character)
        if cells > width:
            return max(1, index)
    return len(text)


def strip_of(parts: Iterable[tuple[str, Style]], width: int, base: Style) -> Strip:
    """Return a strip of exactly `width` cells, laid over the base style."""
    segments = [Segment(text, base + style) for text, style in parts if text]
    return Strip(segments).adjust_cell_length(width, base)


def width_of(parts: Iterable[tuple[str, Style]]) -> int:
    """Return how many cells the parts take together."""
    return sum(cell_len(text) for text, _ in parts)


def age(seconds: float) -> Safe:
    """Return a duration in at most four cells: `9s`, `12m`, `3h`, `5d`."""
    seconds = max(0.0, seconds)
    if seconds < 60:
        return Safe(f"{int(seconds)}s")
    if seconds < 3600:
        return Safe(f"{int(seconds // 60)}m")
    if seconds < 86_400:
        return Safe(f"{int(seconds // 3600)}h")
    return Safe(f"{int(seconds // 86_400)}d")


def count(number: float) -> Safe:
    """Return a number in at most five cells: `950`, `12.3k`, `4.1M`."""
    for limit, unit in ((1e9, "G"), (1e6, "M"), (1e3, "k")):
        if number >= limit * 0.9995:
            scaled = number / limit
            return Safe(f"{scaled:.0f}{unit}" if scaled >= 99.95 else f"{scaled:.1f}{unit}")
    return Safe(f"{number:.0f}")
