"""The oracle: what ruff's own rule of that name objects to."""

from __future__ import annotations

import json
import subprocess
import sys
from collections import defaultdict
from collections.abc import Iterable, Set
from pathlib import Path
from typing import NamedTuple

from tests.bench.rules.scan import Place


class Score(NamedTuple):
    """How a rule stands to its oracle."""

    precision: float
    recall: float
    hits: int
    wanted: int

    def is_good(self, precision: float = 0.9, recall: float = 0.5) -> bool:
        """Return whether it is as precise, and finds as much, as was asked."""
        return self.precision >= precision and self.recall >= recall


def objections(codes: Iterable[str], folder: Path) -> dict[str, frozenset[Place]]:
    """Return where each of ruff's rules objects."""
    program = Path(sys.executable).with_name("ruff")
    command = (
        *(str(program), "check", "--isolated", "--preview", "--no-cache", "--ignore-noqa", "--exit-zero"),
        *("--select", ",".join(codes), "--output-format", "json", "--target-version", "py311", "."),
    )
    done = subprocess.run(command, cwd=folder, check=True, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    found: dict[str, set[Place]] = defaultdict(set)
    for one in json.loads(done.stdout):
        path = str(Path(one["filename"]).relative_to(folder))
        if one["code"] is None:
            continue  # a file that is no Python of today
        found[one["code"]].add(Place(path, one["location"]["row"], one["end_location"]["row"]))
    return {code: frozenset(places) for code, places in found.items()}


def score(hits: Set[Place], wanted: Set[Place], *, is_inner_fine: bool = False) -> Score:
    """Compare hits with the oracle's objections.

    Args:
        hits: where the rule hits.
        wanted: where the oracle objects.
        is_inner_fine: a hit on any line of the objection counts; else it must cover the objection's first line.
    """
    by_file: dict[str, list[Place]] = defaultdict(list)
    for one in wanted:
        by_file[one.path].append(one)
    right, found = 0, set()
    for hit in hits:
        met = [one for one in by_file.get(hit.path, ()) if _is_met(hit, one, is_inner_fine=is_inner_fine)]
        right += bool(met)
        found.update(met)
    return Score(
        right / len(hits) if hits else 0.0, len(found) / len(wanted) if wanted else 0.0, len(hits), len(wanted)
    )


def _is_met(hit: Place, wanted: Place, *, is_inner_fine: bool) -> bool:
    if hit.line <= wanted.line <= hit.end_line:
        return True
    return is_inner_fine and wanted.line <= hit.line and hit.end_line <= wanted.end_line
