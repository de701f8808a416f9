"""Tells new violations from those that were there before."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable

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


def split(hits: Iterable[Hit], baseline: Baseline) -> tuple[list[Hit], list[Hit]]:
    """Return the new hits, and those known before. Of equal ones as many are known as were there."""
    left = Counter({(one.rule, one.path, one.snippet): one.count for one in baseline.known})
    fresh: list[Hit] = []
    known: list[Hit] = []
    for hit in hits:
        key = (hit.rule, hit.path, snippet(hit))
        if left[key] > 0:
            left[key] -= 1
            known.append(hit)
        else:
            fresh.append(hit)
    return fresh, known
