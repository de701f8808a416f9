"""The books of each rule: what it found, what became of that, and where; all that is known for judging a rule."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from cockpit.journal.types.rules import RuleDecided
from cockpit.sessions.types import Usage
from cockpit.state.rule_curve import Step

RECENT = 20
"""Firings that tell whether a rule is any good."""
DEMOTED_OVER = 0.1
"""Share of the recent firings that people or agents may wave aside."""
SILENT_DAYS = 90
DAYS_KEPT = 90
SESSIONS_KEPT = 500
_DAY_S = 86_400.0


@dataclass(slots=True)
class Firing:
    """One place that a rule objected to, in one session's change."""

    session: str
    instance: str
    at: float
    path: str = ""
    line: int | None = None
    text: str = ""
    """The code that was hit, its first line."""
    is_suppressed: bool = False
    """A comment in the code told the rule to look away."""
    is_useless: bool = False
    """A person judged it not useful."""
    is_gone: bool = False
    """It is not there any more."""

    @property
    def is_waved_aside(self) -> bool:
        """Whether it speaks against the rule."""
        return self.is_suppressed or self.is_useless


@dataclass(frozen=True, slots=True)
class BookProposal:
    """What the books say should become of a rule."""

    kind: Literal["demote", "delete"]
    words: str


@dataclass(slots=True)
class RuleBook:
    """What one rule has done. An occurrence counts once for each session that it is in."""

    fired: int = 0
    fixed: int = 0
    suppressed: int = 0
    not_useful: int = 0
    """Firings that people judged so."""
    sessions: list[str] = field(default_factory=list)
    """Ids of those in which it fired, oldest first."""
    first_seen: float = 0.0
    last_seen: float = 0.0
    """When it last fired; 0: never."""
    firings: list[Firing] = field(default_factory=list)
    """The last ones, oldest first."""
    days: dict[str, int] = field(default_factory=dict)
    """Firings by day (UTC), for the last months of them."""
    accepted_at: float = 0.0
    """0: it was not accepted through the cockpit."""
    accepted_by: str = ""
    changed_at: float = 0.0
    """When a person last put it into another state: what was before speaks neither for nor against it any more."""
    changed_by: str = ""
    commit: str = ""
    is_retired: bool = False

    def firing(self, session: str, instance: str) -> Firing | None:
        """Return one of the last firings."""
        mine = (one for one in reversed(self.firings) if (one.session, one.instance) == (session, instance))
        return next(mine, None)

    def proposal(self, now: float) -> BookProposal | None:
        """Return what to do about the rule; None: nothing."""
        if self.is_retired:
            return None
        judged = [one for one in self.firings if one.at > self.changed_at]
        waved_aside = sum(one.is_waved_aside for one in judged)
        if waved_aside > RECENT * DEMOTED_OVER:
            words = f"{waved_aside} of its last {len(judged)} firings were suppressed or judged not useful"
            return BookProposal("demote", words)
        known_since = self.accepted_at or self.first_seen
        silent_s = now - max(self.last_seen, known_since, self.changed_at)
        if known_since and silent_s > SILENT_DAYS * _DAY_S:
            return BookProposal("delete", f"silent for {silent_s / _DAY_S:.0f} days")
        return None


@dataclass(slots=True)
class RulesState:
    """What is known of all rules."""

    books: dict[str, RuleBook] = field(default_factory=dict)
    """By id of the rule."""
    under_way: dict[str, RuleDecided] = field(default_factory=dict)
    """Decisions on rules that are not carried out yet, by id; a crash leaves them here."""
    done: dict[str, RuleDecided] = field(default_factory=dict)
    """Those that are, the latest ones: what an undo goes by."""
    steps: list[Step] = field(default_factory=list)
    """Merged changes with the mistakes that were made meanwhile, oldest first; the last is not merged yet."""
    drafting: dict[str, Usage] = field(default_factory=dict)
    """What agents used to draft rules, by their names in cockpit.toml."""
    version: int = 0
    """Sequence number of the last event that changed any of it: views fetch anew by it."""

    def book(self, rule: str) -> RuleBook:
        """Return a rule's book, begun where there is none."""
        return self.books.setdefault(rule, RuleBook())
