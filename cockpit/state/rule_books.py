"""The books of each rule: what it found, what became of that, and where; all that is known for judging a rule."""

from __future__ import annotations

from dataclasses import dataclass, field

from cockpit.journal.types.rules import RuleDecided
from cockpit.sessions.types import Usage

RECENT = 20
"""Firings that tell whether a rule is any good."""
DEMOTED_OVER = 0.1
"""Share of the recent firings that people or agents may wave aside."""
SILENT_DAYS = 90
DAYS_KEPT = 90
SESSIONS_KEPT = 500
_DAY_S = 86_400.0


@dataclass(slots=True)
class RuleBook:
    """What one rule has done. An occurrence counts once for each session that it is in."""

    fired: int = 0
    fixed: int = 0
    suppressed: int = 0
    sessions: list[str] = field(default_factory=list)
    """Ids of those in which it fired, oldest first."""
    first_seen: float = 0.0
    last_seen: float = 0.0
    """When it last fired; 0: never."""
    recent: list[bool] = field(default_factory=list)
    """The last firings, oldest first: whether each was suppressed."""
    days: dict[str, int] = field(default_factory=dict)
    """Firings by day (UTC), for the last months of them."""
    accepted_at: float = 0.0
    """0: it was not accepted through the cockpit."""
    accepted_by: str = ""
    commit: str = ""
    is_retired: bool = False

    def proposal(self, now: float) -> str:
        """Return what to do about the rule, for people; empty: nothing."""
        if self.is_retired:
            return ""
        waved_aside = sum(self.recent)
        if len(self.recent) == RECENT and waved_aside > RECENT * DEMOTED_OVER:
            return f"demote: {waved_aside} of its last {RECENT} firings were suppressed"
        known_since = self.accepted_at or self.first_seen
        silent_s = now - max(self.last_seen, known_since)
        if known_since and silent_s > SILENT_DAYS * _DAY_S:
            return f"delete: silent for {silent_s / _DAY_S:.0f} days"
        return ""


@dataclass(slots=True)
class RulesState:
    """What is known of all rules."""

    books: dict[str, RuleBook] = field(default_factory=dict)
    """By id of the rule."""
    under_way: dict[str, RuleDecided] = field(default_factory=dict)
    """Decisions on rules that are not carried out yet, by id; a crash leaves them here."""
    done: dict[str, RuleDecided] = field(default_factory=dict)
    """Those that are, the latest ones: what an undo goes by."""
    drafting: dict[str, Usage] = field(default_factory=dict)
    """What agents used to draft rules, by their names in cockpit.toml."""

    def book(self, rule: str) -> RuleBook:
        """Return a rule's book, begun where there is none."""
        return self.books.setdefault(rule, RuleBook())
