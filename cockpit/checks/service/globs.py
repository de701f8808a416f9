"""Globs as written in cockpit.toml: `**` crosses folders, `*` does not, `!` leaves out."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from functools import lru_cache


def matching(paths: Iterable[str], globs: Sequence[str]) -> list[str]:
    """Return the paths that match one of the globs and none of those that begin with `!`, in their order."""
    wanted = _compiled(tuple(glob for glob in globs if not glob.startswith("!")))
    unwanted = _compiled(tuple(glob[1:] for glob in globs if glob.startswith("!")))
    return [path for path in paths if wanted.fullmatch(path) and not unwanted.fullmatch(path)]


@lru_cache(maxsize=512)
def _compiled(globs: tuple[str, ...]) -> re.Pattern[str]:
    return re.compile("|".join(f"(?:{_translate(glob)})" for glob in globs) if globs else r"(?!)", re.DOTALL)


def _translate(glob: str) -> str:
    """Return the regular expression of one glob. A glob that names a folder (`src/`) means everything in it."""
    glob = glob.removeprefix("./").lstrip("/")
    if glob.endswith("/"):
        glob += "**"
    pattern = ""
    position = 0
    while position < len(glob):
        for length, token in ((3, "**/"), (2, "**"), (1, "*"), (1, "?")):
            if glob.startswith(token, position):
                pattern += {"**/": "(?:.*/)?", "**": ".*", "*": "[^/]*", "?": "[^/]"}[token]
                position += length
                break
        else:
            length, piece = _character(glob, position)
            pattern += piece
            position += length
    return pattern


def _character(glob: str, position: int) -> tuple[int, str]:
    """Return how much of the glob is taken and what it means: a set, an alternative, or the character itself."""
    if glob[position] == "[" and (end := glob.find("]", position + 2)) > 0:
        inside = glob[position + 1 : end]
        negated = inside[0] in "!^"
        body = re.sub(r"([\\\[&~|^])", r"\\\1", inside[1:] if negated else inside)
        return end + 1 - position, f"(?!/)[{'^' if negated else ''}{body}]"
    if glob[position] == "{" and (end := glob.find("}", position)) > 0:
        choices = glob[position + 1 : end].split(",")
        return end + 1 - position, "(?:" + "|".join(_translate(choice) for choice in choices) + ")"
    return 1, re.escape(glob[position])
