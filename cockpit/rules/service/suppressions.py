"""Comments that tell rules to look away. One way of writing them for all engines: ast-grep's own."""

from __future__ import annotations

import re
from collections.abc import Iterable

from cockpit.rules.types import Hit, Suppression

MARKER = b"ast-grep-ignore"
_COMMENT = re.compile(r"(?P<before>.*?)(?:#|//|/\*|<!--|--|;|%)\s*ast-grep-ignore(?::\s*(?P<ids>[\w\-, ]+))?")
_ID = re.compile(r"[\w-]+")


def suppressions_in(path: str, text: str) -> list[Suppression]:
    """Return the comments of a file that tell rules to look away, each with the line it speaks of.

    Behind code it speaks of its own line, on a line of its own of the next one.
    """
    found = []
    for number, line in enumerate(text.split("\n"), 1):
        if "ast-grep-ignore" not in line:
            continue
        if comment := _COMMENT.match(line[:2000]):
            ids = tuple(_ID.findall(comment["ids"] or ""))
            found.append(Suppression(path=path, line=number, rules=ids, is_used=False))
    return found


def suppress(
    hits: Iterable[Hit], suppressions: Iterable[Suppression], texts: dict[str, str]
) -> tuple[list[Hit], set[tuple[str, int]]]:
    """Return the hits that stand, and path and line of the comments that held back others.

    Args:
        hits: hits of our own engines; ast-grep looks after its own.
        suppressions: all comments.
        texts: the files that hold the comments.
    """
    speaks_of: dict[tuple[str, int], list[Suppression]] = {}
    for one in suppressions:
        line = texts[one.path].split("\n")[one.line - 1]
        comment = _COMMENT.match(line[:2000])
        is_alone = comment is not None and not comment["before"].strip()
        # One at the very top also speaks of the file as a whole, whose place is its first line.
        for place in {one.line + 1 if is_alone else one.line, 1 if one.line == 1 else one.line + is_alone}:
            speaks_of.setdefault((one.path, place), []).append(one)
    standing: list[Hit] = []
    used: set[tuple[str, int]] = set()
    for hit in hits:
        silencing = [
            one for one in speaks_of.get((hit.path, hit.line or 0), ()) if not one.rules or hit.rule in one.rules
        ]
        used |= {(one.path, one.line) for one in silencing}
        if not silencing:
            standing.append(hit)
    return standing, used
