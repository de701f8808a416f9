"""The card of an attention item: the exact question over the keys that answer it. What it says is in `card_lines`."""

from __future__ import annotations

import math
import time

from textual.strip import Strip
from textual.widget import Widget

from cockpit.screens.keys import Keyboard
from cockpit.sessions.types import AttentionItem, AttentionKind, RequestKind
from widgets.attention import AttentionRow
from widgets.card_lines import card_lines
from widgets.cells import age, strip_of, width_of
from widgets.mistake_lines import MistakeSight
from widgets.palette import Palette
from widgets.rows import Parts
from widgets.said_lines import Offer, card_offer

_NO = ("session.redirect", "redirect"), ("session.reject", "reject")
_ANSWERS: dict[AttentionKind, tuple[tuple[str, str], ...]] = {
    AttentionKind.CONFLICT: _NO,
    AttentionKind.BLOCKED: (("session.reject", "reject"),),
    AttentionKind.PAUSED: (("card.approve", "go on"), *_NO),
    AttentionKind.FAILED: (("card.approve", "resume"), *_NO),
    AttentionKind.INTERRUPTED: (("card.approve", "resume"), *_NO),
    AttentionKind.STALLED: (("session.redirect", "redirect"), ("session.stop", "stop")),
    AttentionKind.READY: (("card.approve", "approve"), *_NO, ("fleet.diff", "diff")),
    AttentionKind.MISTAKE: (("rule.forge", "make a rule of it"), ("session.reject", "let it be")),
}
_ALLOWED = (
    ("card.approve", "once"),
    ("card.allow_session", "this session"),
    ("card.allow_always", "always"),
    ("session.reject", "deny"),
)
_APART = ("card.apart", "each alone")
_ASKED = (("card.approve", "answer"), ("session.reject", "decline"))


class Card(Widget):
    """Shown while the cursor of the list is on an attention item."""

    DEFAULT_CSS = """
    Card {
        display: none; background: $surface; color: $ink;
        border-left: outer $waiting; height: 3; max-height: 75%;
    }
    Card.-shown { display: block; }
    Card.-ready { border-left: outer $ready; }
    Card.-mistake { border-left: outer $accent; }
    """

    def __init__(self, keyboard: Keyboard, *, id: str | None = None) -> None:  # noqa: A002 - Textual's name for it
        super().__init__(id=id)
        self._keyboard = keyboard
        self._lines: list[Parts] = []
        self._keys: list[Parts] = []
        self._top = 0
        self._row: AttentionRow | None = None
        self.grown_at = -math.inf
        """When another session joined those that it shows, by the monotonic clock."""
        self._seen: tuple[object, ...] = ()
        self._look: Palette | None = None

    @property
    def item(self) -> AttentionItem | None:
        """What it shows; of several alike, the oldest."""
        return self._row.item if self._row is not None else None

    @property
    def items(self) -> tuple[str, ...]:
        """The ids of all items that an answer on it is for."""
        return self._row.items if self._row is not None else ()

    def show(
        self,
        row: AttentionRow | None,
        now: float,
        *,
        is_active: bool,
        sight: MistakeSight | None = None,
        offer: Offer | None = None,
    ) -> None:
        """Show an item, or nothing.

        Args:
            row: the item.
            now: epoch seconds.
            is_active: its keys act now.
            sight: what is known of its mistake.
            offer: what was said before that is like a remark of its session.
        """
        before, self._row = self._row, row
        self.set_class(row is not None, "-shown")
        if row is None:
            self._seen = ()
            return
        width = max(10, self.size.width or self._room())
        versions = tuple(asker.session.version for asker in row.askers)
        stamp = sight.stamp if sight is not None else ()
        said = (offer, age(now - offer.first.at)) if offer is not None else None
        seen = (row.items, row.is_apart, versions, age(now - row.item.since), is_active, width, stamp, said)
        if seen == self._seen:
            return
        if before is None or before.id != row.id:
            self.grown_at = -math.inf
        elif not set(row.items) <= set(before.items):
            self.grown_at = time.monotonic()
        if not self._seen or self._seen[0] != row.items:
            self._top = 0
        self._seen = seen
        self.set_class(row.item.kind is AttentionKind.READY, "-ready")
        self.set_class(row.is_mistake, "-mistake")
        self._look = self._look or Palette(self)
        self._lines = card_lines(row, width, self._look, now, sight)
        self._keys = key_lines(row, width, self._look, self._keyboard, is_active=is_active)
        if offer is not None:
            self._keys = [*card_offer(offer, width, self._look, self._keyboard, now, is_active=is_active), *self._keys]
        self.styles.height = len(self._lines) + len(self._keys)
        self.refresh()

    def _room(self) -> int:
        """Return how wide it will be when it is shown, so that it is laid out once."""
        room = self.parent.size.width if isinstance(self.parent, Widget) else 0
        return room - self.gutter.width

    def scroll_lines(self, step: int) -> None:
        """Scroll a question that is longer than the card."""
        hidden = len(self._lines) + len(self._keys) - self.size.height
        self._top = min(max(0, self._top + step), max(0, hidden))
        self.refresh()

    def render_line(self, y: int) -> Strip:
        """Draw one line of the window."""
        self._look = self._look or Palette(self)
        width, base = self.size.width, self._look.base
        body = self.size.height - len(self._keys)
        if y >= body:
            parts = self._keys[y - body] if 0 <= y - body < len(self._keys) else []
            return strip_of(parts, width, base)
        below = len(self._lines) - self._top - body
        if y == body - 1 and below > 0:
            down, up = self._keyboard.first("card.down"), self._keyboard.first("card.up")
            more = f" ⋮ {below + 1} more lines: {down} {up}"
            return strip_of([(more, self._look["question"])], width, base)
        line = self._top + y
        return strip_of(self._lines[line] if line < len(self._lines) else [], width, base)

    def notify_style_update(self) -> None:
        """Draw again with the new colours."""
        super().notify_style_update()
        self._look, self._seen = None, ()


def answers_of(row: AttentionRow) -> tuple[tuple[str, str], ...]:
    """Return the ids of the keys that answer an item, with a word each."""
    if row.item.kind is not AttentionKind.REQUEST:
        answers = _ANSWERS[row.item.kind]
        return (*(a for a in answers if a not in _NO), _APART) if row.is_folded else answers
    request = row.askers[0].request
    answers = _ASKED if request is not None and request.kind is RequestKind.QUESTION else _ALLOWED
    return (*answers, _APART) if row.is_folded else answers


def key_lines(row: AttentionRow, width: int, look: Palette, keyboard: Keyboard, *, is_active: bool) -> list[Parts]:
    """Return the keys that answer an item, bright while they act."""
    lines: list[Parts] = [[]]
    room = width - 2
    for name, word in answers_of(row):
        parts: Parts = [(keyboard.first(name), look["title" if is_active else "dim"]), (f" {word}   ", look["dim"])]
        if width_of(lines[-1]) + width_of(parts) - 3 > room:
            lines.append([])
        lines[-1] += parts
    return [[(" ", look["ink"]), *parts] for parts in lines]
