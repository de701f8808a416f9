"""The curve that matters: repeated mistakes per merged change, over time.

A *step* is a merged change with what happened since the one before it. A mistake counts as **repeated** each time that
it is made again, in another session or in one where it had been fixed: the second occurrence and all after it, be they
findings of one fingerprint or remarks that a person says are about the same. What a rule stopped is no repeated
mistake: it counts as **caught**, from the first time on, because the rule is there for a mistake made before.

The curve's value at a merged change is the sum of repeated mistakes of the last `WINDOW` steps, divided by their
number. Time runs in merged changes, not in days: a fleet that merges seventy changes a day and one that rests at
weekends read the same curve, and no point of it is made of too few changes but those at its beginning.
"""

from __future__ import annotations

from collections.abc import Container, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

WINDOW = 20
"""Merged changes that one point of the curve looks back on."""
STEPS_KEPT = 400
_NAMED = 5
"""Rules accepted in one step that are kept by name."""
OF_RULES = "rules:"
"""What fingerprints of rules' findings begin with."""
_LEVELS = " ▁▂▃▄▅▆▇█"
_WIDEST = 4


@dataclass(slots=True)
class Step:
    """A merged change, and what happened since the one before."""

    at: float = 0.0
    """When it was merged; 0: not yet."""
    repeated: int = 0
    caught: int = 0
    rules: list[str] = field(default_factory=list)
    """Those that began to stop changes."""


@dataclass(frozen=True, slots=True)
class Point:
    """The curve at one merged change."""

    at: float
    value: float
    """Repeated mistakes per merged change."""
    caught: float
    """Mistakes that rules stopped, per merged change."""
    rules: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Drawing:
    """The curve in cells: rows from the top, then the axis with a tick where rules were accepted."""

    rows: tuple[str, ...]
    axis: str
    top: float
    """What the upper end stands for."""


def open_step(steps: list[Step]) -> Step:
    """Return the step that is not merged yet, begun where there is none."""
    if not steps or steps[-1].at:
        steps.append(Step())
        del steps[:-STEPS_KEPT]
    return steps[-1]


def made(steps: list[Step], fingerprint: str, count: int, rules: Container[str]) -> None:
    """Count a mistake that was made for the `count`-th time; `rules` holds the ids of those with books."""
    if fingerprint.startswith(OF_RULES):
        if fingerprint.removeprefix(OF_RULES) in rules:
            open_step(steps).caught += 1
    elif count > 1:
        open_step(steps).repeated += 1


def merged(steps: list[Step], at: float) -> None:
    """A change was merged."""
    open_step(steps).at = at


def began(steps: list[Step], rule: str) -> None:
    """A rule began to stop changes."""
    step = open_step(steps)
    if rule not in step.rules:
        step.rules = [*step.rules, rule][-_NAMED:]


def ended(steps: list[Step], rule: str) -> None:
    """That a rule was accepted is taken back: it was never there."""
    last = next((step for step in reversed(steps) if rule in step.rules), None)
    if last is not None:
        last.rules = [one for one in last.rules if one != rule]


def points(steps: Sequence[Step]) -> list[Point]:
    """Return the curve, a point for each merged change."""
    done = [step for step in steps if step.at]
    found = []
    for place, step in enumerate(done):
        seen = done[max(0, place - WINDOW + 1) : place + 1]
        value = sum(one.repeated for one in seen) / len(seen)
        caught = sum(one.caught for one in seen) / len(seen)
        found.append(Point(step.at, value, caught, tuple(step.rules)))
    return found


def drawn(curve: Sequence[Point], columns: int, rows: int) -> Drawing:
    """Draw a curve: the latest point of each column, the ticks of all of them; few points are drawn a little wider."""
    if not curve or columns < 1 or rows < 1:
        return Drawing(("",) * rows, "", 0.0)
    count = len(curve)
    width = min(columns, count * _WIDEST)
    begins = [column * count // width for column in range(width)]
    shown = [curve[max(begin, end - 1)].value for begin, end in pairwise([*begins, count])]
    top = max(*shown, 0.1)
    heights = [round(value / top * rows * 8) for value in shown]
    drawn_rows = tuple(
        "".join(_LEVELS[max(0, min(8, height - (rows - 1 - row) * 8))] for height in heights) for row in range(rows)
    )
    ticks = {place * width // count for place, one in enumerate(curve) if one.rules}
    axis = "".join("▲" if column in ticks else "─" for column in range(width))
    return Drawing(drawn_rows, axis, top)
