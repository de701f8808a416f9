"""A diff as a document of sections, one a file: what is folded and reviewed, and the comments beneath their lines."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from cockpit.changes.types import FileStat
from cockpit.providers.text import Safe, clean_line
from cockpit.sessions.types import LineComment
from cockpit.state.diff import FileDiff, anchor, parse_diff
from widgets.cells import count
from widgets.diff_rows import PairLine, Place, code_rows
from widgets.highlight import spans_of
from widgets.sourceline import Bit, Flow, Line, TextLine

HUGE_BYTES = 2_000_000
_GENERATED = re.compile(
    r"(?:^|/)(?:package-lock\.json|yarn\.lock|pnpm-lock\.yaml|uv\.lock|poetry\.lock|Pipfile\.lock|Cargo\.lock|go\.sum"
    r"|Gemfile\.lock|composer\.lock|flake\.lock|[^/]+\.min\.(?:js|css)|[^/]+\.map|[^/]+_pb2(?:_grpc)?\.pyi?"
    r"|[^/]+\.pb\.go|[^/]+\.snap|[^/]+\.svg)$|(?:^|/)(?:dist|vendor|node_modules|__snapshots__)/"
)
_SIGNS = {"A": ("A", "added"), "D": ("D", "removed")}


@dataclass(eq=False)
class FileSection:
    """One file of the diff."""

    diff: FileDiff
    stat: FileStat | None = None
    is_reviewed: bool = False
    is_open: bool = True
    _rows: dict[bool, list[Line]] = field(default_factory=dict, repr=False)

    @property
    def path(self) -> str:
        """Where it is after the change."""
        return self.diff.path

    @property
    def blob(self) -> str:
        """Its content after the change; a reviewed mark holds while it stays."""
        return self.stat.blob if self.stat is not None else ""

    def why_folded(self) -> str:
        """Return why it is folded until somebody opens it; empty: it is not."""
        if self.diff.is_binary:
            return "binary"
        if self.is_reviewed:
            return "reviewed"
        if _GENERATED.search(self.path):
            return "generated"
        if len(self.diff.body) > HUGE_BYTES:
            return f"{count(len(self.diff.body))}B of changes"
        return ""

    def counts(self) -> tuple[int, int]:
        """Return lines added and removed."""
        if self.stat is not None and self.stat.added is not None:
            return self.stat.added, self.stat.removed or 0
        body = "\n" + self.diff.body
        return body.count("\n+"), body.count("\n-")

    def code(self, *, is_split: bool) -> list[Line]:
        """Return its lines, made at the first look."""
        if is_split not in self._rows:
            self._rows[is_split] = code_rows(self.diff, is_split=is_split)
        return self._rows[is_split]


@dataclass(eq=False)
class Document:
    """All files of one diff, with the lines that a view shows of each."""

    sections: list[FileSection] = field(default_factory=list)
    tree: str = ""
    is_truncated: bool = False
    sizes: list[int] = field(default_factory=list)
    """Lines that each section has in the view, in which the overview comes first."""

    def start_of(self, place: int) -> int:
        """Return the first line of a section."""
        return 1 + sum(self.sizes[:place])

    def find(self, path: str) -> int | None:
        """Return the section of a path, after or before the change."""
        for place, section in enumerate(self.sections):
            if path in (section.path, section.diff.old_path):
                return place
        return None

    def prepare(self, *, is_split: bool) -> None:
        """Make the lines that will be seen. Meant for a thread."""
        for section in self.sections:
            if section.is_open:
                section.code(is_split=is_split)

    def review(self, stats: Mapping[str, FileStat], reviewed: Mapping[str, str]) -> list[int]:
        """Take who reviewed what; returns the sections that changed. A mark holds for one content only."""
        changed = []
        for place, section in enumerate(self.sections):
            stat = stats.get(section.path, section.stat)
            section.stat = stat
            is_reviewed = stat is not None and reviewed.get(section.path) == stat.blob
            if is_reviewed != section.is_reviewed:
                section.is_reviewed = is_reviewed
                section.is_open = not section.why_folded()
                changed.append(place)
        return changed

    def lines(self, comments: Sequence[LineComment], columns: int, *, is_split: bool) -> list[Line]:
        """Return all lines."""
        drawn: list[Line] = [overview_line(self, comments, columns, is_split=is_split)]
        self.sizes = []
        for section in self.sections:
            lines = section_lines(section, comments, is_split=is_split)
            self.sizes.append(len(lines))
            drawn += lines
        if self.is_truncated:
            drawn.append(TextLine(Safe("the diff goes on: it is cut here"), "waiting", lead=(("  ", ""),)))
        return drawn


def read_document(text: str, tree: str, before: Document | None, *, is_truncated: bool, is_split: bool) -> Document:
    """Read a diff and make the lines that will be seen. Files that did not change keep theirs. Meant for a thread."""
    known = {s.path: s for s in before.sections} if before is not None else {}
    sections = []
    for diff in parse_diff(text):
        old = known.get(diff.path)
        section = old if old is not None and old.diff == diff else FileSection(diff)
        if section is not old:  # what a person opened or folded stays so, unless the file's review just ended
            is_kept = old is not None and not old.is_reviewed
            section.is_open = old.is_open if old is not None and is_kept else not section.why_folded()
        sections.append(section)
    document = Document(sections, tree, is_truncated)
    document.prepare(is_split=is_split)
    for ending in {section.path for section in sections[:8]}:
        spans_of([], ending)  # finds the lexer, which takes long the first time
    return document


def overview_line(document: Document, comments: Sequence[LineComment], columns: int, *, is_split: bool) -> TextLine:
    """Return the first line: the sum of it all, and what can be done with what was gathered."""
    sections = document.sections
    if not sections:
        return TextLine(Safe("no changes"), "dim", lead=(("  ", ""),), mark=Place(kind="overview"))
    added = sum(section.counts()[0] for section in sections)
    removed = sum(section.counts()[1] for section in sections)
    done = sum(section.is_reviewed for section in sections)
    bits: list[Bit] = [
        (f"{len(sections)} file{'' if len(sections) == 1 else 's'}  ", "strong"),
        (f"+{added}", "added"),
        (f" -{removed}", "removed"),
        (f"   {done} of {len(sections)} reviewed", "ready" if done == len(sections) else "dim"),
    ]
    right: list[Bit] = []
    if comments:
        bits.append((f"   {len(comments)} comment{'' if len(comments) == 1 else 's'} to send", "waiting"))
        right = [("enter sends them", "accent")]
    elif columns >= 140 and not is_split:
        right = [("wide enough for side by side", "dim")]
    return _bits(bits, right, Place(kind="overview"))


def section_lines(section: FileSection, comments: Sequence[LineComment], *, is_split: bool) -> list[Line]:
    """Return the lines of one file: its head, its code with comments beneath, and comments that lost their line."""
    lines: list[Line] = [_file_head(section)]
    mine = [
        (place, comment)
        for place, comment in enumerate(comments)
        if comment.path == (section.diff.old_path if comment.side == "old" else section.path)
    ]
    places = {place: anchor(comment, [section.diff]) for place, comment in mine}
    for place, comment in mine:
        if places[place] is None:
            lines += _comment_lines(place, comment, "its line is gone")
        elif not section.is_open:
            lines += _comment_lines(place, comment, f"line {places[place]}")
    if not section.is_open:
        return lines
    if not section.diff.body:
        said = "binary file" if section.diff.is_binary else "no lines changed"
        return [*lines, TextLine(Safe(said), "dim", lead=(("    ", ""),), mark=Place(section.path, "note"))]
    if not mine:
        return lines + section.code(is_split=is_split)
    beneath: dict[tuple[str, int], list[tuple[int, LineComment]]] = {}
    for place, comment in mine:
        if (number := places[place]) is not None:
            beneath.setdefault((comment.side, number), []).append((place, comment))
    for line in section.code(is_split=is_split):
        lines.append(line)
        for key in _keys(line):
            for place, comment in beneath.get(key, ()):
                lines += _comment_lines(place, comment)
    return lines


def _keys(line: Line) -> list[tuple[str, int]]:
    """Return the places of a line, both sides of a pair."""
    sides = [line.left, line.right] if isinstance(line, PairLine) else [line]
    marks = [side.mark for side in sides if side is not None]
    return list(dict.fromkeys((m.side, m.number) for m in marks if isinstance(m, Place) and m.kind == "code"))


def _file_head(section: FileSection) -> TextLine:
    added, removed = section.counts()
    sign, ink = _SIGNS.get(section.diff.status, (section.diff.status, "dim"))
    name = clean_line(section.path)
    bits: list[Bit] = [(f"{'▾' if section.is_open else '▸'} ", "accent"), (f"{sign} ", ink), (name, "strong")]
    if section.diff.old_path != section.path:
        bits.append((f"  from {clean_line(section.diff.old_path)}", "dim"))
    right: list[Bit] = []
    if (why := section.why_folded()) and not section.is_reviewed:
        right.append((f"{why}  ", "dim"))
    if not section.diff.is_binary:
        right += [(f"+{added}", "added"), (f" -{removed} ", "removed")]
    right.append((" ✓ reviewed " if section.is_reviewed else " ", "ready"))
    return _bits(bits, right, Place(section.path, "file"), back="file-back")


def _comment_lines(place: int, comment: LineComment, where: str = "") -> list[Line]:
    mark = Place(comment.path, "comment", comment.side, comment.line, comment.snippet, place)
    lead = (("      ", ""), ("┃ ", "waiting"))
    lines: list[Line] = []
    if where:
        snippet = clean_line(comment.snippet.strip())
        lines.append(
            TextLine(Safe(f"{where}: {snippet}"), "dim", lead=lead, flow=Flow.CUT, back="comment-back", mark=mark)
        )
    said = (clean_line(text) for text in comment.text.split("\n"))
    return [*lines, *(TextLine(text, lead=lead, hang=lead, back="comment-back", mark=mark) for text in said)]


def _bits(bits: Sequence[Bit], right: Sequence[Bit], mark: Place, back: str = "") -> TextLine:
    spans = []
    size = 0
    for text, ink in bits:
        spans.append((size, size + len(text), ink))
        size += len(text)
    text = Safe("".join(text for text, _ in bits))
    return TextLine(text, "ink", spans, lead=((" ", ""),), right=right, flow=Flow.CUT, back=back, mark=mark)


def file_list_lines(document: Document, current: int) -> list[Line]:
    """Return the narrow list of files: reviewed marks, names, counts; the current one stands out."""
    lines: list[Line] = []
    for place, section in enumerate(document.sections):
        added, removed = section.counts()
        name = clean_line(section.path.rpartition("/")[2])
        mark = ("✓ ", "ready") if section.is_reviewed else ("· ", "dim")
        right: list[Bit] = [("bin", "dim")] if section.diff.is_binary else []
        if not right:
            right = [(f"+{count(added)}", "added"), (f" -{count(removed)}", "removed")]
        lines.append(
            TextLine(
                name,
                "chosen" if place == current else "ink",
                lead=((" ", ""), mark),
                right=(*right, (" ", "")),
                flow=Flow.CUT,
                back="cursor-idle" if place == current else "",
                mark=Place(section.path, "file"),
            )
        )
    return lines
