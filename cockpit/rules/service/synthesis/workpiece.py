"""The examples of one offence, what their fixes did, and the rules made of them so far."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from cockpit.rules.service.synthesis.foci import changed_parts, words_gone
from cockpit.rules.service.synthesis.languages import Grammar, grammar_of
from cockpit.rules.service.synthesis.terms import either_way
from cockpit.rules.service.synthesis.tree import Snippet

_MOST_TRIED, _FEWEST_TRIED = 1500, 40
_LONGEST_S = 1.0
_MOST_SEARCHED = 1_500_000
"""Letters of snippets that are searched in all."""


@dataclass(frozen=True, slots=True)
class Proposal:
    """One rule that has stood the test of the examples."""

    body: Mapping[str, Any]
    score: float
    family: str
    """Rules of one family differ only in how general they are."""
    says: str


@dataclass
class Workpiece:
    """The examples, parsed, and what was made of them so far."""

    language: str
    bads: Sequence[Snippet]
    fixes: Sequence[Snippet | None]
    """Of each bad snippet the fix, where it is known."""
    goods: Sequence[Snippet]
    """All snippets that must not be hit, fixes included."""
    proposals: dict[str, Proposal] = field(default_factory=dict)
    tried: set[str] = field(default_factory=set)
    until: float = field(default_factory=lambda: time.process_time() + _LONGEST_S)

    @cached_property
    def most_tried(self) -> int:
        """How many rules may be tried."""
        size = sum(len(one.text) for one in (*self.bads, *self.goods))
        return max(_FEWEST_TRIED, min(_MOST_TRIED, _MOST_SEARCHED // (size + 1)))

    @property
    def is_spent(self) -> bool:
        """Whether enough was tried, or for too long: a deep tree takes the parser far longer than a flat one."""
        return len(self.tried) >= self.most_tried or time.process_time() > self.until

    @cached_property
    def gone(self) -> list[set[str]]:
        """Of each fix that is known the words that it took away."""
        pairs = zip(self.bads, self.fixes, strict=True)
        return [words_gone(bad.text, fix.text) for bad, fix in pairs if fix is not None]

    @cached_property
    def added(self) -> list[set[str]]:
        """Of each fix that is known the words that it brought."""
        pairs = zip(self.bads, self.fixes, strict=True)
        return [words_gone(fix.text, bad.text) for bad, fix in pairs if fix is not None]

    @property
    def only_adds(self) -> bool:
        """Whether the fixes took no word away, and each brought some."""
        return bool(self.gone) and not any(map(_words_of, self.gone)) and all(map(_words_of, self.added))

    @property
    def only_moves(self) -> bool:
        """Whether the fixes say the same words elsewhere."""
        return bool(self.gone) and not any(map(_words_of, (*self.gone, *self.added)))

    @cached_property
    def changed(self) -> set[int]:
        """The ids of all nodes that a fix changed."""
        return set().union(*(changed_parts(bad, fix) for bad, fix in zip(self.bads, self.fixes, strict=True)))

    @cached_property
    def gone_always(self) -> set[str]:
        """The words that all known fixes took away; an operator and its opposite are one."""
        return set.intersection(*map(either_way, self.gone)) if self.gone else set()

    @property
    def grammar(self) -> Grammar:
        """What is known of the language."""
        return grammar_of(self.language)


def _words_of(words: set[str]) -> set[str]:
    return {word for word in words if word[0].isalnum() or word[0] == "_"}
