"""How often "you said this before?" has the right one among the three that it shows, and how long it takes.

Each remark of remarks.yml is asked about with all others as the earlier ones: right is any other of its kind. They were
written for this, so the figures say how the method fares on remarks of this sort, not how it fares on yours.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import yaml

from cockpit.rules.runtime.workshop import Workshop
from cockpit.rules.service.similar import Remembered, most_similar
from tests.bench.figures import below, figure, heading, percentile

REMARKS = Path(__file__).with_name("remarks.yml")
_MANY = 300


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
    many = [one.remembered for one in said * (_MANY // len(said) + 1)][:_MANY]
    took = []
    for one in said[: 5 if quick else 20]:
        began = time.perf_counter()
        most_similar(one.remembered, many)
        took.append((time.perf_counter() - began) * 1000)
    below(f"one question among {_MANY} remarks", percentile(took, 0.5), 100, "ms")


async def _learnt() -> list[Said]:
    kinds: dict[str, list[list[str]]] = yaml.safe_load(REMARKS.read_text())
    rows = [(kind, number, row) for kind, three in kinds.items() for number, row in enumerate(three)]
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
