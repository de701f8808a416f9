"""Rows of the attention queue: what needs a person, the exact question first."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass

from cockpit.providers.text import Safe, clean_line
from cockpit.sessions.types import AttentionItem, AttentionKind
from cockpit.state.model import SessionState, State
from widgets.cells import age, fit
from widgets.look import Look
from widgets.rows import Parts

SIGNS: dict[AttentionKind, tuple[str, str]] = {
    AttentionKind.REQUEST: ("?", "waiting"),
    AttentionKind.CONFLICT: ("⇄", "failed"),
    AttentionKind.BLOCKED: ("⊘", "failed"),
    AttentionKind.PAUSED: ("‖", "waiting"),
    AttentionKind.FAILED: ("!", "failed"),
    AttentionKind.INTERRUPTED: ("◇", "waiting"),
    AttentionKind.STALLED: ("…", "waiting"),
    AttentionKind.READY: ("◆", "ready"),
}
_ORDER = {kind: place for place, kind in enumerate(AttentionKind)}


@dataclass(frozen=True, slots=True)
class AttentionRow:
    """One thing to decide, in two lines: who and since when, and the question itself."""

    item: AttentionItem
    session: SessionState

    @property
    def id(self) -> str:
        """Stands for the item."""
        return f"item:{self.item.id}"

    @property
    def height(self) -> int:
        """Two lines."""
        return 2

    @property
    def is_choice(self) -> bool:
        """The cursor may stand here."""
        return True

    def stamp(self, now: float) -> Hashable:
        """What is asked, by whom, and for how long."""
        return self.item.id, self.session.version, age(now - self.item.since)

    def draw(self, width: int, look: Look, now: float) -> list[Parts]:
        """Draw `  3 ? fix login    request   12m` over the question."""
        sign, meaning = SIGNS[self.item.kind]
        waited = age(now - self.item.since)
        kind = self.item.kind.value
        name_width = width - 7 - len(kind) - 6
        first: Parts = [
            (f" {self.session.number:>3} ", look["dim"]),
            (f"{sign} ", look[meaning]),
            (fit(clean_line(self.session.name), name_width), look["ink"]),
            (f" {kind}", look[meaning]),
            (fit(waited, 4, is_right=True) + " ", look["dim"]),
        ]
        question: Parts = [
            ("       ", look["dim"]),
            (fit(self._question(), width - 8), look["strong"]),
        ]
        return [first, question]

    def _question(self) -> Safe:
        return clean_line(self.item.title or self.item.detail or self.item.kind.value)


def queue_of(state: State) -> list[AttentionRow]:
    """Return what needs a person: the most urgent kind first, the longest waiting first within it."""
    items = sorted(state.attention.values(), key=lambda item: (_ORDER[item.kind], item.since))
    return [AttentionRow(item, state.sessions[item.session]) for item in items if item.session in state.sessions]
