"""What sessions decide: names, ways, budgets, places. No I/O."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cockpit.sessions.service import (
    item_of_status,
    may_move,
    next_to_start,
    session_id,
    silent_for,
    used_up,
)
from cockpit.sessions.types import ACTIVE, FINAL, AttentionKind, Budget, SessionStatus, Task, Usage
from cockpit.state.model import Allowance, SessionState
from cockpit.types import SessionId

S = SessionStatus

USED = {
    (S.QUEUED, S.PREPARING),
    (S.PREPARING, S.WORKING),
    (S.WORKING, S.WAITING),
    (S.WAITING, S.WORKING),
    (S.WORKING, S.CHECKING),
    (S.WAITING, S.CHECKING),
    (S.CHECKING, S.READY),
    (S.CHECKING, S.LANDING),
    (S.READY, S.LANDING),
    (S.LANDING, S.LANDED),
    (S.LANDING, S.READY),
    (S.LANDING, S.INTERRUPTED),
    (S.REJECTED, S.READY),
    (S.REJECTED, S.INTERRUPTED),
    *((old, S.INTERRUPTED) for old in (S.QUEUED, *ACTIVE)),
    *((old, S.PAUSED) for old in (S.QUEUED, S.PREPARING, S.WORKING, S.WAITING, S.CHECKING, S.LANDING)),
    (S.PAUSED, S.QUEUED),
    *((old, S.FAILED) for old in (*ACTIVE, S.LANDING)),
    *((old, S.PREPARING) for old in (S.PAUSED, S.INTERRUPTED, S.FAILED)),
    *((old, S.WORKING) for old in (S.PAUSED, S.INTERRUPTED, S.FAILED, S.READY, S.CHECKING, S.LANDING)),
    *((old, S.REJECTED) for old in S if old not in FINAL),
}
"""Every move that the supervisor makes."""


@pytest.mark.parametrize(("old", "new"), sorted(USED))
def test_every_move_that_is_made_is_allowed(old: S, new: S) -> None:
    assert may_move(old, new)


@pytest.mark.parametrize("new", list(S))
def test_nothing_leaves_landed_and_only_an_undo_leaves_rejected(new: S) -> None:
    assert not may_move(S.LANDED, new)
    assert may_move(S.REJECTED, new) == (new in (S.READY, S.INTERRUPTED))


@given(st.text(), st.integers(1, 10**6))
def test_a_session_name_is_safe_everywhere(title: str, number: int) -> None:
    name = session_id(title, number)
    assert re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", name)
    assert len(name) <= 48
    assert name.endswith(f"-{number}")


@given(st.lists(st.text(max_size=8), max_size=30))
def test_no_two_sessions_have_one_name(titles: list[str]) -> None:
    names = [session_id(title, number) for number, title in enumerate(titles, 1)]
    assert len(set(names)) == len(names)


def a_session(number: int = 1, **fields: object) -> SessionState:
    state = SessionState(id=SessionId(f"s-{number}"), number=number, task=Task(prompt="x"), created_at=0)
    for name, value in fields.items():
        setattr(state, name, value)
    return state


@pytest.mark.parametrize(
    ("budget", "said"),
    [
        (Budget(minutes=1), "2 minutes of work (budget: 1)"),
        (Budget(minutes=3), ""),
        (Budget(tokens=100), "150 tokens (budget: 100)"),
        (Budget(tokens=150), ""),
        (Budget(cost_usd=0.5), "$0.75 (budget: $0.50)"),
        (Budget(minutes=None), ""),
    ],
)
def test_a_budget_counts_from_the_last_allowance(budget: Budget, said: str) -> None:
    session = a_session(
        worked_s=160.0,
        counted_until=1000.0,
        usage=Usage(input_tokens=1000, output_tokens=50, cost_usd=1.75),
        allowance=Allowance(worked_s=100.0, tokens=900, cost_usd=1.0),
    )
    assert used_up(session, budget, now=1060.0) == said


def test_silence_counts_only_in_a_running_turn() -> None:
    assert silent_for(a_session(status=S.WORKING, turn_started_at=10.0, last_heard_at=40.0), 100) == 60
    assert silent_for(a_session(status=S.WAITING, turn_started_at=10.0), 100) == 0
    assert silent_for(a_session(status=S.WORKING), 100) == 0


@given(st.lists(st.sampled_from(list(S)), max_size=30), st.integers(1, 8))
def test_places_are_filled_oldest_first_and_never_overfilled(statuses: list[S], places: int) -> None:
    sessions = [a_session(number, status=status) for number, status in enumerate(statuses, 1)]
    begun = next_to_start(reversed(sessions), places)
    active = sum(status in ACTIVE for status in statuses)
    queued = [session.id for session in sessions if session.status is S.QUEUED]
    assert begun == queued[: max(0, places - active)]


@pytest.mark.parametrize("status", list(S))
def test_what_stands_still_for_a_human_is_an_item(status: S) -> None:
    item = item_of_status(a_session(), status, "because", 5.0)
    kinds = {S.READY: AttentionKind.READY, S.PAUSED: AttentionKind.PAUSED, S.FAILED: AttentionKind.FAILED}
    kinds[S.INTERRUPTED] = AttentionKind.INTERRUPTED
    assert (item.kind if item else None) == kinds.get(status)
