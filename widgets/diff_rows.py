"""Lines of a diff as a view shows them: numbers, sign, code in its inks, and whatever could deceive a reader marked."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal, NamedTuple

from rich.style import Style

from cockpit.providers.text import Safe, clean, clean_line, confusable
from cockpit.state.diff import DiffLine, FileDiff, Hunk, side_by_side
from widgets.cells import width_of
from widgets.highlight import spans_of
from widgets.palette import Palette
from widgets.rows import Parts
from widgets.sourceline import Line, Span, TextLine, breaks, cells_of, inked

BLOCK = 128
"""Lines that are coloured at once."""
_PLACEHOLDER = re.compile(r"⟨U\+[0-9A-F]{4,6}⟩|⟨\+\d+ marks⟩|[\u2400-\u2421]")
_BACK = {"+": "added-back", "-": "removed-back"}
_SIGN = {"+": "added", "-": "removed"}
_MIDDLE = " │ "

Side = Literal["old", "new"]


class Place(NamedTuple):
    """What a line of the view stands for."""

    path: str = ""
    kind: Literal["overview", "file", "hunk", "code", "comment", "note"] = "note"
    side: Side = "new"
    number: int = 0
    snippet: str = ""
    comment: int = -1
    """Which of the gathered comments."""


class Block:
    """Code that is coloured together, when a line of it is first seen."""

    __slots__ = ("_name", "_spans", "texts")

    def __init__(self, name: str) -> None:
        self.texts: list[Safe] = []
        self._name = name
        self._spans: list[list[Span]] | None = None

    def spans(self, index: int) -> list[Span]:
        """Return the inks of one line."""
        if self._spans is None:
            self._spans = spans_of(self.texts, self._name)
        return self._spans[index]


@dataclass(slots=True, eq=False)
class CodeLine:
    """One line of a hunk."""

    path: str
    old_path: str
    source: DiffLine
    block: Block
    index: int
    digits: int
    """Cells of a line number."""
    is_half: bool = False
    """Beside another line: it shows only the number of its own side."""
    is_left: bool = False
    _broken: tuple[int, list[tuple[int, int]]] = field(default=(-1, []), repr=False)

    @property
    def text(self) -> Safe:
        """The code, cleaned."""
        return self.block.texts[self.index]

    @property
    def mark(self) -> Place:
        """Where it stands: on the old side only when it is gone."""
        side: Side = "old" if self.source.new_no is None and self.source.old_no is not None else "new"
        number = self.source.old_no if side == "old" else self.source.new_no
        path = self.old_path if side == "old" else self.path
        return Place(path, "code", side, number or 0, self.source.text)

    @property
    def back(self) -> str:
        """Meaning of its background."""
        return _BACK.get(self.source.sign, "")

    def rows(self, width: int) -> int:
        """Return how many rows it takes."""
        room = self._room(width)
        return 1 if cells_of(self.text) <= room else len(self._breaks(room))

    def parts(self, row: int, width: int, palette: Palette) -> Parts:
        """Draw one row."""
        drawn = self._gutter(row, palette)
        text, sign = self.text, self.source.sign
        if sign == "\\":
            return [*drawn, (text, palette["dim"])]
        room = self._room(width)
        begin, end = (0, len(text)) if cells_of(text) <= room else self._breaks(room)[row]
        spans: Sequence[Span] = self.block.spans(self.index)
        if not text.isascii() and (warnings := deceits(text, self.source.text)):
            spans = warnings
        return drawn + inked(text, begin, end, "ink", spans, palette)

    def _gutter(self, row: int, palette: Palette) -> Parts:
        digits, source = self.digits, self.source
        if row:
            return [(" " * self._gutter_width(), palette["dim"])]
        old = f"{source.old_no or '':>{digits}}"
        new = f"{source.new_no or '':>{digits}}"
        numbers = f"{old if self.is_left else new} " if self.is_half else f"{old} {new} "
        return [(numbers, palette["dim"]), (f"{source.sign} ", palette[_SIGN.get(source.sign, "dim")])]

    def _gutter_width(self) -> int:
        return self.digits + 3 if self.is_half else 2 * self.digits + 4

    def _room(self, width: int) -> int:
        return max(4, width - self._gutter_width())

    def _breaks(self, room: int) -> list[tuple[int, int]]:
        if self._broken[0] != room:
            self._broken = (room, breaks(self.text, room, is_hard=True))
        return self._broken[1]


@dataclass(slots=True, eq=False)
class PairLine:
    """The line before and the line after, side by side."""

    left: CodeLine | None
    right: CodeLine | None

    @property
    def text(self) -> str:
        """Both texts."""
        return "\n".join(side.text for side in (self.left, self.right) if side is not None)

    @property
    def mark(self) -> Place:
        """The place of the new side, where there is one."""
        side = self.right or self.left
        return side.mark if side is not None else Place()

    @property
    def back(self) -> str:
        """Each side has its own."""
        return ""

    def rows(self, width: int) -> int:
        """Return how many rows the higher side takes."""
        left, right = halves(width)
        return max(
            self.left.rows(left) if self.left is not None else 1,
            self.right.rows(right) if self.right is not None else 1,
        )

    def parts(self, row: int, width: int, palette: Palette) -> Parts:
        """Draw one row."""
        left, right = halves(width)
        return [
            *_half(self.left, row, left, palette),
            (_MIDDLE, palette["faint"]),
            *_half(self.right, row, right, palette),
        ]


def halves(width: int) -> tuple[int, int]:
    """Return the widths of both sides."""
    left = max(8, (width - len(_MIDDLE)) // 2)
    return left, max(8, width - len(_MIDDLE) - left)


def _half(line: CodeLine | None, row: int, width: int, palette: Palette) -> Parts:
    if line is None or row >= line.rows(width):
        back = palette[line.back] if line is not None and line.back else Style()
        return [(" " * width, back)]
    back = palette[line.back] if line.back else Style()
    parts = [(text, back + style) for text, style in line.parts(row, width, palette)]
    return [*parts, (" " * max(0, width - width_of(parts)), back)]


def deceits(text: Safe, source: str) -> list[Span]:
    """Return where a line holds what a reader cannot see or takes for something else."""
    found = [(hit.start(), hit.end(), "badge") for hit in _PLACEHOLDER.finditer(text)]
    for word in confusable(source):
        at = text.find(word)
        if at >= 0:
            found.append((at, at + len(word), "badge"))
    return sorted(found)


def code_rows(file: FileDiff, *, is_split: bool) -> list[Line]:
    """Return the lines of a file: every hunk with its head. Text is cleaned here."""
    hunks = file.hunks
    last = max((max(h.old_start, h.new_start) + h.body.count("\n") + 1 for h in hunks), default=0)
    digits = max(3, len(str(last)))
    rows: list[Line] = []
    for place, hunk in enumerate(hunks):
        rows.append(_hunk_head(file, hunk, digits, is_first=place == 0))
        maker = _Maker(
            file, digits, is_split=is_split, is_clean="\t" not in hunk.body and clean(hunk.body) == hunk.body
        )
        if is_split:
            rows += [
                PairLine(
                    maker.line(pair.left, is_left=True) if pair.left is not None else None,
                    maker.line(pair.right) if pair.right is not None else None,
                )
                for pair in side_by_side(hunk)
            ]
        else:
            rows += [maker.line(line) for line in hunk.lines]
    return rows


class _Maker:
    """Makes the lines of one hunk, in blocks of code that are coloured together: each side has its own."""

    def __init__(self, file: FileDiff, digits: int, *, is_split: bool, is_clean: bool) -> None:
        self._file, self._digits, self._is_split = file, digits, is_split
        self._is_clean = is_clean
        """Nothing in the hunk needs cleaning, so its lines need no look of their own."""
        self._blocks = {True: Block(file.path), False: Block(file.path)}

    def line(self, source: DiffLine, *, is_left: bool = False) -> CodeLine:
        block = self._blocks[is_left]
        if len(block.texts) >= BLOCK:
            block = self._blocks[is_left] = Block(self._file.path)
        texts = block.texts
        texts.append(Safe(source.text) if self._is_clean else clean_line(source.text))
        file = self._file
        return CodeLine(file.path, file.old_path, source, block, len(texts) - 1, self._digits, self._is_split, is_left)


def _hunk_head(file: FileDiff, hunk: Hunk, digits: int, *, is_first: bool) -> TextLine:
    where = clean_line(hunk.header)
    start = hunk.new_start or hunk.old_start
    sign = "┄" if is_first else "⋯"
    lead = (f"{sign:>{digits}} ", "dim")
    text = Safe(f"line {start}  {where}".rstrip())
    return TextLine(text, "dim", lead=(lead,), back="hunk-back", mark=Place(file.path, "hunk", "new", hunk.new_start))
