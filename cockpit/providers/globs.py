"""Globs as written in cockpit.toml: `**` crosses folders, `*` and `?` do not, `!` leaves out.

One meaning everywhere: what a check takes for its inputs and what may land without a person are written the same way.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from functools import lru_cache


def matching(paths: Iterable[str], globs: Sequence[str]) -> list[str]:
    """Return the paths that match one of the globs and none of those that begin with `!`, in their order."""
    wanted, unwanted = _compiled(_wanted(globs)), _compiled(_unwanted(globs))
    return [path for path in paths if wanted.fullmatch(path) and not unwanted.fullmatch(path)]


def surely_matches(path: str, globs: Sequence[str]) -> bool:
    """Return whether a path matches beyond doubt: what begins with `!` leaves out every spelling and reading of it.

    For decisions that must not be talked into: upper and lower case may be the same file, and `[id]` may be a set of
    characters as well as a folder of that name.
    """
    if not _compiled(_wanted(globs)).fullmatch(path):
        return False
    unwanted = _unwanted(globs)
    literal = tuple(re.sub(r"([\[{])", r"[\1]", glob) for glob in unwanted)
    return not matches_in_any_spelling(path, unwanted + literal)


def matches_in_any_spelling(path: str, globs: Sequence[str]) -> bool:
    """Return whether a path matches one of the globs where upper and lower case are the same file."""
    return _compiled(tuple(glob.casefold() for glob in globs)).fullmatch(path.casefold()) is not None


def _wanted(globs: Sequence[str]) -> tuple[str, ...]:
    return tuple(glob for glob in globs if not glob.startswith("!"))


def _unwanted(globs: Sequence[str]) -> tuple[str, ...]:
    return tuple(glob[1:] for glob in globs if glob.startswith("!"))


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
