"""What the agents say through the cockpit's own tools, as part of the fold."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from cockpit.journal import types as ev
from cockpit.state.model import SessionState

KEPT_ANSWERS = 20


def show(session: SessionState, text: str) -> None:
    """Make this the headline, unless the agent says better itself what it is at."""
    session.headline = session.note or text


def turn_over(session: SessionState) -> None:
    """Forget what holds for a turn only."""
    session.note, session.has_reported, session.answers = "", False, {}


def _answered(session: SessionState, event: ev.QuestionAnswered, _at: float) -> None:
    answers = {k: v for k, v in session.answers.items() if k != event.answer.request}
    if not event.is_taken:
        answers[event.answer.request] = event.answer
    session.answers = dict(list(answers.items())[-KEPT_ANSWERS:])


def _done_reported(session: SessionState, event: ev.DoneReported, _at: float) -> None:
    session.report, session.has_reported = event.report, True


def _headline_noted(session: SessionState, event: ev.HeadlineNoted, _at: float) -> None:
    session.note = session.headline = event.text


OF_SESSION: dict[type, Callable[[SessionState, Any, float], None]] = {
    ev.QuestionAnswered: _answered,
    ev.DoneReported: _done_reported,
    ev.HeadlineNoted: _headline_noted,
}
