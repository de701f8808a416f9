"""Which code a finding is about, and what became of that place."""

from __future__ import annotations

from collections.abc import Sequence
from difflib import SequenceMatcher

from cockpit.rules.types.mistakes import Remark

MOST_LINES = 12
"""Lines of a snippet."""
SNIPPET_LIMIT = 1200
"""Characters of a snippet."""
_COMPARED = 2000
"""Changed lines up to which places are followed line by line."""


def window(lines: Sequence[str], line: int) -> range:
    """Return which lines (from 0) a finding on `line` (from 1) is about: its block, or what of it stands around it.

    The block is what is indented like the line or deeper, with the line above it that opens it. Longer ones are cut to
    the lines next to the finding.
    """
    if not 1 <= line <= len(lines):
        return range(0)
    at = line - 1
    depth = _depth(lines[at])
    first = _open_of(lines, at, depth)
    last = at
    while last + 1 < len(lines) and (not lines[last + 1].strip() or _depth(lines[last + 1]) >= depth):
        last += 1
    first = max(first, at - MOST_LINES // 2)
    last = min(last, first + MOST_LINES - 1)
    while last > at and not lines[last].strip():
        last -= 1
    return range(first, last + 1)


def _open_of(lines: Sequence[str], at: int, depth: int) -> int:
    """Return the line that opens the block, or its first line where nothing opens it."""
    first = at
    for above in range(at - 1, max(-1, at - MOST_LINES), -1):
        if not lines[above].strip():
            continue
        if _depth(lines[above]) < depth:
            return above
        first = above
    return first


def _depth(text: str) -> int:
    return len(text) - len(text.lstrip())


def text_of(lines: Sequence[str], place: range) -> str:
    """Return a place's text, bounded, without the indentation that all of it shares."""
    chosen = [lines[number].rstrip() for number in place]
    shared = min((_depth(one) for one in chosen if one), default=0)
    return "\n".join(one[shared:] for one in chosen)[:SNIPPET_LIMIT]


def followed(old: Sequence[str], new: Sequence[str], place: range) -> range:
    """Return where a place of the old text is in the new one: between the unchanged lines around it.

    What was written right before or after the place belongs to it. Empty: nothing of it is left.
    """
    first, last = 0, len(new)
    for old_at, new_at, size in _unchanged(old, new):
        if old_at + size <= place.start:
            first = new_at + size
        elif old_at < place.start:
            first = new_at + place.start - old_at
        if old_at >= place.stop:
            last = new_at
            break
        if old_at + size > place.stop:
            last = new_at + place.stop - old_at
            break
    return range(first, max(first, min(last, first + 2 * MOST_LINES)))


def _unchanged(old: Sequence[str], new: Sequence[str]) -> list[tuple[int, int, int]]:
    """Return runs of equal lines: where in the old text, where in the new one, how many."""
    shorter = min(len(old), len(new))
    head = next((n for n in range(shorter) if old[n] != new[n]), shorter)
    tail = next((n for n in range(shorter - head) if old[-1 - n] != new[-1 - n]), shorter - head)
    middle_old, middle_new = old[head : len(old) - tail], new[head : len(new) - tail]
    runs = [(0, 0, head)]
    if max(len(middle_old), len(middle_new)) <= _COMPARED:
        blocks = SequenceMatcher(None, middle_old, middle_new, autojunk=False).get_matching_blocks()
        runs += [(head + one.a, head + one.b, one.size) for one in blocks]
    runs.append((len(old) - tail, len(new) - tail, tail))
    return [run for run in runs if run[2]]


def remembered_text(remark: Remark) -> str:
    """Return the words by which a remark is found again."""
    return "\n".join(part for part in (remark.text, remark.subject, remark.snippet) if part)
