"""What the Rules screen shows, as lines: the curve, the rules with their books, and all about one of them."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from cockpit.providers.text import Safe, clean, clean_line
from cockpit.rules.types.books import RuleFiring, RuleProposal, RulesView, RuleView
from cockpit.state.rule_curve import WINDOW, Point, drawn
from widgets.cells import fit
from widgets.highlight import spans_of
from widgets.sourceline import Bit, Flow, Line, TextLine

SPARK_DAYS = 30
_SPARKS = "▁▂▃▄▅▆▇█"
_GUTTER = 6
_NARROW, _WIDE = 70, 92
_LEAST_NAME = 24
_EXAMPLE_LINES = 16
_DAY_S = 86_400.0
_STATE_INKS = {"block": "failed", "warn": "waiting", "shadow": "dim", "draft": "dim", "retired": "faint"}
_FATES = {
    "open": ("●", "failed"),
    "fixed": ("✓", "ready"),
    "suppressed": ("~", "waiting"),
    "not useful": ("○", "waiting"),
    "over": ("·", "dim"),
}


@dataclass(frozen=True, slots=True)
class Place:
    """What a line of the screen belongs to."""

    rule: str = ""
    firing: int | None = None
    proposal: int | None = None


# --- the curve


def curve_lines(view: RulesView, width: int, height: int) -> list[Line]:
    """Return the curve of repeated mistakes per merged change, with a tick where a rule was accepted.

    Args:
        view: what is known.
        width: cells of a row.
        height: rows for the curve itself; axis and words take two more.
    """
    curve = [Point(one.at, one.repeated, one.caught, one.rules) for one in view.curve]
    if not curve:
        words = "repeated mistakes per merged change: begins with the first change that lands"
        return [TextLine(Safe(words), "dim", lead=((" ", ""),), flow=Flow.CUT)]
    picture = drawn(curve, max(10, width - _GUTTER - 1), height)
    lines: list[Line] = []
    for place, row in enumerate(picture.rows):
        label = f"{picture.top:.1f}" if place == 0 else ""
        lines.append(TextLine(Safe(row), "working", lead=((f"{label:>{_GUTTER - 1}} ", "dim"),), flow=Flow.CUT))
    spans = [(at, at + 1, "accent") for at, sign in enumerate(picture.axis) if sign == "▲"]
    lines.append(TextLine(Safe(picture.axis), "faint", spans, lead=((f"{'0':>{_GUTTER - 1}} ", "dim"),), flow=Flow.CUT))
    lines.append(_about(curve, width))
    return lines


def _about(curve: Sequence[Point], width: int) -> TextLine:
    now = curve[-1].value
    parts: list[Bit] = [("repeated mistakes per merged change ", "dim"), (f"{now:.2f}", "strong")]
    if len(curve) > WINDOW:
        before = curve[-WINDOW - 1].value
        ink = "ready" if now < before else "failed" if now > before else "dim"
        parts.append((f" from {before:.2f}", ink))
    if width >= _WIDE:
        since = time.strftime("%d %b", time.localtime(curve[0].at)).lstrip("0")
        parts.append((f", over the last {min(WINDOW, len(curve))} of {len(curve)} since {since}", "dim"))
    parts.append((f"  caught {curve[-1].caught:.2f}", "dim"))
    if any(one.rules for one in curve):
        parts += [("  ▲", "accent"), (" a rule began", "dim")]
    text = "".join(said for said, _ in parts)
    spans, at = [], 0
    for said, ink in parts:
        spans.append((at, at + len(said), ink))
        at += len(said)
    return TextLine(Safe(text), "dim", spans, lead=((" ", ""),), flow=Flow.CUT)


# --- the table


def table_head(width: int) -> str:
    """Return the names of the columns, as wide as the table."""
    names = "".join(fit(Safe(name), size, is_right=is_right) for name, size, is_right in _columns(width))
    return "    " + fit(Safe("rule"), _room(width) + 1) + names


def table_lines(rules: Sequence[RuleView], width: int, now: float) -> list[Line]:
    """Return one line for each rule."""
    return [_row(rule, width, now) for rule in rules]


def _columns(width: int) -> list[tuple[str, int, bool]]:
    """Return name, size and side of each column; the days take what the names of rules leave them."""
    named = [("state", 8, False), ("fired", 6, True), ("fixed", 6, True), ("aside", 6, True)]
    if width >= _WIDE:
        named += [("no use", 7, True), ("sess", 5, True)]
    elif width < _NARROW:
        return named[:3]
    named.append(("seen", 6, True))
    days = min(SPARK_DAYS, width - 5 - _LEAST_NAME - 2 - sum(size for _, size, _ in named))
    return [*named, (f"  {days} days", days + 2, False)]


def _room(width: int) -> int:
    return max(8, width - 5 - sum(size for _, size, _ in _columns(width)))


def _row(rule: RuleView, width: int, now: float) -> TextLine:
    is_off = rule.state in ("retired", "draft")
    sign: Bit = ("!", "badge") if rule.proposals else (" ", "")
    columns = _columns(width)
    days = next((size - 2 for name, size, _ in columns if name.endswith("days")), 0)
    cells = {
        "state": (rule.state, _STATE_INKS.get(rule.state, "ink")),
        "fired": (str(rule.fired), "ink" if rule.fired else "faint"),
        "fixed": (str(rule.fixed), "ready" if rule.fixed else "faint"),
        "aside": _aside(rule, is_all=width < _WIDE),
        "no use": (str(rule.not_useful), "waiting" if rule.not_useful else "faint"),
        "sess": (str(rule.sessions), "dim"),
        "seen": (ago(rule.last_seen, now), "dim"),
    }
    right: list[Bit] = []
    for name, size, is_right in columns:
        if name.endswith("days"):
            right.append((f"  {spark(rule.days, days, now)}", "working"))
            continue
        text, ink = cells[name]
        right.append((fit(Safe(text), size, is_right=is_right), ink))
    lead = ((" ", ""), sign, ("  ", ""))
    ink = "faint" if is_off else "ink"
    return TextLine(
        Safe(fit(clean_line(rule.id), _room(width) - 1)),
        ink,
        lead=lead,
        right=right,
        flow=Flow.CUT,
        mark=Place(rule.id),
    )


def _aside(rule: RuleView, *, is_all: bool) -> Bit:
    count = rule.suppressed + (rule.not_useful if is_all else 0)
    return str(count), "waiting" if count else "faint"


def spark(days: dict[str, int], count: int, now: float) -> str:
    """Return the firings of the last days, a cell for each; a day without any is a gap."""
    today = datetime.fromtimestamp(now, UTC).date()
    numbers = [days.get((today - timedelta(days=back)).isoformat(), 0) for back in range(count - 1, -1, -1)]
    most = max(numbers, default=0)
    return "".join(_SPARKS[min(7, number * 8 // (most + 1))] if number else "·" for number in numbers)


def ago(at: float, now: float) -> str:
    """Return in a few characters how long ago something was."""
    if not at:
        return "never"
    minutes = max(0.0, now - at) / 60
    if minutes < 60:
        return f"{minutes:.0f} m"
    return f"{minutes / 60:.0f} h" if minutes < 48 * 60 else f"{minutes / 1440:.0f} d"


# --- one rule


def rule_lines(rule: RuleView, key: str, now: float) -> list[Line]:
    """Return everything about a rule; `key` carries out what is proposed."""
    place = Place(rule.id)
    lines: list[Line] = []
    ink = _STATE_INKS.get(rule.state, "ink")
    about = f"{rule.id}  {rule.state}  {rule.severity}, {rule.engine}"
    begin = len(rule.id) + 2
    spans = ((0, len(rule.id), "title"), (begin, begin + len(rule.state), ink))
    lines.append(TextLine(clean_line(about), "dim", spans, lead=((" ", ""),), mark=place))
    for number, proposal in enumerate(rule.proposals):
        lines += _proposal(proposal, Place(rule.id, proposal=number), key)
    lines += _words(rule.message, "ink", (" ", ""), place)
    lines += _words(rule.fix, "dim", (" → ", "accent"), place)
    lines += _words(f"why: {rule.why}" if rule.why else "", "dim", (" ", ""), place)
    lines += _facts(rule, now, place)
    for heading, texts, back in (("bad", rule.bad, "removed-back"), ("good", rule.good, "added-back")):
        for text in texts:
            lines += _code(heading, text, back, rule, place)
    lines.append(TextLine(Safe("")))
    head = (
        f"last firings  {len(rule.firings)} of {rule.fired + rule.suppressed}" if rule.firings else "last firings  none"
    )
    lines.append(TextLine(Safe(head), "dim", ((0, 12, "title"),), lead=((" ", ""),), mark=place))
    for number, firing in enumerate(rule.firings):
        lines += _firing(firing, Place(rule.id, firing=number), now)
    return lines


def _words(text: str, ink: str, lead: Bit, mark: Place) -> Iterator[Line]:
    for number, line in enumerate(clean(text).strip().split("\n")):
        if line.strip():
            first = lead if number == 0 else (" " * len(lead[0]), "")
            yield TextLine(clean_line(line), ink, lead=(first,), mark=mark)


def _proposal(proposal: RuleProposal, mark: Place, key: str) -> Iterator[Line]:
    what = {"demote": f"makes it {proposal.state}", "delete": "deletes it", "prose": "takes this out:"}[proposal.kind]
    words = f"{proposal.words}. {key} {what}"
    yield TextLine(clean_line(words), "badge", lead=((" ! ", "badge"),), mark=mark)
    if proposal.prose is not None:
        for line in clean(proposal.prose.text).split("\n"):
            yield TextLine(clean_line(line), lead=(("   - ", "removed"),), back="removed-back", mark=mark)


def _facts(rule: RuleView, now: float, mark: Place) -> Iterator[Line]:
    where = ", ".join(rule.files) or "every file"
    if rule.ignores:
        where += f"; not {', '.join(rule.ignores)}"
    yield _fact("files", where, mark)
    for one in rule.origin:
        whose = " ".join(filter(None, (one.kind, f"of session {one.session}" if one.session else "", one.who, one.at)))
        yield _fact("from", f"{whose}: “{one.quote}”" if one.quote else whose, mark)
    if rule.pack:
        yield _fact("from", f"the pack {rule.pack}", mark)
    if rule.accepted_at:
        yield _fact("accepted", f"by {rule.accepted_by or 'somebody'}, {_day(rule.accepted_at)}", mark)
    if rule.changed_at:
        yield _fact("changed", f"by {rule.changed_by or 'somebody'}, {_day(rule.changed_at)}", mark)
    counts = f"fired {rule.fired}, fixed {rule.fixed}, suppressed {rule.suppressed}, not useful {rule.not_useful}"
    where = f"{rule.sessions} session{'' if rule.sessions == 1 else 's'}"
    yield _fact("books", f"{counts}, in {where}, last {ago(rule.last_seen, now)}", mark)
    yield _fact("file", rule.source, mark)


def _fact(name: str, text: str, mark: Place) -> TextLine:
    return TextLine(clean_line(text), "ink", lead=((f" {name:<9}", "dim"),), mark=mark)


def _day(at: float) -> str:
    return time.strftime("%d %b %H:%M", time.localtime(at)).lstrip("0")


def _code(heading: str, text: str, back: str, rule: RuleView, mark: Place) -> Iterator[Line]:
    yield TextLine(Safe(heading), "dim", lead=((" ", ""),), mark=mark)
    all_lines = clean(text).rstrip().split("\n")
    shown = [clean_line(line) for line in all_lines[:_EXAMPLE_LINES]]
    name = rule.files[0].rpartition("/")[2] if rule.files else ""
    spans = spans_of(shown, name if "." in name else rule.engine, is_file="." in name)
    for line, inks in zip(shown, spans, strict=True):
        yield TextLine(line, spans=inks, lead=(("   │ ", "faint"),), back=back, flow=Flow.HARD, mark=mark)
    if len(all_lines) > len(shown):
        rest = f"{len(all_lines) - len(shown)} more lines"
        yield TextLine(Safe(rest), "dim", lead=(("   │ ", "faint"),), mark=mark)


def _firing(firing: RuleFiring, mark: Place, now: float) -> Iterator[Line]:
    sign, ink = _FATES[firing.fate]
    where = f"{firing.path}:{firing.line}" if firing.line else firing.path or "the change as a whole"
    whose = f"{firing.fate}  session {firing.number or clean_line(firing.session)}  {ago(firing.at, now)}"
    yield TextLine(
        clean_line(where), "accent", lead=((f" {sign} ", ink),), right=((whose, "dim"),), flow=Flow.CUT, mark=mark
    )
    if firing.text:
        text = clean_line(firing.text)
        (spans,) = spans_of([text], firing.path)
        yield TextLine(text, spans=spans, lead=(("   │ ", "faint"),), flow=Flow.CUT, mark=mark)
