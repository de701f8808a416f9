"""What happens to rules, as part of the fold."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from cockpit.journal.types import rules as ev
from cockpit.journal.types.rule_life import FindingJudged, ProseRemoved, RuleChanged
from cockpit.state import mistake_items, rule_life
from cockpit.state.model import SessionState, State
from cockpit.state.rule_curve import began, ended
from cockpit.state.usage import draft_paid

_DONE_KEPT = 50
_BOOKS_KEPT = 5_000


def _decided(state: State, event: ev.RuleDecided, _at: float) -> None:
    state.rules.under_way[event.decision] = event
    state.rules.version = state.seq


def _done(state: State, decision: str, commit: str) -> None:
    state.rules.version = state.seq
    if (decided := state.rules.under_way.pop(decision, None)) is not None:
        landed = decided.model_copy(update={"commit": commit})
        state.rules.done = dict([*state.rules.done.items(), (decision, landed)][-_DONE_KEPT:])


def _accepted(state: State, event: ev.RuleAccepted, at: float) -> None:
    _done(state, event.decision, event.commit)
    book = state.rules.book(event.rule)
    done = state.rules.done.get(event.decision)
    book.commit, book.is_retired = event.commit, False
    if not book.accepted_at or done is None or not done.undoes:  # a retirement taken back is no other acceptance
        book.accepted_at, book.accepted_by = at, event.by
    mistake_items.ruled(state, event.rule, event.mistakes, at)
    line = news_line(event.rule, event.message, event.remediation)
    began(state.rules.steps, event.rule)
    rule_life.add_news(state, event.rule, line)


def _retired(state: State, event: ev.RuleRetired, at: float) -> None:
    _done(state, event.decision, event.commit)
    done = state.rules.done.get(event.decision)
    state.rules.book(event.rule).is_retired = True
    mistake_items.unruled(state, event.rule, at, is_undone=done is not None and bool(done.undoes))
    if done is not None and done.undoes:
        ended(state.rules.steps, event.rule)
    rule_life.drop_news(state, event.rule)


def _refused(state: State, event: ev.RuleRefused, _at: float) -> None:
    """Forget the decision: there is nothing of it to take back."""
    state.rules.under_way.pop(event.decision, None)
    state.decisions = [one for one in state.decisions if one.id != event.decision]


def _changed(state: State, event: RuleChanged, at: float) -> None:
    _done(state, event.decision, event.commit)
    rule_life.changed(state, event, at, news_line(event.rule, event.message, event.remediation))


def _judged(state: State, event: FindingJudged, _at: float) -> None:
    _done(state, event.decision, event.commit)
    rule_life.judged(state, event)


def _prose_removed(state: State, event: ProseRemoved, _at: float) -> None:
    _done(state, event.decision, event.commit)


def news_line(rule: str, message: str, remediation: str) -> str:
    """Return what an agent is told of a rule that was accepted, in one line."""
    said = " ".join(message.split())
    fix = " ".join(remediation.split())
    return f"{rule}: {said[:300]}" + (f" Do this: {fix[:500]}" if fix else "")


OF_ALL: dict[type, Callable[[State, Any, float], None]] = {
    ev.RuleDecided: _decided,
    ev.RuleAccepted: _accepted,
    ev.RuleRetired: _retired,
    ev.RuleRefused: _refused,
    RuleChanged: _changed,
    FindingJudged: _judged,
    ProseRemoved: _prose_removed,
    ev.DraftPaid: draft_paid,
}


def _told(session: SessionState, event: ev.RuleTold, _at: float) -> None:
    session.rule_news = {rule: line for rule, line in session.rule_news.items() if rule not in event.rules}


OF_SESSION: dict[type, Callable[[SessionState, Any, float], None]] = {ev.RuleTold: _told}


def _scanned(state: State, session: SessionState, event: ev.RulesScanned, at: float) -> None:
    """Count what is new since the last look, and what is gone."""
    state.rules.version = state.seq
    before = session.rule_hits
    now = {hit.instance: hit for hit in event.hits}
    day = datetime.fromtimestamp(at, UTC).date().isoformat()
    for instance, hit in now.items():
        if instance not in before and (hit.rule in state.rules.books or len(state.rules.books) < _BOOKS_KEPT):
            rule_life.fired(state, session, hit, at, day)
    looked_at = frozenset(event.rules)
    gone = {
        instance: rule
        for instance, rule in before.items()
        if instance not in now and (not looked_at or rule in looked_at)
    }
    for instance, rule in gone.items():
        if rule in state.rules.books:
            rule_life.gone(state.rules.books[rule], session, (instance,))
    kept = {instance: rule for instance, rule in before.items() if instance not in gone}
    session.rule_hits = {**kept, **{instance: hit.rule for instance, hit in now.items()}}


ACROSS: dict[type, Callable[[State, SessionState, Any, float], None]] = {ev.RulesScanned: _scanned}
