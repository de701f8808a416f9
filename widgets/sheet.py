"""One session on one sheet, as lines: the text of the overview pane."""

from __future__ import annotations

from collections.abc import Iterator

from cockpit.checks.types import CheckOutcome
from cockpit.providers.text import clean, clean_line
from cockpit.sessions.types import Budget, StepStatus
from cockpit.state.model import SessionState
from widgets.cells import age, count, cut, wrap
from widgets.look import Look
from widgets.rows import Parts
from widgets.sessions import GLYPHS

_STEPS = {StepStatus.DONE: ("✓", "ready"), StepStatus.RUNNING: ("▸", "working"), StepStatus.PENDING: ("·", "dim")}
_LABEL_WIDTH = 10
_FILES_SHOWN = 12
_FINDINGS_SHOWN = 8


def sheet_of(session: SessionState, width: int, look: Look) -> list[Parts]:
    """Return the lines, none wider than `width`."""
    room = max(10, width - 2)
    lines: list[Parts] = [[]]
    for section in (_task, _status, _plan, _findings, _proof, _change, _cost):
        part = list(section(session, room, look))
        if part:
            lines += [[(" ", look["ink"]), *parts] for parts in part]
            lines.append([])
    return lines


def _task(session: SessionState, room: int, look: Look) -> Iterator[Parts]:
    for line in wrap(clean(session.task.prompt.strip()), room):
        yield [(line, look["ink"])]


def _status(session: SessionState, room: int, look: Look) -> Iterator[Parts]:
    glyph, meaning = GLYPHS[session.status]
    reason = clean_line(session.reason)
    yield _field("state", [(f"{glyph} {session.status.value}", look[meaning])], look)
    if reason:
        for line in wrap(reason, room - _LABEL_WIDTH):
            yield _field("", [(line, look["ink"])], look)
    if headline := clean_line(session.headline):
        yield _field("doing", [(cut(headline, room - _LABEL_WIDTH), look["ink"])], look)
    agent = " · ".join(part for part in (session.agent or session.task.agent, session.model) if part)
    if agent:
        yield _field("agent", [(cut(clean_line(agent), room - _LABEL_WIDTH), look["ink"])], look)
    if session.is_scripted:
        yield _field("", [("scripted model: no model was asked", look["badge"])], look)
    if session.agent:
        confined = clean_line(session.sandbox)
        said = (cut(confined, room - _LABEL_WIDTH), look["ink"]) if confined else ("none", look["badge"])
        yield _field("sandbox", [said], look)
    if session.workspace is not None:
        yield _field("branch", [(cut(clean_line(session.workspace.branch), room - _LABEL_WIDTH), look["ink"])], look)
        yield _field("folder", [(cut(clean_line(session.workspace.path), room - _LABEL_WIDTH), look["dim"])], look)
    if session.app:
        yield _field("app", [(cut(clean_line(session.app), room - _LABEL_WIDTH), look["ink"])], look)


def _plan(session: SessionState, room: int, look: Look) -> Iterator[Parts]:
    for index, step in enumerate(session.plan):
        sign, meaning = _STEPS[step.status]
        text = look["dim"] if step.status is StepStatus.DONE else look["ink"]
        label = (f"{sign} ", look[meaning])
        yield _field("plan" if index == 0 else "", [label, (cut(clean_line(step.text), room - 12), text)], look)


def _findings(session: SessionState, room: int, look: Look) -> Iterator[Parts]:
    findings = session.findings
    for index, finding in enumerate(findings[:_FINDINGS_SHOWN]):
        place = f"{finding.path}:{finding.line}" if finding.line else finding.path
        text = clean_line(" ".join(part for part in (place, finding.code, finding.message) if part))
        yield _field("open" if index == 0 else "", [(cut(text, room - _LABEL_WIDTH), look["failed"])], look)
    if len(findings) > _FINDINGS_SHOWN:
        yield _field("", [(f"and {len(findings) - _FINDINGS_SHOWN} more", look["dim"])], look)


def _proof(session: SessionState, room: int, look: Look) -> Iterator[Parts]:
    receipt = session.receipt
    if receipt is None:
        return
    verdict = ("clean", look["ready"]) if receipt.is_clean else ("not clean", look["failed"])
    commit = clean_line(receipt.commit[:10] or session.commit[:10])
    yield _field("receipt", [verdict, (f" on {commit or 'tree ' + clean_line(receipt.tree[:10])}", look["ink"])], look)
    for result in receipt.results:
        sign = ("✓ ", look["ready"]) if result.outcome is CheckOutcome.PASSED else ("✗ ", look["failed"])
        note = "cached" if result.is_cached else f"{result.duration_s:.1f} s"
        yield _field(
            "", [sign, (cut(clean_line(result.check), room - 22), look["ink"]), (f"  {note}", look["dim"])], look
        )


def _change(session: SessionState, room: int, look: Look) -> Iterator[Parts]:
    change = session.change
    if change is None or not change.files:
        return
    total = f"{len(change.files)} file{'s' if len(change.files) > 1 else ''} "
    sums: Parts = [(f"+{change.added}", look["added"]), (f" -{change.removed}", look["removed"])]
    yield _field("change", [(total, look["ink"]), *sums], look)
    for file in change.files[:_FILES_SHOWN]:
        mark = "✓" if session.reviewed.get(file.path) == file.blob and file.blob else " "
        path = cut(clean_line(file.path), room - _LABEL_WIDTH - 16)
        numbers: Parts = [("  binary", look["dim"])]
        if file.added is not None:
            numbers = [(f"  +{file.added}", look["added"]), (f" -{file.removed}", look["removed"])]
        yield _field(
            "", [(f"{file.status} ", look["dim"]), (f"{mark} ", look["ready"]), (path, look["ink"]), *numbers], look
        )
    if len(change.files) > _FILES_SHOWN:
        yield _field("", [(f"and {len(change.files) - _FILES_SHOWN} more", look["dim"])], look)


def _cost(session: SessionState, _room: int, look: Look) -> Iterator[Parts]:
    usage, budget = session.usage, session.task.budget
    tokens = usage.input_tokens + usage.output_tokens
    if session.turn:
        yield _field("rounds", _of(str(session.round), _limit(budget, "rounds"), look), look)
        yield _field("worked", _of(age(session.worked_s), _limit(budget, "minutes", "m"), look), look)
    if tokens:
        cached = f" ({count(usage.cached_tokens)} cached)" if usage.cached_tokens else ""
        yield _field("tokens", [*_of(count(tokens), _limit(budget, "tokens"), look), (cached, look["dim"])], look)
    if usage.cost_usd is not None:
        yield _field("cost", _of(f"${usage.cost_usd:.2f}", _limit(budget, "cost_usd", " USD"), look), look)
    if usage.context_used is not None and usage.context_window:
        share = 100 * usage.context_used / usage.context_window
        yield _field(
            "context", [(f"{share:.0f} %", look["ink"]), (f" of {count(usage.context_window)}", look["dim"])], look
        )


def _limit(budget: Budget | None, name: str, unit: str = "") -> str:
    value = getattr(budget, name) if budget is not None else None
    return "" if value is None else f"{value:g}{unit}"


def _of(used: str, limit: str, look: Look) -> Parts:
    return [(used, look["ink"]), (f" of {limit}" if limit else "", look["dim"])]


def _field(label: str, parts: Parts, look: Look) -> Parts:
    return [(f"{label:<{_LABEL_WIDTH}}", look["dim"]), *parts]
