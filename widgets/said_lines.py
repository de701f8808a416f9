"""Earlier remarks that are like one, as lines: the offer in one line, and each of them to be read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self

from cockpit.providers.text import Safe, clean, clean_line
from cockpit.rules.types.mistakes import Remark, RemarkKind
from cockpit.screens.keys import Keyboard
from cockpit.types import SessionId
from widgets.cells import age
from widgets.look import Look
from widgets.rows import Parts
from widgets.sourceline import Line, TextLine

_LINES_EACH = 6
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


def offer_words(
    likely: Sequence[Likely], numbers: Mapping[SessionId, int], look: Look, keyboard: Keyboard, now: float
) -> tuple[Parts, Parts]:
    """Return the two ends of the line that offers earlier remarks."""
    first = likely[0].remark
    more = f"  and {len(likely) - 1} more" if len(likely) > 1 else ""
    left: Parts = [
        (" You said this before? ", look["question"]),
        (f" “{clean_line(first.text)}”", look["ink"]),
        (f"  session {numbers.get(first.session, '?')}, {age(now - first.at)} ago{more}", look["dim"]),
    ]
    right: Parts = []
    for name, word in (("said.same", "the same"), ("said.read", "read"), ("fleet.back", "no")):
        right += [(f"  {keyboard.first(name)}", look["title"]), (f" {word}", look["dim"])]
    return left, [*right, (" ", look["dim"])]


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
