"""Cases without an oracle: a candidate is good when it hits every bad probe and no fine one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import yaml

from cockpit.rules.service.synthesis import Proposal, proposals
from cockpit.rules.service.synthesis.ranking import chosen, shortlist
from cockpit.rules.service.synthesis.tree import matches, parse
from cockpit.rules.types.forge import Pair
from tests.bench.rules.evaluate import CASES, FIRST


@dataclass(frozen=True, slots=True)
class Probed:
    """What came of one case."""

    name: str
    language: str
    candidates: tuple[Proposal, ...]
    good: tuple[bool, ...]

    def is_good(self, first: int = FIRST) -> bool:
        """Return whether one of the first candidates is good."""
        return any(self.good[:first])


def probed(name: str = "other_languages") -> list[Probed]:
    """Carry out the cases of one file; there is no tree to rank on."""
    found = yaml.safe_load((CASES / f"{name}.yml").read_text(encoding="utf-8"))
    return [_probed(one) for one in found]


def _probed(case: Mapping[str, Any]) -> Probed:
    language = case["language"]
    made = chosen(shortlist(proposals([Pair(**pair) for pair in case["pairs"]], language)))
    good = tuple(
        all(_hits(one, text, language) for text in case["bad"])
        and not any(_hits(one, text, language) for text in case["fine"])
        for one in made
    )
    return Probed(case["name"], language, tuple(made), good)


def _hits(one: Proposal, text: str, language: str) -> bool:
    return bool(matches(parse(text, language), one.body))
