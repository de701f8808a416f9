"""The oracles: what the rule of that name objects to in ruff, for Python, and in oxlint, for TypeScript."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections import defaultdict
from collections.abc import Iterable, Set
from pathlib import Path
from typing import NamedTuple

from tests.bench.rules.corpora import cache
from tests.bench.rules.scan import Place

_LINTER = re.compile(r"([\w-]+)\(([\w-]+)\)")
"""How oxlint names a rule: the linter that it came from, and its own name."""


class Score(NamedTuple):
    """How a rule stands to its oracle."""

    precision: float
    recall: float
    hits: int
    wanted: int

    def is_good(self, precision: float = 0.9, recall: float = 0.5) -> bool:
        """Return whether it is as precise, and finds as much, as was asked."""
        return self.precision >= precision and self.recall >= recall


def objections(codes: Iterable[str], language: str, folder: Path) -> dict[str, frozenset[Place]]:
    """Return where each of a linter's rules objects."""
    found = _of_ruff(codes, folder) if language == "python" else _of_oxlint(frozenset(codes), folder)
    return {code: frozenset(places) for code, places in found.items()}


def _of_ruff(codes: Iterable[str], folder: Path) -> dict[str, set[Place]]:
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
    return found


def _of_oxlint(codes: Set[str], folder: Path) -> dict[str, set[Place]]:
    wanted = [option for code in codes for option in ("-W", re.sub(r"^eslint/", "", _LINTER.sub(r"\1/\2", code)))]
    command = (str(_oxlint()), "-A", "all", *wanted, "--no-ignore", "-f", "json", ".")
    done = subprocess.run(command, cwd=folder, check=False, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    found: dict[str, set[Place]] = defaultdict(set)
    texts: dict[str, bytes] = {}
    for one in json.loads(done.stdout)["diagnostics"]:
        if one.get("code") not in codes:
            continue  # a file that it cannot read
        path, span = one["filename"], one["labels"][0]["span"]
        text = texts.get(path) or texts.setdefault(path, (folder / path).read_bytes())
        last = span["line"] + text.count(b"\n", span["offset"], span["offset"] + span["length"])
        found[one["code"]].add(Place(path, span["line"], last))
    return found


def _oxlint() -> Path:
    """Return the program; it is downloaded the first time."""
    program = cache() / "linters" / "node_modules" / ".bin" / "oxlint"
    if not program.exists():
        command = (
            "npm",
            "install",
            "--silent",
            "--ignore-scripts",
            "--prefix",
            str(cache() / "linters"),
            "oxlint@1.94.0",
        )
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    return program


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
