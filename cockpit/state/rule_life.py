"""A rule's life after it was accepted, as part of the fold: its state, what people judge, and the curve's steps."""

from __future__ import annotations

from collections.abc import Iterable

from cockpit.journal.types import rule_life as ev
from cockpit.journal.types.rules import RuleHit
from cockpit.sessions.types import FINAL
from cockpit.state.model import SessionState, State
from cockpit.state.rule_books import DAYS_KEPT, RECENT, SESSIONS_KEPT, Firing, RuleBook
from cockpit.state.rule_curve import began, ended, merged

BLOCKS, TOLD = "block", ("warn", "block")
"""States in which a rule stops changes, and in which people and agents hear of it."""
_NEWS_KEPT = 50
_TEXT_KEPT = 120


def changed(state: State, event: ev.RuleChanged, at: float, line: str) -> None:
    """Let a rule be in another state; `line`: what agents are told of one that they are held to more than before."""
    book = state.rules.book(event.rule)
    book.changed_at, book.changed_by, book.is_retired = at, event.by, event.state == "retired"
    if event.state == BLOCKS:
        began(state.rules.steps, event.rule)
    elif event.was == BLOCKS:
        ended_now(state, event.rule)
    if event.state in TOLD and (event.was not in TOLD or event.state == BLOCKS):
        add_news(state, event.rule, line)
    else:
        drop_news(state, event.rule)


def ended_now(state: State, rule: str) -> None:
    """A rule stops nothing any more: it has no tick in a step that is not merged yet."""
    steps = state.rules.steps
    if steps and not steps[-1].at:
        ended(steps[-1:], rule)


def add_news(state: State, rule: str, line: str) -> None:
    """Have every agent at work told of a rule."""
    for session in state.sessions.values():
        if session.run and session.status not in FINAL:
            session.rule_news = dict([*session.rule_news.items(), (rule, line)][-_NEWS_KEPT:])


def drop_news(state: State, rule: str) -> None:
    """Have nobody told of a rule."""
    for session in state.sessions.values():
        if rule in session.rule_news:
            session.rule_news = {known: line for known, line in session.rule_news.items() if known != rule}


def judged(state: State, event: ev.FindingJudged) -> None:
    """Count what a person says of a firing; the finding is marked until the next check leaves it out."""
    book = state.rules.book(event.rule)
    firing = book.firing(event.of_session, event.instance)
    if firing is not None:
        if firing.is_useless is not event.is_useful:
            return  # said already
        firing.is_useless = not event.is_useful
    book.not_useful = max(0, book.not_useful + (-1 if event.is_useful else 1))
    session = state.sessions.get(event.of_session)
    if session is None:
        return
    others = tuple(one for one in session.let_by if one != event.instance)
    session.let_by = others if event.is_useful else (*others, event.instance)[-_NEWS_KEPT:]


def fired(state: State, session: SessionState, hit: RuleHit, at: float, day: str) -> None:
    """Count a place that a rule objects to for the first time."""
    book = state.rules.book(hit.rule)
    if hit.is_suppressed:
        book.suppressed += 1
    else:
        book.fired += 1
    if session.id not in book.sessions:
        book.sessions = [*book.sessions[-SESSIONS_KEPT + 1 :], session.id]
    book.first_seen, book.last_seen = book.first_seen or at, at
    firing = Firing(
        session.id, hit.instance, at, hit.path, hit.line, hit.text[:_TEXT_KEPT], is_suppressed=hit.is_suppressed
    )
    book.firings = [*book.firings[-RECENT + 1 :], firing]
    book.days = dict([*{**book.days, day: book.days.get(day, 0) + 1}.items()][-DAYS_KEPT:])


def gone(book: RuleBook, session: SessionState, instances: Iterable[str]) -> None:
    """What a rule objected to is there no more: fixed, unless a person had let it by or retired the rule."""
    for instance in instances:
        firing = book.firing(session.id, instance)
        if firing is not None:
            firing.is_gone = True
        if instance not in session.let_by and not book.is_retired:
            book.fixed += 1


def landed(state: State, session: SessionState, at: float) -> None:
    """A change was merged: it counts, and the curve has one more step."""
    state.stats.landed += 1
    state.stats.rounds_of_landed += session.round
    merged(state.rules.steps, at)
    state.rules.version = state.seq
