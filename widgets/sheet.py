"""One session on one sheet, as lines: the text of the overview pane."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from cockpit.checks.types import CheckOutcome, Finding
from cockpit.providers.text import Safe, clean, clean_line
from cockpit.sessions.types import Budget, StepStatus, Usage
from cockpit.state.model import SessionState, State
from widgets.abilities import Ability, cannot
from widgets.cells import age, count, cut, wrap
from widgets.look import Look
from widgets.rows import Parts
from widgets.sessions import GLYPHS
from widgets.spending import (
    FULL_PERCENT,
    UNKNOWN,
    bar,
    context_percent,
    cost_words,
    dollars,
    limit_words,
    meaning_of,
    most_used,
)

_STEPS = {StepStatus.DONE: ("✓", "ready"), StepStatus.RUNNING: ("▸", "working"), StepStatus.PENDING: ("·", "dim")}
_LABEL_WIDTH = 10
_FILES_SHOWN = 12
_FINDINGS_SHOWN = 8
_LIMITS_SHOWN = 3
_REPORT_LINES = 6
_BAR_WIDTH = 20
_TOLD_ABILITIES: tuple[Ability, ...] = ("steers", "asks", "resumes")


def sheet_of(session: SessionState, state: State, width: int, look: Look) -> list[Parts]:
    """Return the lines, none wider than `width`; `state` knows budgets and the accounts' allowances."""
    room = max(10, width - 2)
    lines: list[Parts] = [[]]
    parts_of = (_task, _status, _plan, _findings, _report, _proof, _advice, _change)
    sections = [list(section(session, room, look)) for section in parts_of]
    sections += [list(section(session, state, room, look)) for section in (_cost, _allowances)]
    for part in sections:
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
    limits = Safe("\n".join(filter(None, (cannot(session, ability) for ability in _TOLD_ABILITIES))))
    for place, line in enumerate(wrap(limits, room - _LABEL_WIDTH) if limits else ()):
        yield _field("" if place else "limits", [(line, look["dim"])], look)
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
    yield from _listed("open", session.findings, "failed", room, look)


def _advice(session: SessionState, room: int, look: Look) -> Iterator[Parts]:
    """Tell what checks that passed found all the same: warnings, and what an agent remarks. It stops nothing."""
    passed = [result for result in session.checks.values() if result.outcome is CheckOutcome.PASSED]
    yield from _listed("advice", [one for result in passed for one in result.findings], "waiting", room, look)


def _listed(label: str, findings: Sequence[Finding], meaning: str, room: int, look: Look) -> Iterator[Parts]:
    for index, finding in enumerate(findings[:_FINDINGS_SHOWN]):
        place = f"{finding.path}:{finding.line}" if finding.line else finding.path
        text = clean_line(" ".join(part for part in (place, finding.code, finding.message) if part))
        yield _field(label if index == 0 else "", [(cut(text, room - _LABEL_WIDTH), look[meaning])], look)
    if len(findings) > _FINDINGS_SHOWN:
        yield _field("", [(f"and {len(findings) - _FINDINGS_SHOWN} more", look["dim"])], look)


def _report(session: SessionState, room: int, look: Look) -> Iterator[Parts]:
    """Tell what the agent says it has done: its word, where the receipt is proof."""
    if session.report is None:
        return
    lines = wrap(clean(session.report.summary.strip()), room - _LABEL_WIDTH)
    for index, line in enumerate(lines[:_REPORT_LINES]):
        yield _field("says" if index == 0 else "", [(line, look["ink"])], look)
    if len(lines) > _REPORT_LINES:
        yield _field("", [(f"and {len(lines) - _REPORT_LINES} more lines", look["dim"])], look)
    for fact in session.report.evidence:
        yield _field("", [("· ", look["dim"]), (cut(clean_line(fact), room - _LABEL_WIDTH - 2), look["dim"])], look)


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


