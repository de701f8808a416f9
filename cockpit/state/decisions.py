"""What people decided, as part of the fold: kept for an undo, and counted."""

from __future__ import annotations

from cockpit.journal.types import DecisionMade, PolicyAdded, RequestAutoAnswered
from cockpit.sessions.types import Decision
from cockpit.state.model import SessionState, State

KEPT_DECISIONS = 200


def keep_decision(state: State, decision: Decision) -> None:
    """Keep a decision, and count it."""
    state.decisions = [*state.decisions[-KEPT_DECISIONS + 1 :], decision]
    state.stats.decisions += 1
    state.stats.people[decision.by] = state.stats.people.get(decision.by, 0) + 1


def of_no_session(state: State, event: DecisionMade, _at: float) -> None:
    """Let a decision happen that is about all sessions, such as one on a rule."""
    keep_decision(state, event.decision)


def policy_added(state: State, _session: SessionState, _event: PolicyAdded, _at: float) -> None:
    """Count a line that a person had written into a policy."""
    state.stats.policy_lines += 1


def auto_answered(state: State, _session: SessionState, event: RequestAutoAnswered, _at: float) -> None:
    """Count a request that was answered without a human."""
    state.stats.auto_allowed += event.decision == "once"
    state.stats.auto_denied += event.decision == "deny"
