"""The examples of a forge: bad code and its fix, read from where a person pointed."""

from __future__ import annotations

from collections.abc import Sequence

from cockpit.providers.git import GitError, Repository
from cockpit.rules.service.offence import counterpart, statement_at
from cockpit.rules.types.forge import Pair
from cockpit.rules.types.forging import Offence
from cockpit.state.diff import parse_diff
from cockpit.state.model import SessionState
from cockpit.types import TreeId

FILE_LIMIT_BYTES = 1 << 20


async def pair_of(offence: Offence, session: SessionState | None, repository: Repository) -> Pair | None:
    """Return the example that an offence is; None: it is no code."""
    bad, good = "", offence.fix
    change = session.change if session is not None else None
    if offence.path and offence.line and change is not None:
        if offence.side == "old":
            bad, good = await _replaced(offence, change.base, change.tree, repository)
        else:
            lines = await _lines(repository, change.tree, offence.path)
            number = _moved_to(lines, offence.line, offence.snippet)
            bad = statement_at(lines, number) if number else ""
            good = good or ("" if number else _fixed(lines, offence))
    bad = bad or offence.snippet.strip("\n")
    return Pair(bad=bad, good=good if good != bad else "", path=offence.path) if bad.strip() else None


def _moved_to(lines: Sequence[str], line: int, snippet: str) -> int | None:
    """Return where a line stands now; None: it is gone, which may have been its fix."""
    wanted = snippet.split("\n")[0].strip()
    if not wanted:
        return line
    places = [place for place, text in enumerate(lines, 1) if text.strip() == wanted]
    return min(places, key=lambda place: abs(place - line), default=None)


def _fixed(lines: Sequence[str], offence: Offence) -> str:
    """Return what stands where the offence stood, if it resembles it."""
    now = statement_at(lines, offence.line or 0)
    words = set(offence.snippet.split()) & set(now.split())
    head = offence.snippet.strip().partition("(")[0]
    return now if now and (words or (head and head in now)) else ""


async def _replaced(offence: Offence, base: TreeId, tree: TreeId, repository: Repository) -> tuple[str, str]:
    """Return what a removed line was, and what took its place."""
    bad = statement_at(await _lines(repository, base, offence.path), offence.line or 0)
    try:
        text = await repository.diff(base, tree, [offence.path], 0)
    except GitError:
        return bad, offence.fix
    for file in parse_diff(text):
        for hunk in file.hunks:
            removed = [line.text for line in hunk.lines if line.sign == "-"]
            here = next((one.text for one in hunk.lines if one.sign == "-" and one.old_no == offence.line), None)
            if here is not None:
                added = [line.text for line in hunk.lines if line.sign == "+"]
                return bad, offence.fix or counterpart(removed, added, here)
    return bad, offence.fix


async def _lines(repository: Repository, tree: TreeId, path: str) -> list[str]:
    try:
        content = await repository.read_file(tree, path, FILE_LIMIT_BYTES)
    except GitError:
        return []
    return content.data.decode("utf-8", "replace").split("\n")
