"""What sessions decide: where a session may go next, when a budget is used up, what needs a human. No I/O, no clock."""

from __future__ import annotations

import re
from collections.abc import Iterable

from cockpit.costs.types import FLEET_LIKENESS, FLEET_USED_UP
from cockpit.sessions.types import ACTIVE, AttentionItem, AttentionKind, Budget, RequestRaised, SessionStatus
from cockpit.state.model import SessionState
from cockpit.types import SessionId

_S = SessionStatus

_NEXT: dict[SessionStatus, frozenset[SessionStatus]] = {
    _S.QUEUED: frozenset({_S.PREPARING, _S.PAUSED, _S.REJECTED, _S.INTERRUPTED}),
    _S.PREPARING: frozenset({_S.WORKING, _S.PAUSED, _S.FAILED, _S.INTERRUPTED, _S.REJECTED, _S.QUEUED}),
    _S.WORKING: frozenset(
        {_S.CHECKING, _S.WAITING, _S.PAUSED, _S.FAILED, _S.INTERRUPTED, _S.REJECTED, _S.PREPARING, _S.WORKING}
    ),
    _S.WAITING: frozenset({_S.WORKING, _S.CHECKING, _S.PAUSED, _S.FAILED, _S.INTERRUPTED, _S.REJECTED}),
    _S.CHECKING: frozenset(
        {_S.READY, _S.WORKING, _S.PAUSED, _S.FAILED, _S.INTERRUPTED, _S.REJECTED, _S.LANDING, _S.PREPARING}
    ),
    _S.PAUSED: frozenset({_S.PREPARING, _S.QUEUED, _S.WORKING, _S.CHECKING, _S.REJECTED, _S.INTERRUPTED}),
    _S.INTERRUPTED: frozenset({_S.PREPARING, _S.WORKING, _S.QUEUED, _S.REJECTED}),
    _S.FAILED: frozenset({_S.PREPARING, _S.WORKING, _S.QUEUED, _S.REJECTED}),
    _S.READY: frozenset({_S.LANDING, _S.PREPARING, _S.WORKING, _S.REJECTED, _S.CHECKING}),
    _S.LANDING: frozenset(
        {_S.LANDED, _S.READY, _S.PREPARING, _S.WORKING, _S.REJECTED, _S.PAUSED, _S.FAILED, _S.INTERRUPTED}
    ),
    _S.LANDED: frozenset(),
    _S.REJECTED: frozenset({_S.READY, _S.INTERRUPTED}),
}


def may_move(old: SessionStatus, new: SessionStatus) -> bool:
    """Return whether a session may go from one state to the other."""
    return new in _NEXT[old]


def session_id(title: str, number: int) -> SessionId:
    """Return a readable, unique name that is safe as branch, folder and file name."""
    words = re.sub(r"[^a-z0-9]+", "-", title.lower()).strip("-")
    return SessionId(f"{words[:32].rstrip('-') or 'task'}-{number}")


def used_up(session: SessionState, budget: Budget, now: float) -> str:
    """Return which limit the session has reached since a human last let it go on, for people; empty: none."""
    allowance = session.allowance
    worked_s = session.worked_s - allowance.worked_s
    if session.counted_until is not None:
        worked_s += max(0.0, now - session.counted_until)
    tokens = session.usage.input_tokens + session.usage.output_tokens - allowance.tokens
    cost_usd = (session.usage.cost_usd or 0.0) - allowance.cost_usd
    if budget.minutes is not None and worked_s > budget.minutes * 60:
        return f"{worked_s / 60:.0f} minutes of work (budget: {budget.minutes:g})"
    if budget.tokens is not None and tokens > budget.tokens:
        return f"{tokens:,} tokens (budget: {budget.tokens:,})"
    if budget.cost_usd is not None and cost_usd > budget.cost_usd:
        return f"${cost_usd:.2f} (budget: ${budget.cost_usd:.2f})"
    return ""


def silent_for(session: SessionState, now: float) -> float:
    """Return the seconds since the agent's last sign of life while a turn of it runs, else 0."""
    if session.status is not SessionStatus.WORKING or session.turn_started_at is None:
        return 0.0
    return max(0.0, now - max(session.last_heard_at, session.turn_started_at))


def next_to_start(sessions: Iterable[SessionState], max_parallel: int) -> list[SessionId]:
    """Return the queued sessions that may begin now, oldest first."""
    everyone = list(sessions)
    free = max_parallel - sum(1 for s in everyone if s.status in ACTIVE)
    queued = sorted((s for s in everyone if s.status is SessionStatus.QUEUED), key=lambda s: s.number)
    return [s.id for s in queued[: max(0, free)]]


_KIND_OF_STATUS = {
    SessionStatus.READY: AttentionKind.READY,
    SessionStatus.PAUSED: AttentionKind.PAUSED,
    SessionStatus.FAILED: AttentionKind.FAILED,
    SessionStatus.INTERRUPTED: AttentionKind.INTERRUPTED,
}


def item_of_status(session: SessionState, status: SessionStatus, reason: str, now: float) -> AttentionItem | None:
    """Return what a human has to decide because a session is in this state; None: nothing."""
    kind = _KIND_OF_STATUS.get(status)
    if kind is None:
        return None
    title = reason or f"{session.name}: {status}"
    likeness = FLEET_LIKENESS if reason.startswith(FLEET_USED_UP) else ""
    return AttentionItem(
        id=f"{session.id}:{kind}", session=session.id, kind=kind, title=title, likeness=likeness, since=now
    )


def item_of_request(session: SessionState, request: RequestRaised, now: float, likeness: str = "") -> AttentionItem:
    """Return the item for what the agent asks; those of the same likeness make one card."""
    return AttentionItem(
        id=f"{session.id}:request:{request.request}",
        session=session.id,
        kind=AttentionKind.REQUEST,
        title=request.title,
        detail=request.reason,
        request=request.request,
        likeness=likeness,
        since=now,
    )
