"""Which earlier remarks are most like one: by their words, and by what the agent changed upon them.

Retrieval rather than clusters: three likely ones are shown, and a person says which is the same. No model and no
library: a few hundred remarks are compared in milliseconds.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

MOST = 3
LIKELY = 0.3
"""From this likeness on it is likely to be the same.

Measured on remarks of a few words, every second one said before in other words: of the offers among 10 earlier remarks
five of six are right, among 40 half of those made by words alone and four of five of those about a line of code. One
repeated remark in six is found (tests/bench/bench_similar.py).
"""

LIKELY_FIXED = 0.2
"""The same, where of both is known what was changed upon them, if they have `LEAST_WORDS` in common as well.

Measured on the same remarks with their fixes: all offers are right, and more than a third of the repeated remarks is
found. Where each fix comes with another change that nobody spoke of, and these are of four kinds only, nine of ten
offers are right among 10 earlier remarks, two of three among 30, and a fifth is found. Fixes that look alike by
themselves say little, then: without anything in common between the words, most offers would be wrong.
"""
LEAST_WORDS = 0.06

_WORD = re.compile(r"[A-Za-z]+|[0-9]+")
_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
_ENDINGS = (
    *("ational", "fulness", "iveness", "ization", "ements", "ations", "ingly", "ement", "ation", "ments", "ously"),
    *("edly", "ible", "able", "ance", "ence", "ions", "ings", "ness", "ment", "ious", "ies", "ied", "ion", "ing"),
    *("ful", "ous", "ive", "ers", "ors", "ed", "er", "or", "es", "ly", "al", "s", "e", "y"),
)
_SHORTEST_STEM = 3
_COMMON_WORDS = (
    "a an and are as at be been but by can could did do does don for from had has have here how i if in into is it its "
    "just like make me my no not of on one or our out please should so some such t than that the their them then there "
    "these they this those to too up us use was we were what when where which who why will with would you your"
)
_COMMON = frozenset(_COMMON_WORDS.split())
_OF_TEXT = 0.65
"""How much whole words count against trigrams."""
_OF_WORDS = 0.45
"""How much what was said counts against what was changed, where both are known."""

_Key = TypeVar("_Key", bound=Hashable)


@dataclass(frozen=True, slots=True)
class Remembered:
    """Something to be found again."""

    id: str
    text: str
    fix: frozenset[str] = field(default_factory=frozenset)
    """What was removed and added, as features; empty: not known."""


@dataclass(frozen=True, slots=True)
class Likeness:
    """How like a remembered thing is; 0: not at all, 1: the same."""

    id: str
    score: float
    by_text: float
    by_fix: float | None
    """None: one of them has no fix to compare."""


def most_similar(wanted: Remembered, earlier: Sequence[Remembered], most: int = MOST) -> list[Likeness]:
    """Return what is most like it, best first; nothing that has nothing in common with it."""
    everything = [wanted, *earlier]
    words = _vectors([_stems(one.text) for one in everything])
    pieces = _vectors([_trigrams(one.text) for one in everything])
    rarity = _rarity([one.fix for one in everything])
    found = []
    for place, one in enumerate(earlier, 1):
        by_text = _OF_TEXT * _cosine(words[0], words[place]) + (1 - _OF_TEXT) * _cosine(pieces[0], pieces[place])
        by_fix = _weighted_jaccard(wanted.fix, one.fix, rarity) if wanted.fix and one.fix else None
        score = by_text if by_fix is None else _OF_WORDS * by_text + (1 - _OF_WORDS) * by_fix
        found.append(Likeness(one.id, score, by_text, by_fix))
    return sorted((one for one in found if one.score > 0), key=lambda one: -one.score)[:most]


def is_likely(one: Likeness) -> bool:
    """Return whether it is likely to be the same, by all that is known of the two."""
    if one.by_fix is None:
        return one.score >= LIKELY
    return one.score >= LIKELY_FIXED and one.by_text >= LEAST_WORDS


def stem(word: str) -> str:
    """Return a word without its ending, roughly: enough for `retries`, `retrying` and `retry` to meet."""
    for ending in _ENDINGS:
        if word.endswith(ending) and len(word) - len(ending) >= _SHORTEST_STEM:
            word = word[: -len(ending)]
            break
    while len(word) > _SHORTEST_STEM and word[-1] in "eiy":
        word = word[:-1]
    return word[:-1] if len(word) > _SHORTEST_STEM and word[-1] == word[-2] else word


def _stems(text: str) -> Counter[str]:
    words = (word.lower() for word in _WORD.findall(_CAMEL.sub(" ", text)))
    return Counter(stem(word) for word in words if word not in _COMMON)


def _trigrams(text: str) -> Counter[str]:
    flat = f" {' '.join(_WORD.findall(_CAMEL.sub(' ', text))).lower()} "
    return Counter(flat[at : at + 3] for at in range(len(flat) - 2))


def _vectors(counts: Sequence[Counter[str]]) -> list[dict[str, float]]:
    """Return what is said often in one and seldom in the others, each of length 1."""
    rarity = _rarity([frozenset(one) for one in counts])
    vectors = []
    for one in counts:
        raw = {term: (1 + math.log(count)) * rarity[term] for term, count in one.items()}
        length = math.sqrt(sum(weight * weight for weight in raw.values())) or 1.0
        vectors.append({term: weight / length for term, weight in raw.items()})
    return vectors


def _rarity(sets: Sequence[Iterable[_Key]]) -> dict[_Key, float]:
    seen: Counter[_Key] = Counter()
    for one in sets:
        seen.update(set(one))
    return {key: math.log((1 + len(sets)) / (1 + count)) + 1 for key, count in seen.items()}


def _cosine(one: Mapping[str, float], other: Mapping[str, float]) -> float:
    if len(other) < len(one):
        one, other = other, one
    return min(1.0, sum(weight * other.get(term, 0.0) for term, weight in one.items()))


def _weighted_jaccard(one: frozenset[str], other: frozenset[str], rarity: Mapping[str, float]) -> float:
    return sum(rarity[key] for key in one & other) / sum(rarity[key] for key in one | other)
