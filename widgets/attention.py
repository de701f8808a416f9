"""Rows of the attention queue: what needs a person, the exact question first. What several ask alike is one row."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Hashable, Iterable
from dataclasses import dataclass

from cockpit.providers.text import Safe, clean_line
from cockpit.sessions.types import AttentionItem, AttentionKind, RequestKind, RequestRaised
from cockpit.state.model import SessionState, State
from cockpit.types import SessionId
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
    AttentionKind.MISTAKE: ("↻", "accent"),
}
_SEEN_WHOLE = (RequestKind.EDIT, RequestKind.TOOL, RequestKind.QUESTION)
_NARROWEST = 16
"""Cells for name and kind below which the kind gives way."""
_WIDE = 40
"""The same for a mistake: its sign says enough, and in which sessions it was made does not fit into less."""
_ORDER = {kind: place for place, kind in enumerate(AttentionKind)}


@dataclass(frozen=True, slots=True)
class Asker:
    """One session with what it needs a person for."""

    item: AttentionItem
    session: SessionState

    @property
    def request(self) -> RequestRaised | None:
        """The agent's request, while it is open."""
        return self.session.requests.get(self.item.request) if self.item.request else None


@dataclass(frozen=True, slots=True)
class AttentionRow:
    """One thing to decide, in two lines: who and since when, and the question itself.

    It stands for one item, or for all items of one kind and likeness: then one answer is for all of them.
    """

    askers: tuple[Asker, ...]
    """Oldest first; never empty."""
    is_apart: bool = False
    """One of several that ask alike, shown alone below them."""

    @property
    def item(self) -> AttentionItem:
        """The oldest item."""
        return self.askers[0].item

    @property
    def session(self) -> SessionState:
        """The session that waits longest."""
        return self.askers[0].session

    @property
    def items(self) -> tuple[str, ...]:
        """The ids of all items: what an answer is for."""
        return tuple(asker.item.id for asker in self.askers)

    @property
    def is_folded(self) -> bool:
        """Whether it stands for several sessions."""
        return len(self.askers) > 1

    @property
    def is_mistake(self) -> bool:
        """Whether it is about a mistake: that is of several sessions, and none of them waits."""
        return self.item.kind is AttentionKind.MISTAKE

    @property
    def id(self) -> str:
        """Stands for the item, or for the fold."""
        return fold_name(self.askers[0]) if self.is_folded else f"item:{self.item.id}"

    @property
    def height(self) -> int:
        """Two lines."""
        return 2

    @property
    def is_choice(self) -> bool:
        """The cursor may stand here."""
        return True

    @property
    def kind_word(self) -> str:
        """What it is about, in a word: of a request, what is asked for."""
        request = self.askers[0].request
        return request.kind.value if request is not None else self.item.kind.value

    def stamp(self, now: float) -> Hashable:
        """What is asked, by whom, and for how long."""
        return self.items, self.item.title, self.session.version, self.is_apart, age(now - self.item.since)

    def draw(self, width: int, look: Look, now: float) -> list[Parts]:
        """Draw `  3 ? fix login    command   12m` over the question; a fold begins with `3×`."""
        sign, meaning = SIGNS[self.item.kind]
        waited = age(now - self.item.since)
        inset = "  " if self.is_apart else ""
        room = width - 7 - len(inset) - 5
        kind = f" {self.kind_word}" if room >= (_WIDE if self.is_mistake else _NARROWEST) else ""
        number = f"{len(self.askers):>2}×" if self.is_folded else f"{'' if self.is_mistake else self.session.number:>3}"
        first: Parts = [
            (f" {inset}{number} ", look["accent" if self.is_folded else "dim"]),
            (f"{sign} ", look[meaning]),
            (fit(self._who(), room - len(kind)), look["ink"]),
            (kind, look[meaning]),
            (fit(waited, 4, is_right=True) + " ", look["dim"]),
        ]
        question: Parts = [
            (f"       {inset}", look["dim"]),
            (fit(self._question(), width - 8 - len(inset)), look["strong"]),
        ]
        return [first, question]

    def _who(self) -> Safe:
        if self.is_mistake:  # how often and where; what it is stands below
            times, _, rest = self.item.title.partition(": ")
            return clean_line(f"{times}{rest.removeprefix(self.item.detail)}")
        if not self.is_folded:
            return clean_line(self.session.name)
        return Safe(", ".join(f"{asker.session.number} {clean_line(asker.session.name)}" for asker in self.askers))

    def _question(self) -> Safe:
        said = self.item.detail if self.is_mistake else self.item.title
        return clean_line(said or self.item.detail or self.item.kind.value)


def waiting_of(state: State) -> list[Asker]:
    """Return what needs a person, item by item: the most urgent kind first, the longest waiting first within it."""
    items = sorted(state.attention.values(), key=lambda item: (_ORDER[item.kind], item.since))
    return [Asker(item, state.sessions[item.session]) for item in items if item.session in state.sessions]


def own_of(state: State, session: SessionId) -> list[Asker]:
    """Return what a session itself needs a person for, the most urgent first; no mistakes that it made."""
    waiting = waiting_of(state)
    return [one for one in waiting if one.session.id == session and one.item.kind is not AttentionKind.MISTAKE]


def queue_of(waiting: Iterable[Asker], opened: Collection[str] = ()) -> list[AttentionRow]:
    """Return the rows of the queue; the items of an `opened` fold stand below it, each to be answered alone."""
    folds: dict[str, list[Asker]] = {}
    for asker in waiting:
        folds.setdefault(fold_name(asker), []).append(asker)
    rows: list[AttentionRow] = []
    for name, askers in folds.items():
        rows.append(AttentionRow(tuple(askers)))
        if len(askers) > 1 and name in opened:
            rows += [AttentionRow((asker,), is_apart=True) for asker in askers]
    return rows


def fold_name(asker: Asker) -> str:
    """Return what items that make one card have in common; an item without a likeness is alike to none.

    One answer is for all of them, so what a person must have seen of it is the same, too: the diff of an edit, the
    arguments of a tool, the answers that a question suggests.
    """
    item, request = asker.item, asker.request
    if not item.likeness:
        return f"item:{item.id}"
    seen = ""
    if request is not None and request.kind in _SEEN_WHOLE:
        title = request.title if request.kind is RequestKind.TOOL else ""
        seen = hashlib.sha256(repr((title, request.detail, request.options)).encode("utf-8", "replace")).hexdigest()
    return f"like:{item.kind.value}:{item.likeness}:{seen}"


def sessions_of(rows: Iterable[AttentionRow]) -> set[SessionId]:
    """Return every session that waits in these rows."""
    return {asker.session.id for row in rows if not row.is_mistake for asker in row.askers}
