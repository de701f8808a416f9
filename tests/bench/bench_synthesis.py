"""How good the rules are that are made from examples: cases with an oracle on two large code bases, and probes.

Scores compare lines: a hit counts when it covers the first line that the linter's own rule objects to. Ranking sees a
third code base only, and no labels. What the sets of cases are worth, and what came out, is told in docs/forge.md.
"""

from __future__ import annotations

from collections.abc import Sequence

from tests.bench.figures import figure, heading, middle
from tests.bench.rules.corpora import TYPESCRIPT
from tests.bench.rules.evaluate import Result, evaluated
from tests.bench.rules.probes import probed

AIM, MARK = 24, 17


def main(quick: bool) -> None:
    """Evaluate; `quick` leaves the code bases alone, which are downloaded the first time."""
    _probes()
    if quick:
        return
    tuned = evaluated("python_dev")
    _table("cases that the method was tuned on", tuned)
    good = sum(one.is_good() for one in tuned)
    figure(f"mark to beat: {MARK} of 29", f"{good} of {len(tuned)}", f">= {AIM}", is_met=good >= AIM)
    _table("cases that drew attention to what was missing", evaluated("python_held_out"))
    _table("cases written later, and harder; seen before the last change", evaluated("python_last"))
    _table("cases drawn at random, looked at since", evaluated("python_fresh"))
    _table("cases drawn at random among rarer rules, looked at since", evaluated("python_fresh_rarer"))
    _table("cases drawn at random of what was left, scored once", evaluated("python_drawn_again"))
    _table("cases drawn at random, TypeScript against oxlint", evaluated("typescript_fresh", TYPESCRIPT))


def _probes() -> None:
    results = probed()
    heading("rules for TypeScript, Go and Rust, by probes")
    for one in results:
        figure(f"{one.language} {one.name}", "good in first 3" if one.is_good() else "none good")
    good = sum(one.is_good() for one in results)
    figure("good in first 3", f"{good} of {len(results)}", ">= 70 %", is_met=good >= 0.7 * len(results))
    figure("good first", f"{sum(one.is_good(1) for one in results)} of {len(results)}")


def _table(what: str, results: Sequence[Result]) -> None:
    heading(f"rules against a linter: {what}")
    print("  (best of the first three by precision and recall; hits; what the oracle objects to)")
    for one in results:
        best = max(one.scores[:3], key=lambda score: (score.is_good(), score.precision + score.recall), default=None)
        if best is None:
            figure(one.case.oracle, "no candidate")
            continue
        said = f"P {best.precision:.2f}  R {best.recall:.2f}  {best.hits:,} / {best.wanted:,}"
        figure(one.case.oracle, said, "P >= 0.9, R >= 0.5", is_met=one.is_good())
    for label, count in (
        ("one of first 3: P >= 0.9 and R >= 0.5", sum(one.is_good() for one in results)),
        ("the first: P >= 0.9 and R >= 0.5", sum(one.is_good(first=1) for one in results)),
        ("one of first 3: P >= 0.9 (R >= 0.1)", sum(one.is_good(0.9, 0.1) for one in results)),
        ("one of first 3: P >= 0.8 and R >= 0.7", sum(one.is_good(0.8, 0.7) for one in results)),
        ("nothing useful in first 3 (P < 0.5 or R < 0.1)", sum(not one.is_good(0.5, 0.1) for one in results)),
    ):
        figure(label, f"{count} of {len(results)}")
    figure("synthesis, CPU ms (p50 / p95)", middle([1000 * one.seconds for one in results]))
