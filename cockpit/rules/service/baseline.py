"""Tells new violations from those that were there before."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Collection, Iterable

from cockpit.rules.repo.baseline import Baseline, Known
from cockpit.rules.types import Hit


def snippet(hit: Hit) -> str:
    """Return a digest of the code that was hit, without its white space; of the message where no code was."""
    text = " ".join((hit.text or hit.message).split())
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:16]


def baseline_of(hits: Iterable[Hit]) -> Baseline:
    """Return the baseline in which all these hits are known."""
    counts = Counter((hit.rule, hit.path, snippet(hit)) for hit in hits)
    return Baseline(
        known=tuple(
            Known(rule=rule, path=path, snippet=mark, count=count) for (rule, path, mark), count in counts.items()
        )
    )


def split(hits: Iterable[Hit], baseline: Baseline, paths: Collection[str] | None = None) -> tuple[list[Hit], list[Hit]]:
    """Return the new hits, and those known before. Of equal ones as many are known as were there.

    Args:
        hits: what was found.
        baseline: what was there before.
        paths: all files there are. What was known in one that is gone is known wherever the code went; None: files
            stay where they are.
    """
    left = _counts(baseline)
    moved: Counter[tuple[str, str]] = Counter()
    for (rule, path, mark), count in left.items():
        if paths is not None and path and path not in paths:
            moved[rule, mark] += count
    fresh: list[Hit] = []
    known: list[Hit] = []
    for hit in hits:
        mark = snippet(hit)
        if left[hit.rule, hit.path, mark] > 0:
            left[hit.rule, hit.path, mark] -= 1
            known.append(hit)
        elif moved[hit.rule, mark] > 0:
            moved[hit.rule, mark] -= 1
            known.append(hit)
        else:
            fresh.append(hit)
    return fresh, known


def stale(
    hits: Iterable[Hit], baseline: Baseline, rules: Collection[str], scope: Collection[str] | None, paths: Iterable[str]
) -> list[Known]:
    """Return what the baseline holds and is there no more.

    Args:
        hits: what was found.
        baseline: what was there before.
        rules: ids of the rules that were carried out; of others nothing can be said.
        scope: the files that were looked at; None: all.
        paths: all files there are.
    """
    left = _counts(baseline)
    left.subtract((hit.rule, hit.path, snippet(hit)) for hit in hits)
    files = frozenset(paths)
    return [
        one
        for one in baseline.known
        if left[one.rule, one.path, one.snippet] > 0
        and one.rule in rules
        and (scope is None or one.path in scope or (one.path and one.path not in files))
    ]


def _counts(baseline: Baseline) -> Counter[tuple[str, str, str]]:
    counts: Counter[tuple[str, str, str]] = Counter()
    for one in baseline.known:
        counts[one.rule, one.path, one.snippet] += one.count
    return counts
