"""The curve of repeated mistakes per merged change, as `cockpit stats` prints it."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from typing import Any

from cockpit.state.rule_curve import WINDOW, Point, drawn

COLUMNS, ROWS = 72, 4
_GUTTER = 6


def rows(said: Sequence[dict[str, Any]]) -> Iterator[str]:
    """Yield the lines of the picture, and what it says in words."""
    curve = [Point(one["at"], one["value"], one["caught"], tuple(one["rules"])) for one in said]
    if not curve:
        yield "repeated mistakes per merged change: no change was merged yet"
        return
    since = time.strftime("%d %b %Y", time.localtime(curve[0].at)).lstrip("0")
    yield f"repeated mistakes per merged change, over {WINDOW} at a time, since {since}"
    picture = drawn(curve, COLUMNS, ROWS)
    for place, row in enumerate(picture.rows):
        label = f"{picture.top:.1f}" if place == 0 else ""
        yield f"{label:>{_GUTTER - 1}} {row}".rstrip()
    yield f"{'0':>{_GUTTER - 1}} {picture.axis}"
    now = f"now {curve[-1].value:.2f}"
    before = f", {WINDOW} changes ago {curve[-WINDOW - 1].value:.2f}" if len(curve) > WINDOW else ""
    accepted = [rule for point in curve for rule in point.rules]
    last = f"; ▲ a rule began: {', '.join(accepted[-3:])}" if accepted else ""
    yield f"{' ' * _GUTTER}{now}{before}; caught by rules {curve[-1].caught:.2f}{last}"
