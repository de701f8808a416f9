"""Which candidates to show: plausible ones that differ in what they hit, neither silent nor shouting."""

from __future__ import annotations

import math
from collections.abc import Hashable, Sequence, Set
from dataclasses import dataclass

from cockpit.rules.service.synthesis.workpiece import Proposal

SHOWN = 4
"""Most candidates that a person is asked to choose from."""

LOOKED_AT = 24
"""How many proposals are worth being tried on a tree."""

USUAL_HITS_PER_1000_LINES = 0.3
"""What is common in accepted code is hardly a mistake; beyond this a rule gets less plausible."""

_ALIKE = 0.4
"""How much less a proposal is worth beside one that hits the same: the choice is to be between narrow and wide."""

_AKIN = 0.8
"""The same where no tree tells what they hit, and only what they were made of is known."""

_TWINS = 5.0

_IDLE = 2.0
"""What hits nothing is no choice beside its like that hits something."""

_WIDER_TWIN = ", more behind"

_SILENT = 0.1
"""What hits nothing at all in a tree most likely names what happened to stand in the examples."""

_SAME = 0.9
"""Sets of hits with this share in common are the same rule said otherwise."""


@dataclass(frozen=True, slots=True)
class Seen:
    """What a proposal hit in a tree."""

    places: Set[Hashable]
    is_cut: bool = False
    """It hit more than was counted."""


def shortlist(proposals: Sequence[Proposal]) -> list[Proposal]:
    """Return the proposals worth being tried on a tree: the best, but no more than a few of each family."""
    kept: list[Proposal] = []
    families: dict[str, int] = {}
    for one in proposals:
        families[one.family] = families.get(one.family, 0) + 1
        if families[one.family] <= LOOKED_AT // 3:
            kept.append(one)
    return kept[:LOOKED_AT]


def chosen(proposals: Sequence[Proposal], seen: Sequence[Seen] | None = None, lines: int = 0) -> list[Proposal]:
    """Return the proposals to show, best first.

    Args:
        proposals: those that stood the examples.
        seen: what each of them hit in the tree; None: not known yet.
        lines: how many lines of that language the tree has.
    """
    if seen is None or not lines:
        return _of_different_families(proposals)
    scored = sorted(zip(proposals, seen, strict=True), key=lambda item: -_value(item, lines))
    kept = scored[:1]
    rest = scored[1:]
    while rest and len(kept) < SHOWN:
        best = max(rest, key=lambda item: _value(item, lines) - _ALIKE * max(_likeness(item, other) for other in kept))
        kept.append(best)
        rest.remove(best)
    return [one for one, _ in kept]


def _of_different_families(proposals: Sequence[Proposal]) -> list[Proposal]:
    """Take those that are as plausible as they are unlike those taken before, by what they were made of."""
    kept, rest = list(proposals[:1]), list(proposals[1:])
    while rest and len(kept) < SHOWN:
        best = max(rest, key=lambda one: one.score - _AKIN * max(_kinship(one, other) for other in kept))
        kept.append(best)
        rest.remove(best)
    return kept


def _kinship(one: Proposal, other: Proposal) -> float:
    if one.family.removesuffix(_WIDER_TWIN) == other.family.removesuffix(_WIDER_TWIN):
        return 1.0
    return 0.5 if one.family.partition(",")[0] == other.family.partition(",")[0] else 0.0


def _penalty(seen: Seen, lines: int) -> float:
    if not seen.places:
        return _SILENT
    density = 1000 * len(seen.places) / lines
    if seen.is_cut:
        density *= 2
    return 1.2 * max(0.0, math.log10(max(density, 1e-9) / USUAL_HITS_PER_1000_LINES))


def _value(item: tuple[Proposal, Seen], lines: int) -> float:
    return item[0].score - _penalty(item[1], lines)


def _likeness(item: tuple[Proposal, Seen], other: tuple[Proposal, Seen]) -> float:
    """Return what share of places two proposals have in common, and more than any share where they are the same."""
    (one, places), (of, others) = item, other
    if not places.places and not others.places:
        return max(0.5, _kinship(one, of))
    if not places.places or not others.places:
        return _IDLE * _kinship(one, of)
    share = len(places.places & others.places) / len(places.places | others.places)
    return _TWINS if share >= _SAME else share
