"""How often "you said this before?" has the right one among the three that it shows, and how long it takes.

Each remark of remarks.yml is asked about with all others as the earlier ones: right is any other of its kind. They were
written for this, so the figures say how the method fares on remarks of this sort, not how it fares on yours.
"""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import yaml

from cockpit.rules.runtime.workshop import Workshop
from cockpit.rules.service.similar import Remembered, is_likely, most_similar
from tests.bench.figures import below, figure, heading, percentile

REMARKS = Path(__file__).with_name("remarks.yml")
BESIDES = ("naming", "magic", "pathlib", "print")
"""Kinds whose fixes stand for what an agent changes besides: about the most like each other that there is."""
_MANY = 300
_ROUNDS = 10
_LINES: dict[str, str] = {}
"""The line of code that each remark is about."""


class Said(NamedTuple):
    """One remark of the set, and its kind."""

    kind: str
    remembered: Remembered


def main(quick: bool = False) -> None:
    """Measure."""
    said = asyncio.run(_learnt())
    heading(f"{len(said)} remarks of {len({one.kind for one in said})} kinds, each against all others")
    ways: dict[str, Callable[[Remembered], Remembered]] = {
        "by words": lambda one: Remembered(one.id, one.text),
        "by fix": lambda one: Remembered(one.id, "", one.fix),
        "by both": lambda one: one,
    }
    for name, way in ways.items():
        ranks = [_rank(said, place, way) for place in range(len(said))]
        first, three = (sum(rank <= most for rank in ranks) / len(ranks) for most in (1, 3))
        aim = {"by words": 0.73, "by fix": 0.83}.get(name)
        figure(f"{name}: right one first", f"{first:.0%}")
        met = None if aim is None else three >= aim
        figure(
            f"{name}: right one in the first three", f"{three:.0%}", "" if aim is None else f">= {aim:.0%}", is_met=met
        )
    for name, way in (("by words", ways["by words"]), ("words and line", _with_line)):
        for pool in (10, 40):
            _offers(said, way, pool, name)
    for pool in (10, 40):
        _offers(said, ways["by both"], pool, "words and fix", least_right=0.8)
    noise = random.Random(0)
    others = [one for one in said if one.kind in BESIDES]
    asked = [one for one in said if one.kind not in BESIDES]

    def with_other_change(one: Remembered) -> Remembered:
        return Remembered(one.id, one.text, one.fix | noise.choice(others).remembered.fix)

    for pool in (10, 30):
        _offers(asked, with_other_change, pool, "fix and another change")
    many = [one.remembered for one in said * (_MANY // len(said) + 1)][:_MANY]
    took = []
    for one in said[: 5 if quick else 20]:
        began = time.perf_counter()
        most_similar(one.remembered, many)
        took.append((time.perf_counter() - began) * 1000)
    below(f"one question among {_MANY} remarks", percentile(took, 0.5), 100, "ms")


def _with_line(one: Remembered) -> Remembered:
    """Return a remark as a line comment is: its words, and the line that it was written about."""
    return Remembered(one.id, f"{one.text}\n{_LINES[one.id]}")


def _offers(
    said: list[Said], way: Callable[[Remembered], Remembered], pool: int, name: str, least_right: float | None = None
) -> None:
    """Tell what is offered unasked, where every second remark has one of its kind among `pool` earlier ones."""
    drawn = random.Random(pool)
    offered = right = repeated = 0
    for one in said * _ROUNDS:
        same = [other for other in said if other.kind == one.kind and other is not one]
        others = drawn.sample([other for other in said if other.kind != one.kind], pool)
        if is_repeated := drawn.random() < 0.5:
            others[0] = drawn.choice(same)
        repeated += is_repeated
        found = most_similar(way(one.remembered), [way(other.remembered) for other in others])
        if found and is_likely(found[0]):
            offered += 1
            right += any(each.id.partition("/")[0] == one.kind for each in found)
    total = len(said) * _ROUNDS
    told = f"{offered / total:.0%} offered, {right / max(1, offered):.0%} of them right"
    is_met = None if least_right is None else right >= least_right * offered
    aim = "" if least_right is None else f">= {least_right:.0%} right"
    found_again = f"{right / repeated:.0%} of the repeated ones found"
    figure(f"{name}, {pool} earlier remarks", f"{told}, {found_again}", aim, is_met=is_met)


async def _learnt() -> list[Said]:
    kinds: dict[str, list[list[str]]] = yaml.safe_load(REMARKS.read_text())
    rows = [(kind, number, row) for kind, three in kinds.items() for number, row in enumerate(three)]
    _LINES.update({f"{kind}/{number}": row[2].split("\n")[-1] for kind, number, row in rows})
    fixes = [[(path, bad, good)] for _, _, (path, _, bad, good) in rows]
    async with Workshop() as workshop:
        await workshop.warm_up()
        began = time.perf_counter()
        features = await workshop.call("fixes", {"fixes": fixes})
        below(f"features of {len(rows)} fixes", (time.perf_counter() - began) * 1000, 500, "ms")
    return [
        Said(kind, Remembered(f"{kind}/{number}", row[1], frozenset(known)))
        for (kind, number, row), known in zip(rows, features, strict=True)
    ]


def _rank(said: list[Said], place: int, way: Callable[[Remembered], Remembered]) -> int:
    """Return at which place the first of the same kind comes; far behind when it does not come at all."""
    others = [one for number, one in enumerate(said) if number != place]
    kind_of = {one.remembered.id: one.kind for one in others}
    found = most_similar(way(said[place].remembered), [way(one.remembered) for one in others], len(others))
    kinds = [kind_of[one.id] for one in found]
    return kinds.index(said[place].kind) + 1 if said[place].kind in kinds else len(said)


if __name__ == "__main__":
    main()