def _cost(session: SessionState, state: State, room: int, look: Look) -> Iterator[Parts]:
    usage, budget = session.usage, state.budget_of(session)
    if session.turn:
        yield _field("rounds", _of(str(session.round), _limit(budget, "rounds"), look), look)
        yield _field("worked", _of(age(session.worked_s), _limit(budget, "minutes", "m"), look), look)
    if usage.tokens:
        parts: Parts = [(f"{count(usage.input_tokens)} in", look["ink"])]
        if usage.cached_tokens:
            parts.append((f" ({count(usage.cached_tokens)} cached)", look["dim"]))
        parts.append((f"  {count(usage.output_tokens)} out", look["ink"]))
        yield _field("tokens", parts, look)
        given = budget.tokens if budget else None
        yield from _left("", float(usage.tokens), float(session.allowance.tokens), given, room, look)
        yield _field("cost", _money(usage, look), look)
        limit = budget.cost_usd if budget else None
        if usage.cost_usd is not None:
            yield from _left("$", usage.cost_usd, session.allowance.cost_usd, limit, room, look)
        elif limit is not None:
            words = Safe(f"the limit of {dollars(limit)} cannot be counted")
            for line in wrap(words, room - _LABEL_WIDTH):
                yield _field("", [(line, look["badge"])], look)
    percent = context_percent(usage)
    if percent is not None and usage.context_window:
        width = min(_BAR_WIDTH, max(0, room - _LABEL_WIDTH - 16))
        told = (f" {percent:.0f} %", look[meaning_of(percent) if percent > FULL_PERCENT else "ink"])
        total = (f" of {count(usage.context_window)}", look["dim"])
        yield _field("context", [*bar(percent, width, look), told, total], look)


def _money(usage: Usage, look: Look) -> Parts:
    words = cost_words(usage)
    parts: Parts = [(words, look["dim" if words == UNKNOWN else "ink"])]
    if usage.cost_usd is not None and usage.unpriced_calls:
        calls = f"{usage.unpriced_calls} call{'' if usage.unpriced_calls == 1 else 's'}"
        parts.append((f" ({calls} unknown)", look["dim"]))
    return parts


def _left(unit: str, spent: float, granted: float, limit: float | None, room: int, look: Look) -> Iterator[Parts]:
    """What is left of a limit, which counts from where a person last let the session go on."""
    if limit is None:
        return
    since = spent - granted
    show = dollars if unit else count
    percent = 100 * since / limit
    told = f" {show(max(0.0, limit - since))} of {show(limit)} left"
    meaning = meaning_of(percent) if percent > FULL_PERCENT else "ink"
    width = min(_BAR_WIDTH, max(0, room - _LABEL_WIDTH - len(told)))
    yield _field("", [*bar(percent, width, look), (cut(Safe(told), room - _LABEL_WIDTH), look[meaning])], look)


def _allowances(session: SessionState, state: State, room: int, look: Look) -> Iterator[Parts]:
    """The allowances of the agent's account, the most used one first."""
    limits = state.limits.get(session.agent_name, ())
    first = most_used(limits)
    for place, limit in enumerate(sorted(limits, key=lambda one: one is not first)[:_LIMITS_SHOWN]):
        meaning = meaning_of(limit.used_percent) if limit.used_percent > FULL_PERCENT else "dim"
        words = cut(limit_words(limit, session.last_heard_at), room - _LABEL_WIDTH)
        yield _field("" if place else "account", [(words, look[meaning if place == 0 else "dim"])], look)


def _limit(budget: Budget | None, name: str, unit: str = "") -> str:
    value = getattr(budget, name) if budget is not None else None
    return "" if value is None else f"{value:g}{unit}"


def _of(used: str, limit: str, look: Look) -> Parts:
    return [(used, look["ink"]), (f" of {limit}" if limit else "", look["dim"])]


def _field(label: str, parts: Parts, look: Look) -> Parts:
    return [(f"{label:<{_LABEL_WIDTH}}", look["dim"]), *parts]
