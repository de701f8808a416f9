"""What a card says of a mistake: how often, where and when, each with the code and the fix that followed."""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from difflib import unified_diff

from cockpit.providers.text import Safe, clean, clean_line
from cockpit.rules.types.mistakes import Evidence, Mistake
from cockpit.types import SessionId
from widgets.cells import age, cut, wrap
from widgets.palette import Palette
from widgets.rows import Parts

SNIPPET_LINES = 10
_INKS = {"+": "added", "-": "removed"}
_BACK = "Let be, it comes back when it is made again. A session's number goes there."


@dataclass(frozen=True, slots=True)
class MistakeSight:
    """All that is known of a mistake so far."""

    mistake: Mistake
    numbers: Mapping[SessionId, int]
    names: Mapping[SessionId, str]
    evidence: tuple[Evidence, ...] = ()
    is_read: bool = False
    problem: str = ""
    """Why the evidence cannot be shown, for people."""
    stamp: Hashable = field(default=())
    """Changes with all else."""


def mistake_lines(sight: MistakeSight | None, room: int, look: Palette, now: float) -> Iterator[Parts]:
    """Return what is known of a mistake, the latest time first, none wider than `room`."""
    if sight is None:
        return
    mistake = sight.mistake
    standing = [str(sight.numbers[one]) for one in mistake.standing if one in sight.numbers]
    made = f"made {mistake.count} times in {len(mistake.sessions)} session{'' if len(mistake.sessions) == 1 else 's'}"
    yield [(cut(Safe(made), room), look["ink"])]
    if standing:
        yield [(cut(Safe(f"not fixed yet in session {', '.join(standing)}"), room), look["failed"])]
    if sight.problem:
        for line in wrap(clean(sight.problem), room):
            yield [(line, look["failed"])]
    elif not sight.is_read:
        yield [(cut(Safe("reading what was found…"), room), look["dim"])]
    for one in reversed(sight.evidence):
        yield from _occurrence(one, sight, room, look, now)
    for line in wrap(Safe(_BACK), room):
        yield [(line, look["dim"])]


def _occurrence(one: Evidence, sight: MistakeSight, room: int, look: Palette, now: float) -> Iterator[Parts]:
    number = f"{sight.numbers.get(one.session, '?')!s:>3} "
    place = clean_line(f"{one.path}:{one.line}" if one.line else one.path)
    when = f"  {age(now - one.at)} ago"
    name = clean_line(sight.names.get(one.session, one.session))
    where = cut(Safe(f"{name}  {place}" if place else name), max(4, room - len(number) - len(when)))
    yield [(number, look["title"]), (where, look["ink"]), (when, look["dim"])]
    if one.remark:
        for line in wrap(clean(f"“{one.message}”"), room - 4):
            yield [("    ", look["dim"]), (line, look["question"])]
        yield from _diff(one.after or one.before, room, look)
        return
    bad, good = one.bad.splitlines(), one.good.splitlines()
    lines = list(unified_diff(bad, good, lineterm="", n=2))[2:] if good else [f"-{line}" for line in bad]
    yield from _signed([line for line in lines if line[:1] in " +-"], room, look)


def _diff(text: str, room: int, look: Palette) -> Iterator[Parts]:
    """Show the changed lines of a diff."""
    headers = ("+++", "---")
    yield from _signed([one for one in text.split("\n") if one[:1] in "+-" and not one.startswith(headers)], room, look)


def _signed(lines: Sequence[str], room: int, look: Palette) -> Iterator[Parts]:
    """Show lines that begin with a sign, as those of a diff do."""
    lines = [one for one in lines if one[1:].strip()]
    for one in lines[:SNIPPET_LINES]:
        ink = look[_INKS.get(one[0], "dim")]
        yield [(f"   {one[0]} ", ink), (cut(clean_line(one[1:].expandtabs(4)), room - 5), ink)]
    if (more := len(lines) - SNIPPET_LINES) > 0:
        yield [(f"     … {more} more line{'' if more == 1 else 's'}", look["dim"])]
