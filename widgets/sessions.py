"""Rows of the fleet list: sessions in groups by state, each with what a person steers by."""

from __future__ import annotations

from collections.abc import Hashable, Iterable
from dataclasses import dataclass

from cockpit.checks.types import CheckOutcome
from cockpit.providers.text import Safe, clean_line
from cockpit.sessions.types import SessionStatus
from cockpit.state.model import SessionState
from widgets.cells import age, count, fit
from widgets.look import Look
from widgets.rows import Parts
from widgets.spending import FULL_PERCENT, context_percent, cost_cell, meaning_of

GLYPHS: dict[SessionStatus, tuple[str, str]] = {
    SessionStatus.QUEUED: ("◌", "dim"),
    SessionStatus.PREPARING: ("◔", "working"),
    SessionStatus.WORKING: ("●", "working"),
    SessionStatus.CHECKING: ("◐", "working"),
    SessionStatus.WAITING: ("?", "waiting"),
    SessionStatus.PAUSED: ("‖", "waiting"),
    SessionStatus.INTERRUPTED: ("◇", "waiting"),
    SessionStatus.READY: ("◆", "ready"),
    SessionStatus.LANDING: ("▲", "ready"),
    SessionStatus.LANDED: ("✓", "ready"),
    SessionStatus.REJECTED: ("✕", "dim"),
    SessionStatus.FAILED: ("!", "failed"),
}
"""A sign and a meaning for every state."""

GROUPS: tuple[tuple[str, tuple[SessionStatus, ...]], ...] = (
    ("Working", (SessionStatus.WORKING, SessionStatus.PREPARING, SessionStatus.WAITING)),
    ("Checking", (SessionStatus.CHECKING,)),
    ("Ready", (SessionStatus.READY,)),
    ("Landing", (SessionStatus.LANDING,)),
    ("Queued", (SessionStatus.QUEUED,)),
    ("Interrupted", (SessionStatus.INTERRUPTED, SessionStatus.PAUSED, SessionStatus.FAILED)),
    ("Landed", (SessionStatus.LANDED,)),
    ("Rejected", (SessionStatus.REJECTED,)),
)
"""The groups in the order in which they need eyes, after what needs a decision."""

_CHECKS_SHOWN = 6
_NARROWEST_NAME = 22
_COST_WIDTH = 8
_CONTEXT_WIDTH = 5
_ROOMY = 24
"""Cells that are to spare before the cost gets a column of its own."""
_SIGN_OF_CHECK = {
    CheckOutcome.PASSED: ("✓", "ready"),
    CheckOutcome.FAILED: ("✗", "failed"),
    CheckOutcome.BROKEN: ("!", "waiting"),
}


@dataclass(frozen=True, slots=True)
class HeadingRow:
    """The name of a group and how many are in it."""

    name: str
    total: int
    meaning: str = "dim"

    @property
    def id(self) -> str:
        """Stands for the group."""
        return f"head:{self.name}"

    @property
    def height(self) -> int:
        """One line."""
        return 1

    @property
    def is_choice(self) -> bool:
        """A heading cannot be chosen."""
        return False

    def stamp(self, _now: float) -> Hashable:
        """Name and number."""
        return self.total

    def draw(self, width: int, look: Look, _now: float) -> list[Parts]:
        """Draw `Working 3 ─────`."""
        label = f" {self.name} "
        number = f"{self.total} "
        rule = "─" * max(0, width - len(label) - len(number) - 1)
        return [[(label, look["strong"] + look[self.meaning]), (number, look["dim"]), (rule, look["faint"])]]


