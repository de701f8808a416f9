"""The evaluation: how often a good candidate is among the first three, case by case and in sum."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass
from pathlib import Path

import yaml

from cockpit.rules.service.synthesis import Proposal, proposals
from cockpit.rules.service.synthesis.ranking import Seen, chosen, shortlist
from cockpit.rules.types.forge import Pair
from tests.bench.rules.corpora import PYTHON, Ground, corpus, lines_in
from tests.bench.rules.oracle import Score, objections, score
from tests.bench.rules.scan import Place, hits_of

CASES = Path(__file__).parent / "cases"
FIRST = 3


@dataclass(frozen=True, slots=True)
class Case:
    """An offence by examples, and the linter's rule that knows where else it is."""

    oracle: str
    pairs: tuple[Pair, ...]


@dataclass(frozen=True, slots=True)
class Result:
    """What came of one case."""

    case: Case
    candidates: tuple[Proposal, ...]
    scores: tuple[Score, ...]
    lenient: tuple[Score, ...]
    """The same where hits within what the oracle objects to count as well."""
    seconds: float
    """How long synthesis took, in CPU time."""

    def is_good(self, precision: float = 0.9, recall: float = 0.5, first: int = FIRST) -> bool:
        """Return whether one of the first candidates is good."""
        return any(one.is_good(precision, recall) for one in self.scores[:first])

    def is_good_leniently(self) -> bool:
        """Return whether one of the first candidates is good, counting hits within the objection."""
        return any(one.is_good() for one in self.lenient[:FIRST])


def cases(name: str) -> list[Case]:
    """Read a file of cases."""
    found = yaml.safe_load((CASES / f"{name}.yml").read_text(encoding="utf-8"))
    return [Case(one["oracle"], tuple(Pair(**pair) for pair in one["pairs"])) for one in found]


def evaluated(name: str, ground: Ground = PYTHON) -> list[Result]:
    """Carry out the cases of one file: synthesis, ranking on one code base, scoring on two others."""
    todo = cases(name)
    made, times = [], []
    for case in todo:
        started = time.process_time()
        made.append(shortlist(proposals(case.pairs, ground.language)))
        times.append(time.process_time() - started)
    shown = _ranked(made, ground)
    wanted = _objections([case.oracle for case in todo], ground)
    hits = _hits([one for group in shown for one in group], ground)
    results = []
    for case, group, seconds in zip(todo, shown, times, strict=True):
        places = [hits[id(one)] for one in group]
        aim = wanted.get(case.oracle, frozenset())
        strict = tuple(score(found, aim) for found in places)
        lenient = tuple(score(found, aim, is_inner_fine=True) for found in places)
        results.append(Result(case, tuple(group), strict, lenient, seconds))
    return results


def _ranked(made: Sequence[Sequence[Proposal]], ground: Ground) -> list[list[Proposal]]:
    folder = corpus(ground.tree)
    lines = lines_in(folder, ground.suffix)
    found = iter(hits_of([one.body for group in made for one in group], ground.language, folder))
    return [chosen(group, [Seen(next(found)) for _ in group], lines) for group in made]


def _objections(codes: Sequence[str], ground: Ground) -> dict[str, frozenset[Place]]:
    found: dict[str, set[Place]] = {code: set() for code in codes}
    for name in ground.scored:
        for code, places in objections(codes, ground.language, corpus(name)).items():
            found[code] |= {place._replace(path=f"{name}/{place.path}") for place in places}
    return {code: frozenset(places) for code, places in found.items()}


def _hits(shown: Sequence[Proposal], ground: Ground) -> Mapping[int, Set[Place]]:
    found: dict[int, set[Place]] = {id(one): set() for one in shown}
    for name in ground.scored:
        bodies = [one.body for one in shown]
        for one, places in zip(shown, hits_of(bodies, ground.language, corpus(name)), strict=True):
            found[id(one)] |= {place._replace(path=f"{name}/{place.path}") for place in places}
    return found
