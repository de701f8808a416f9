"""The header of the fleet: where this is, how it goes, and what a person must not overlook."""

from __future__ import annotations

from collections import Counter
from itertools import islice
from pathlib import PurePath

from cockpit.changes.types import QueueStatus
from cockpit.providers.text import clean_line
from cockpit.screens.store import LinkStatus, Store
from cockpit.sessions.types import SessionStatus
from cockpit.state.model import State
from widgets.bar import Bar
from widgets.cells import count, cut, width_of
from widgets.look import Look
from widgets.rows import Parts
from widgets.spending import (
    FULL_PERCENT,
    UNKNOWN,
    bar,
    cost_words,
    fullest,
    meaning_of,
    meter_percent,
    meter_words,
    warnings_of,
)

_BAR_WIDTH = 10
_WIDE, _WARNINGS = 120, 3
"""From this width on, so many agents whose allowance runs out are named; else the one that is nearest to it."""
_COUNTED = (
    ("working", (SessionStatus.WORKING, SessionStatus.PREPARING), "working"),
    ("checking", (SessionStatus.CHECKING,), "working"),
    ("ready", (SessionStatus.READY,), "ready"),
    ("landed", (SessionStatus.LANDED,), "dim"),
)


class Header(Bar):
    """One line; a `flush` draws it again when the store changed."""

    DEFAULT_CSS = "Header { background: $panel; }"

    def __init__(self, repository: str, *, id: str | None = None) -> None:  # noqa: A002 - Textual's name for it
        super().__init__(id=id)
        self._repository = repository
        self._seen: tuple[int, int] | None = None

    def flush(self, store: Store) -> None:
        """Say how things stand."""
        seen = (store.version, self.size.width)
        if seen == self._seen or not self.size.width:
            return
        self._seen = seen
        self.say(*header_parts(store, self._repository, self.size.width, self.look))

    def notify_style_update(self) -> None:
        """Draw again with the new colours."""
        super().notify_style_update()
        self._seen = None


def header_parts(store: Store, repository: str, width: int, look: Look) -> tuple[Parts, Parts]:
    """Return the left and the right end. What is urgent stays; the rest gives way on a narrow screen."""
    state = store.state
    badges = _badges(store, look, _WARNINGS if width >= _WIDE else 1)
    name = cut(clean_line(PurePath(repository).name or "cockpit"), max(8, width // 5))
    place: Parts = [(f" {name}", look["strong"])]
    if state.target and width >= 60:
        place.append((f" → {cut(clean_line(state.target), 20)}", look["dim"]))
    figures = [*place, ("   ", look["dim"]), *_figures(state, look)]
    spent, queue = _spent(state, look), _queue(state, look)
    room = width - width_of(badges)
    parts = next((fits for fits in ([*figures, *spent, *queue], [*figures, *spent]) if width_of(fits) <= room), figures)
    while width_of(parts) + width_of(badges) > width and len(parts) > len(place) + 2:
        parts.pop()
    return parts, badges


def _figures(state: State, look: Look) -> Parts:
    total = Counter(session.status for session in state.sessions.values())
    waiting = len(state.attention)
    parts: Parts = [(f"{waiting} waiting", look["question"] if waiting else look["dim"])]
    for word, statuses, meaning in _COUNTED:
        number = sum(total[status] for status in statuses)
        if number:
            parts.append((f" · {number} {word}", look[meaning]))
    return parts


def _spent(state: State, look: Look) -> Parts:
    """What the fleet used today; where it has a budget, how much of it (of the one that is reached first)."""
    meter = fullest(state.fleet_meters())
    if meter is not None:
        percent = meter_percent(meter)
        meaning = meaning_of(percent) if percent > FULL_PERCENT else "dim"
        return [("   ", look["dim"]), *bar(percent, _BAR_WIDTH, look), (f" {meter_words(meter)}", look[meaning])]
    today = state.today
    if not today.tokens:
        return []
    cost = cost_words(today)
    known = f"{cost}, " if cost != UNKNOWN else ""
    return [(f"   today {known}{count(today.tokens)} tokens", look["dim"])]


def _queue(state: State, look: Look) -> Parts:
    if not state.queue:
        return []
    testing = sum(entry.status is QueueStatus.TESTING for entry in state.queue)
    blocked = sum(entry.status is QueueStatus.BLOCKED for entry in state.queue)
    text = f"   queue {len(state.queue)}"
    if testing:
        text += f", testing {testing}"
    return [(text, look["dim"]), (f", {blocked} blocked" if blocked else "", look["failed"])]


def _badges(store: Store, look: Look, warnings: int) -> Parts:
    state = store.state
    words: list[tuple[str, str]] = []
    if store.link is not LinkStatus.LIVE:
        words.append((store.link.value, "failed" if store.link is LinkStatus.FOREIGN else "badge"))
    if state.config_error:
        words.append(("cockpit.toml is broken", "failed"))
    words += [(warning, "badge") for warning in islice(warnings_of(state.limits), warnings)]
    if any(session.is_scripted for session in state.sessions.values()):
        words.append(("scripted model", "badge"))
    if state.seq and not state.sandbox:
        words.append(("not sandboxed", "badge"))
    parts: Parts = []
    for text, meaning in words:
        parts += [(" ", look["dim"]), (f"[{text}]", look[meaning])]
    return [*parts, (" ", look["dim"])] if parts else parts
