"""Tells new violations from those that were there before."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Collection, Iterable

from cockpit.rules.repo.baseline import Baseline, Known
from cockpit.rules.types import Hit

_Key = tuple[str, str, str]
"""Rule, path, and digest of the code."""


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
    fresh, known, _left = _held_against(hits, baseline, paths)
    return fresh, known


def stale(
    hits: Iterable[Hit],
    baseline: Baseline,
    rules: Collection[str],
    scope: Collection[str] | None,
    paths: Collection[str],
) -> list[Known]:
    """Return what the baseline holds and is there no more.

    Args:
        hits: what was found.
        baseline: what was there before.
        rules: ids of the rules that were carried out; of others nothing can be said.
        scope: the files that were looked at, those that are gone included; None: all.
        paths: all files there are.
    """
    _fresh, _known, left = _held_against(hits, baseline, paths)
    return [
        one
        for one in baseline.known
        if left[one.rule, one.path, one.snippet] > 0 and one.rule in rules and (scope is None or one.path in scope)
    ]


def _held_against(
    hits: Iterable[Hit], baseline: Baseline, paths: Collection[str] | None
) -> tuple[list[Hit], list[Hit], Counter[_Key]]:
    """Return the new hits, those known before, and how often what is left was there before."""
    left: Counter[_Key] = Counter()
    homeless: dict[tuple[str, str], list[_Key]] = {}
    for one in baseline.known:
        key = (one.rule, one.path, one.snippet)
        left[key] += one.count
        if paths is not None and one.path and one.path not in paths:
            homeless.setdefault((one.rule, one.snippet), []).append(key)
    fresh: list[Hit] = []
    known: list[Hit] = []
    for hit in hits:
        mark = snippet(hit)
        keys = [(hit.rule, hit.path, mark), *homeless.get((hit.rule, mark), ())]
        there = next((one for one in keys if left[one] > 0), None)
        if there is None:
            fresh.append(hit)
        else:
            left[there] -= 1
            known.append(hit)
    return fresh, known, left