@dataclass(frozen=True, slots=True)
class SessionRow:
    """One session in one line."""

    session: SessionState

    @property
    def id(self) -> str:
        """Stands for the session."""
        return f"session:{self.session.id}"

    @property
    def height(self) -> int:
        """One line."""
        return 1

    @property
    def is_choice(self) -> bool:
        """The cursor may stand here."""
        return True

    def stamp(self, now: float) -> Hashable:
        """The session's version and its age."""
        return self.session.version, age(now - self.session.status_since)

    def draw(self, width: int, look: Look, now: float) -> list[Parts]:
        """Draw number, sign, name, headline, change, checks, round and age, as many as fit."""
        session = self.session
        glyph, meaning = GLYPHS[session.status]
        left: Parts = [
            (f" {session.number:>3} ", look["dim"]),
            (f"{glyph} ", look[meaning]),
        ]
        right = self._right(width, look, now)
        room = width - 7 - sum(size for _, size in right)
        name = clean_line(session.name)
        headline = self._headline()
        if room >= 40 and headline:
            name_width = min(36, room // 2)
            left.append((fit(name, name_width), look["ink"]))
            left.append(("  " + fit(headline, room - name_width - 3) + " ", look["dim"]))
        else:
            left.append((fit(name, room - 1) + " ", look["ink"]))
        return [[*left, *(part for parts, _ in right for part in parts)]]

    def _headline(self) -> Safe:
        session = self.session
        if session.reason and session.status is not SessionStatus.WORKING:
            return clean_line(session.reason)
        return clean_line(session.headline)

    def _right(self, width: int, look: Look, now: float) -> list[tuple[Parts, int]]:
        """Return the columns on the right with their widths; the name keeps enough room to be read."""
        session = self.session
        columns: list[tuple[Parts, int]] = []
        spare = width - 7 - 5 - _NARROWEST_NAME
        if spare >= 12:
            columns.append((change_parts(session, look), 12))
        if spare >= 12 + _CHECKS_SHOWN + 1:
            columns.append((checks_parts(session, look, _CHECKS_SHOWN), _CHECKS_SHOWN + 1))
        if spare >= 12 + _CHECKS_SHOWN + 1 + 4:
            columns.append(([(f"r{session.round:<3}" if session.round else "    ", look["dim"])], 4))
        if spare >= 12 + _CHECKS_SHOWN + 1 + 4 + _COST_WIDTH + _CONTEXT_WIDTH + _ROOMY:
            columns.append((cost_parts(session, look), _COST_WIDTH + _CONTEXT_WIDTH))
        waited = fit(age(now - session.status_since), 4, is_right=True)
        return [*columns, ([(f"{waited} ", look["dim"])], 5)]


def cost_parts(session: SessionState, look: Look) -> Parts:
    """Return `$0.21  43% ` in thirteen cells: what it cost (`?`: nobody knows) and how full its context is."""
    percent = context_percent(session.usage)
    full = f"{percent:.0f}%" if percent is not None else ""
    meaning = meaning_of(percent) if percent is not None and percent > FULL_PERCENT else "dim"
    return [
        (fit(cost_cell(session.usage), _COST_WIDTH - 1, is_right=True) + " ", look["dim"]),
        (fit(Safe(full), _CONTEXT_WIDTH - 1, is_right=True) + " ", look[meaning]),
    ]


def change_parts(session: SessionState, look: Look) -> Parts:
    """Return `+120 -14` in twelve cells, right-aligned, or twelve spaces."""
    change = session.change
    if change is None or not change.files:
        return [(" " * 12, look["dim"])]
    added, removed = f"+{count(change.added)}", f"-{count(change.removed)}"
    pad = " " * max(0, 11 - len(added) - len(removed) - 1)
    return [
        (pad + added, look["added" if change.added else "faint"]),
        (" ", look["dim"]),
        (removed + " ", look["removed" if change.removed else "faint"]),
    ]


def checks_parts(session: SessionState, look: Look, shown: int) -> Parts:
    """Return one sign a check, and padding up to `shown` + 1 cells."""
    parts: Parts = []
    names = list(dict.fromkeys([*session.checks, *session.running_checks]))
    for name in names[:shown]:
        if name in session.running_checks:
            parts.append(("·", look["working"]))
        else:
            sign, meaning = _SIGN_OF_CHECK[session.checks[name].outcome]
            parts.append((sign, look[meaning]))
    if len(names) > shown:
        parts[-1] = ("…", look["dim"])
    parts.append((" " * (shown + 1 - len(parts)), look["dim"]))
    return parts


def matches(session: SessionState, wanted: str) -> bool:
    """Return whether a session fits a filter: every word is in its name, number, state, agent or id."""
    text = f"{session.number} {session.name} {session.status} {session.agent} {session.task.agent} {session.id}"
    folded = text.casefold()
    return all(word in folded for word in wanted.casefold().split())


def grouped(sessions: Iterable[SessionState]) -> list[HeadingRow | SessionRow]:
    """Return headings and rows, in order of number within a group."""
    by_status: dict[SessionStatus, list[SessionState]] = {}
    for session in sessions:
        by_status.setdefault(session.status, []).append(session)
    rows: list[HeadingRow | SessionRow] = []
    for name, statuses in GROUPS:
        members = [session for status in statuses for session in by_status.get(status, ())]
        if members:
            members.sort(key=lambda session: session.number)
            rows.append(HeadingRow(name, len(members)))
            rows.extend(SessionRow(session) for session in members)
    return rows
