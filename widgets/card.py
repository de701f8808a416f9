"""The card of an attention item: the exact question, every character of it visible, and the keys that answer it."""

from __future__ import annotations

import shlex

from textual.strip import Strip
from textual.widget import Widget

from cockpit.checks.types import CheckOutcome
from cockpit.providers.text import Safe, clean, clean_line, confusable, show_escaped
from cockpit.screens.keys import Keyboard
from cockpit.sessions.types import AttentionItem, AttentionKind, RequestKind, RequestRaised
from widgets.attention import SIGNS, AttentionRow
from widgets.cells import age, cut, strip_of, width_of, wrap
from widgets.look import Look
from widgets.rows import Parts

_NO = ("session.redirect", "redirect"), ("session.reject", "reject")
_ANSWERS: dict[AttentionKind, tuple[tuple[str, str], ...]] = {
    AttentionKind.CONFLICT: _NO,
    AttentionKind.BLOCKED: (("session.reject", "reject"),),
    AttentionKind.PAUSED: (("card.approve", "go on"), *_NO),
    AttentionKind.FAILED: (("card.approve", "resume"), *_NO),
    AttentionKind.INTERRUPTED: (("card.approve", "resume"), *_NO),
    AttentionKind.STALLED: (("session.redirect", "redirect"), ("session.stop", "stop")),
    AttentionKind.READY: (("card.approve", "approve"), *_NO, ("fleet.diff", "diff")),
}
_ALLOWED = (
    ("card.approve", "once"),
    ("card.allow_session", "this session"),
    ("card.allow_always", "always"),
    ("session.reject", "deny"),
)
_ASKED = (("card.approve", "answer"), ("session.reject", "decline"))


class Card(Widget):
    """Shown while the cursor of the list is on an attention item."""

    DEFAULT_CSS = """
    Card {
        display: none; background: $surface; color: $ink;
        border-left: outer $waiting; height: 3; max-height: 60%;
    }
    Card.-shown { display: block; }
    Card.-ready { border-left: outer $ready; }
    """

    def __init__(self, keyboard: Keyboard, *, id: str | None = None) -> None:  # noqa: A002 - Textual's name for it
        super().__init__(id=id)
        self._keyboard = keyboard
        self._lines: list[Parts] = []
        self._keys: list[Parts] = []
        self._top = 0
        self._item: AttentionItem | None = None
        self._seen: tuple[object, ...] = ()
        self._look: Look | None = None

    @property
    def item(self) -> AttentionItem | None:
        """What it shows."""
        return self._item

    def show(self, row: AttentionRow | None, now: float, *, is_active: bool) -> None:
        """Show an item, or nothing. `is_active`: its keys act now."""
        self._item = row.item if row is not None else None
        self.set_class(row is not None, "-shown")
        if row is None:
            self._seen = ()
            return
        width = max(10, self.size.width or self._room())
        seen = (row.item, row.session.version, age(now - row.item.since), is_active, width)
        if seen == self._seen:
            return
        if not self._seen or self._seen[0] != row.item:
            self._top = 0
        self._seen = seen
        self.set_class(row.item.kind is AttentionKind.READY, "-ready")
        self._look = self._look or Look(self)
        self._lines = card_lines(row, width, self._look, now)
        self._keys = key_lines(row, width, self._look, self._keyboard, is_active=is_active)
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
        self._look = self._look or Look(self)
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


def card_lines(row: AttentionRow, width: int, look: Look, now: float) -> list[Parts]:
    """Return the lines of the card above its keys, none wider than `width`."""
    item, session = row.item, row.session
    sign, meaning = SIGNS[item.kind]
    room = width - 2
    waited = f"waiting {age(now - item.since)}"
    head = f"{sign} {item.kind.value} "
    name = cut(Safe(f"{session.number} {clean_line(session.name)}"), room - len(head) - len(waited) - 2)
    lines: list[Parts] = [[(head, look[meaning]), (name, look["dim"]), (f"  {waited}", look["dim"])]]
    request = session.requests.get(item.request)
    lines += [[(line, look["strong"])] for line in wrap(show_escaped(item.title), room)]
    lines += _request_lines(request, room, look) if request else []
    detail = item.detail if not request or item.detail not in (request.reason, request.title) else ""
    lines += [[(line, look["ink"])] for line in wrap(clean(detail.strip()), room)] if detail.strip() else []
    if item.kind is AttentionKind.READY:
        lines += _proof_lines(row, room, look)
    if words := confusable(f"{item.title} {' '.join(request.argv) if request else ''}"):
        lines.append([(cut(Safe(f"look-alike letters: {', '.join(words)}"), room), look["failed"])])
    return [[(" ", look["ink"]), *parts] for parts in lines]


def _request_lines(request: RequestRaised, room: int, look: Look) -> list[Parts]:
    lines: list[Parts] = []
    command = shlex.join(request.argv)
    if request.argv and request.title not in (command, " ".join(request.argv)):
        lines += [[(line, look["accent"])] for line in wrap(show_escaped(command), room)]
    if request.cwd:
        lines.append([(cut(Safe(f"in {show_escaped(request.cwd)}"), room), look["dim"])])
    if request.reason:
        lines += [[(line, look["ink"])] for line in wrap(clean(request.reason.strip()), room)]
    for number, option in enumerate(request.options, 1):
        lines.append([(f"{number} ", look["accent"]), (cut(clean_line(option), room - 3), look["ink"])])
    return lines


def _proof_lines(row: AttentionRow, room: int, look: Look) -> list[Parts]:
    session = row.session
    receipt = session.receipt
    change = session.change
    first: Parts = [(f"commit {clean_line(session.commit[:10]) or '-'}", look["ink"])]
    if change is not None:
        first += [
            (f"  {len(change.files)} file{'' if len(change.files) == 1 else 's'} ", look["dim"]),
            (f"+{change.added}", look["added"]),
            (f" -{change.removed}", look["removed"]),
        ]
    if receipt is None:
        return [first, [("no receipt yet: it cannot be approved", look["failed"])]]
    passed = sum(result.outcome is CheckOutcome.PASSED for result in receipt.results)
    names = ", ".join(clean_line(result.check) for result in receipt.results)
    verdict = look["ready"] if receipt.is_clean else look["failed"]
    proof: Parts = [(f"{passed}/{len(receipt.results)} checks passed", verdict)]
    if names:
        proof.append((cut(Safe(f"  {names}"), room - 24), look["dim"]))
    return [first, proof]


def answers_of(row: AttentionRow) -> tuple[tuple[str, str], ...]:
    """Return the ids of the keys that answer an item, with a word each."""
    if row.item.kind is not AttentionKind.REQUEST:
        return _ANSWERS[row.item.kind]
    request = row.session.requests.get(row.item.request)
    return _ASKED if request is not None and request.kind is RequestKind.QUESTION else _ALLOWED


def key_lines(row: AttentionRow, width: int, look: Look, keyboard: Keyboard, *, is_active: bool) -> list[Parts]:
    """Return the keys that answer an item, bright while they act."""
    lines: list[Parts] = [[]]
    room = width - 2
    for name, word in answers_of(row):
        parts: Parts = [(keyboard.first(name), look["title" if is_active else "dim"]), (f" {word}   ", look["dim"])]
        if width_of(lines[-1]) + width_of(parts) - 3 > room:
            lines.append([])
        lines[-1] += parts
    return [[(" ", look["ink"]), *parts] for parts in lines]
