"""Earlier remarks that are like one, as lines: the offer in one line, and each of them to be read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self

from cockpit.providers.text import Safe, clean, clean_line
from cockpit.rules.types.mistakes import Remark, RemarkKind
from cockpit.screens.keys import Keyboard
from cockpit.types import SessionId
from widgets.cells import age, cut, width_of
from widgets.look import Look
from widgets.palette import Palette
from widgets.rows import Parts
from widgets.sourceline import Line, TextLine

_LINES_EACH = 6
_SHORTEST_QUOTE = 24
_KINDS = {
    RemarkKind.REDIRECT: "redirected",
    RemarkKind.COMMENT: "commented",
    RemarkKind.REJECT: "rejected it",
    RemarkKind.DENIAL: "denied",
    RemarkKind.REVIEW: "found in review",
}


@dataclass(frozen=True, slots=True)
class Likely:
    """An earlier remark, and how like it is: 0 not at all, 1 the same."""

    remark: Remark
    score: float

    @classmethod
    def of(cls, said: Mapping[str, Any]) -> Self:
        """Return what the supervisor said, as one."""
        return cls(Remark.model_validate(said["remark"]), float(said["score"]))


@dataclass(frozen=True, slots=True)
class Offer:
    """What was said, and what is like it, the most likely first; at least one."""

    remark: Remark
    likely: tuple[Likely, ...]
    numbers: Mapping[SessionId, int]
    """Of the sessions that the earlier ones were said to, as far as they are known."""

    @property
    def first(self) -> Remark:
        """The most likely one."""
        return self.likely[0].remark

    def where(self, now: float) -> Safe:
        """Say to which session the most likely one was said, and when."""
        return Safe(f"session {self.numbers.get(self.first.session, '?')}, {age(now - self.first.at)} ago")

    @property
    def more(self) -> Safe:
        """Say how many there are besides; empty: none."""
        return Safe(f" and {len(self.likely) - 1} more" if len(self.likely) > 1 else "")


def offer_words(offer: Offer, look: Look, keyboard: Keyboard, now: float) -> tuple[Parts, Parts]:
    """Return the two ends of the line that offers earlier remarks."""
    left: Parts = [
        (" You said this before? ", look["question"]),
        (f" “{clean_line(offer.first.text)}”", look["ink"]),
        (f"  {offer.where(now)} {offer.more}".rstrip(), look["dim"]),
    ]
    right: Parts = []
    for name, word in (("said.same", "the same"), ("said.read", "read"), ("fleet.back", "no")):
        right += [(f"  {keyboard.first(name)}", look["title"]), (f" {word}", look["dim"])]
    return left, [*right, (" ", look["dim"])]


def card_offer(
    offer: Offer, width: int, look: Palette, keyboard: Keyboard, now: float, *, is_active: bool
) -> list[Parts]:
    """Return what a card offers below the question, in one line where there is room; `is_active`: its keys act now."""
    keys: Parts = []
    for name, word in (("said.same", "the same"), ("said.read", "read"), ("said.pass", "no")):
        keys += [(keyboard.first(name), look["title" if is_active else "dim"]), (f" {word}   ", look["dim"])]
    short: Parts = [(" ↻ ", look["accent"]), ("Said before? ", look["dim"])]
    head: Parts = [(" ↻ ", look["accent"]), ("You said this before? ", look["dim"])]
    head = short if offer.remark.kind is RemarkKind.REVIEW else head
    tail: Parts = [(f"  {offer.where(now)}{offer.more}   ", look["dim"])]
    quoted = Safe(f"“{clean_line(offer.first.text)}”")
    room = width - width_of(head) - width_of(tail) - width_of(keys)
    if room >= min(_SHORTEST_QUOTE, len(quoted)):
        return [[*head, (cut(quoted, room), look["ink"]), *tail, *keys]]
    head = short if width - width_of(head) <= _SHORTEST_QUOTE else head
    first: Parts = [*head, (cut(quoted, width - width_of(head) - 1), look["ink"])]
    second: Parts = [("   ", look["dim"]), *keys]
    return [first, [*second, *tail] if width_of(second) + width_of(tail) <= width else second]


def said_lines(likely: Sequence[Likely], numbers: Mapping[SessionId, int], now: float) -> list[Line]:
    """Return earlier remarks to be read; the mark of each line is the remark's place."""
    lines: list[Line] = []
    for place, one in enumerate(likely):
        remark = one.remark
        who = f"{clean_line(remark.by) or 'somebody'} {_KINDS[remark.kind]} {age(now - remark.at)} ago"
        head = Safe(f"session {numbers.get(remark.session, '?')}  {who}  {one.score:.0%} alike")
        lines.append(TextLine(head, "dim", lead=((f"{place + 1}  ", "title"),), mark=place))
        said = [line for line in clean(remark.text).split("\n") if line.strip()]
        lines += [TextLine(Safe(line), "strong", lead=_INSET, mark=place) for line in said[:_LINES_EACH]]
        if remark.path:
            where = f"{remark.path}:{remark.line}" if remark.line else remark.path
            lines.append(TextLine(clean_line(where), "dim", lead=_INSET, mark=place))
        code = [line for line in clean(remark.snippet).split("\n") if line.strip()]
        lines += [TextLine(Safe(line), "code", lead=_INSET, mark=place) for line in code[:_LINES_EACH]]
        if remark.subject and remark.subject != remark.text:
            lines.append(TextLine(clean_line(remark.subject), "code", lead=_INSET, mark=place))
    return lines


_INSET = (("   ", ""),)
