"""The apply_patch format: parsing it, and applying its hunks to the text of a file.

*** Begin Patch
*** Update File: path        (optionally followed by `*** Move to: new path`)
@@ def some_function():      (optional: a line to look for first)
 context
-old line
+new line
*** Add File: path
+every line of it
*** Delete File: path
*** End Patch
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from agents.native.tools.base import ToolFailure

BEGIN, END = "*** Begin Patch", "*** End Patch"
_ADD, _DELETE, _UPDATE = "*** Add File: ", "*** Delete File: ", "*** Update File: "
_MOVE, _END_OF_FILE = "*** Move to: ", "*** End of File"
_SHOWN_LINES = 12


@dataclass(slots=True)
class Hunk:
    """Lines to find and what to put in their place."""

    anchors: list[str] = field(default_factory=list)
    old: list[str] = field(default_factory=list)
    new: list[str] = field(default_factory=list)
    is_at_end: bool = False


@dataclass(slots=True)
class AddFile:
    """A file that is created."""

    path: str
    lines: list[str] = field(default_factory=list)


@dataclass(slots=True)
class DeleteFile:
    """A file that is removed."""

    path: str


@dataclass(slots=True)
class UpdateFile:
    """A file that is changed, and perhaps moved."""

    path: str
    move_to: str | None = None
    hunks: list[Hunk] = field(default_factory=list)


FileChange = AddFile | DeleteFile | UpdateFile


def parse(text: str) -> list[FileChange]:
    """Return the changes of a patch. Raises `ToolFailure` naming the line that is wrong and how to write it."""
    lines = [line.removesuffix("\r") for line in text.strip().split("\n")]
    if not lines or lines[0].strip() != BEGIN:
        raise ToolFailure(f"a patch begins with the line `{BEGIN}`")
    if lines[-1].strip() != END:
        raise ToolFailure(f"a patch ends with the line `{END}`; it may have been cut off: send smaller patches")
    changes: list[FileChange] = []
    for number, line in enumerate(lines[1:-1], start=2):
        header = _header(line)
        if header is not None:
            changes.append(header)
        elif not changes:
            raise ToolFailure(f"line {number}: expected `{_UPDATE}path`, `{_ADD}path` or `{_DELETE}path`, not {line!r}")
        else:
            _body_line(changes[-1], line, number)
    for change in changes:
        if isinstance(change, UpdateFile) and not change.hunks and change.move_to is None:
            raise ToolFailure(f"{change.path}: the update has no hunk; begin one with `@@`")
    if not changes:
        raise ToolFailure("the patch changes nothing")
    return changes


def _header(line: str) -> FileChange | None:
    if line.startswith(_ADD):
        return AddFile(line[len(_ADD) :].strip())
    if line.startswith(_DELETE):
        return DeleteFile(line[len(_DELETE) :].strip())
    if line.startswith(_UPDATE):
        return UpdateFile(line[len(_UPDATE) :].strip())
    return None


def _body_line(change: FileChange, line: str, number: int) -> None:
    match change:
        case AddFile():
            if not line.startswith("+"):
                raise ToolFailure(f"line {number}: every line of an added file begins with `+`, not {line!r}")
            change.lines.append(line[1:])
        case DeleteFile():
            raise ToolFailure(f"line {number}: nothing follows `{_DELETE}`, not {line!r}")
        case UpdateFile():
            _update_line(change, line, number)


def _update_line(change: UpdateFile, line: str, number: int) -> None:
    if line.startswith(_MOVE) and not change.hunks:
        change.move_to = line[len(_MOVE) :].strip()
        return
    if line.startswith("@@"):
        anchor = line[2:].strip().removesuffix("@@").strip()
        is_numbers = anchor.startswith("-") and "+" in anchor  # `@@ -1,2 +1,3 @@` of a unified diff says nothing here
        if not change.hunks or change.hunks[-1].old or change.hunks[-1].new:
            change.hunks.append(Hunk())
        if anchor and not is_numbers:
            change.hunks[-1].anchors.append(anchor)
        return
    if not change.hunks:
        change.hunks.append(Hunk())
    hunk = change.hunks[-1]
    mark, rest = line[:1], line[1:]
    if line == _END_OF_FILE:
        hunk.is_at_end = True
    elif mark == "+":
        hunk.new.append(rest)
    elif mark == "-":
        hunk.old.append(rest)
    elif mark in (" ", ""):
        hunk.old.append(rest)
        hunk.new.append(rest)
    else:
        raise ToolFailure(
            f"line {number}: a line of a hunk begins with a space (context), `-` (old) or `+` (new), not {line!r}"
        )


_LOOKS: tuple[Callable[[str], str], ...] = (str, str.rstrip, str.strip)
"""Lines are compared exactly first, then without trailing white space, then without any around them."""


def _find(lines: list[str], wanted: list[str], start: int, *, is_at_end: bool = False) -> int | None:
    for look in _LOOKS:
        target = [look(line) for line in wanted]
        seen = [look(line) for line in lines]
        places = range(start, len(lines) - len(wanted) + 1)
        for place in reversed(places) if is_at_end else places:
            if seen[place : place + len(wanted)] == target:
                return place
    return None


def apply(change: UpdateFile, text: str) -> str:
    """Return the text of a file after the change's hunks. Raises `ToolFailure` showing what was not found."""
    # Not splitlines: a form feed inside a line would end it.
    is_dos = "\r\n" in text and "\n" not in text.replace("\r\n", "")
    ending = "\r\n" if is_dos else "\n"
    lines = text.split(ending)
    if lines[-1] == "":
        lines.pop()
    position = 0
    for number, hunk in enumerate(change.hunks, start=1):
        for anchor in hunk.anchors:
            found = _find(lines, [anchor], position)
            if found is None:
                raise ToolFailure(f"{change.path}, hunk {number}: no line {anchor!r} after line {position}")
            position = found + 1
        if not hunk.old:
            place = position if hunk.anchors else len(lines)
        else:
            place = _place(change.path, number, hunk, lines, position)
        lines[place : place + len(hunk.old)] = hunk.new
        position = place + len(hunk.new)
    return ending.join(lines) + ending if lines else ""


def _place(path: str, number: int, hunk: Hunk, lines: list[str], position: int) -> int:
    place = _find(lines, hunk.old, position, is_at_end=hunk.is_at_end)
    if place is None and hunk.anchors:
        # The anchor line may itself be the first line of context.
        place = _find(lines, hunk.old, max(0, position - 1))
    if place is not None:
        return place
    shown = "\n".join(hunk.old[:_SHOWN_LINES])
    first = _find(lines, hunk.old[:1], 0)
    where = f"its first line is at line {first + 1}, but the lines after differ" if first is not None else ""
    raise ToolFailure(
        f"{path}, hunk {number}: these lines were not found{' after the hunk before' if position else ''}"
        f"{' (' + where + ')' if where else ''}:\n{shown}\n"
        "Nothing was changed. Read the file again and copy the old lines exactly, in the order of the file."
    )
