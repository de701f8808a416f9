"""Comments that tell rules to look away. One way of writing them for all engines: ast-grep's own."""

from __future__ import annotations

import re
from collections.abc import Iterable

from cockpit.rules.types import Hit, Suppression

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
            place = number if comment["before"].strip() else number + 1
            found.append(Suppression(path=path, line=number, speaks_of=place, rules=ids, is_used=False))
    return found


def suppress(hits: Iterable[Hit], suppressions: Iterable[Suppression]) -> tuple[list[Hit], set[tuple[str, int]]]:
    """Return the hits that stand, and path and line of the comments that held back others.

    A comment on the first line also speaks of its file as a whole.

    Args:
        hits: hits of our own engines; ast-grep looks after its own.
        suppressions: all comments.
    """
    speaking: dict[tuple[str, int], list[Suppression]] = {}
    for one in suppressions:
        for place in {one.speaks_of, 1} if one.line == 1 else {one.speaks_of}:
            speaking.setdefault((one.path, place), []).append(one)
    standing: list[Hit] = []
    used: set[tuple[str, int]] = set()
    for hit in hits:
        silencing = [
            one for one in speaking.get((hit.path, hit.line or 0), ()) if not one.rules or hit.rule in one.rules
        ]
        used |= {(one.path, one.line) for one in silencing}
        if not silencing:
            standing.append(hit)
    return standing, used
