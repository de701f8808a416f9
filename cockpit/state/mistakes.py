"""Mistakes and remarks, as part of the fold."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from cockpit.journal import types as ev
from cockpit.rules.types.mistakes import Mistake, Occurrence, Remark, RemarkKind
from cockpit.sessions.types import FINAL, Answer, AnswerDecision, DecisionKind
from cockpit.state import mistake_items, reviews, rule_curve, said_before
from cockpit.state.model import SessionState, State
from cockpit.types import SessionId

KEPT_MISTAKES = 300
KEPT_REMARKS = 300
KEPT_OCCURRENCES = 6
KEPT_SESSIONS = 20
TEXT_LIMIT = 600
SAID = "said:"
"""What fingerprints of mistakes begin with that only people have found."""

_REMARKS = {
    DecisionKind.REDIRECT: RemarkKind.REDIRECT,
    DecisionKind.RESUME: RemarkKind.REDIRECT,
    DecisionKind.EXTEND: RemarkKind.REDIRECT,
    DecisionKind.REJECT: RemarkKind.REJECT,
}
_NOBODY = ("policy", "cockpit")
"""Authors of answers that no human gave."""


def decided(state: State, session: SessionState, event: ev.DecisionMade, _at: float) -> None:
    """Remember what a person said with a decision: the words, and each line comment by itself."""
    decision = event.decision
    kind = _REMARKS.get(decision.kind)
    if kind is None:
        return
    if text := decision.text.strip():
        _remember(state, _remark(session, decision.id, kind, decision.by, decision.at, text))
    for number, comment in enumerate(decision.comments):
        remark = _remark(session, f"{decision.id}/{number}", RemarkKind.COMMENT, decision.by, decision.at, comment.text)
        place = {"path": comment.path, "line": comment.line, "snippet": comment.snippet[:TEXT_LIMIT]}
        _remember(state, remark.model_copy(update=place))


def _commanded(state: State, session: SessionState, event: ev.CommandSent, at: float) -> None:
    """Remember what a person denied, and why; and that a review was asked for."""
    reviews.began(session, event)
    command = event.command
    if not isinstance(command, Answer) or command.decision is not AnswerDecision.DENY or event.author in _NOBODY:
        return
    request = session.requests.get(command.request)
    subject = request.title[:TEXT_LIMIT] if request is not None else ""
    if command.text.strip() or subject:
        remark = _remark(session, command.id, RemarkKind.DENIAL, event.author, at, command.text.strip() or subject)
        _remember(state, remark.model_copy(update={"subject": subject}))


def said(state: State, session: SessionState, event: ev.AgentSaid, at: float) -> None:
    """Remember what an agent that reviews the change objects to."""
    for id_, one in reviews.ended(session, event):
        remark = _remark(session, id_, RemarkKind.REVIEW, session.agent_name or "the agent", at, one.text)
        _remember(state, remark.model_copy(update={"path": one.path, "line": one.line}))


def _remark(session: SessionState, id_: str, kind: RemarkKind, by: str, at: float, text: str) -> Remark:
    change = session.change
    return Remark(
        id=id_,
        kind=kind,
        session=session.id,
        by=by,
        at=at,
        text=text[:TEXT_LIMIT],
        base=change.base if change is not None else None,
        tree=change.tree if change is not None else None,
    )


def _remember(state: State, remark: Remark) -> None:
    remarks = {**state.remarks, remark.id: remark}
    state.remarks = dict(list(remarks.items())[-KEPT_REMARKS:])


def _kept(state: State, _session: SessionState, event: ev.RemarkKept, _at: float) -> None:
    remark = state.remarks.get(event.remark)
    if remark is not None:
        known = remark.model_copy(update={f"{event.side}_seq": state.seq})
        state.remarks = {**state.remarks, remark.id: known}


def _seen(state: State, session: SessionState, event: ev.FindingsSeen, at: float) -> None:
    """Count a mistake once a session, and again when it is back after it was fixed there."""
    mistakes = dict(state.mistakes)
    for seen in event.seen:
        mistake = mistakes.pop(seen.fingerprint, None) or Mistake(fingerprint=seen.fingerprint, title=seen.message)
        if session.id not in mistake.standing:
            once = Occurrence(session=session.id, at=at, seq=state.seq, path=seen.path, line=seen.line)
            mistake = _made(mistake, once)
            rule_curve.made(state.rules.steps, mistake.fingerprint, mistake.count, state.rules.books)
            mistake = mistake.model_copy(update={"standing": (*mistake.standing, session.id), "title": seen.message})
        mistakes[seen.fingerprint] = mistake
    for fingerprint in event.gone:
        if fingerprint in mistakes:
            mistakes[fingerprint] = _fixed(mistakes[fingerprint], session.id, state.seq)
    state.mistakes = _bounded(mistakes)
    mistake_items.settle(state, at)


def _made(mistake: Mistake, once: Occurrence) -> Mistake:
    sessions = (*(one for one in mistake.sessions if one != once.session), once.session)
    return mistake.model_copy(
        update={
            "count": mistake.count + 1,
            "sessions": sessions[-KEPT_SESSIONS:],
            "occurrences": (*mistake.occurrences, once)[-KEPT_OCCURRENCES:],
        }
    )


def _fixed(mistake: Mistake, session: SessionId, seq: int) -> Mistake:
    if session not in mistake.standing:
        return mistake
    occurrences = tuple(
        one.model_copy(update={"fixed_seq": seq}) if _is_open(one, session) else one for one in mistake.occurrences
    )
    standing = tuple(one for one in mistake.standing if one != session)
    return mistake.model_copy(update={"occurrences": occurrences, "standing": standing})


def _is_open(one: Occurrence, session: SessionId) -> bool:
    return one.session == session and one.fixed_seq is None and not one.remark


def _bounded(mistakes: dict[str, Mistake]) -> dict[str, Mistake]:
    """Forget first what was made once only, longest ago."""
    surplus = len(mistakes) - KEPT_MISTAKES
    if surplus <= 0:
        return mistakes
    forgotten = set(sorted(mistakes, key=lambda name: mistakes[name].is_repeated)[:surplus])
    return {name: mistake for name, mistake in mistakes.items() if name not in forgotten}


def _over(state: State, session: SessionState, event: ev.StatusChanged, _at: float) -> None:
    """Nothing stands any more in a session that is over."""
    if event.status in FINAL and any(session.id in one.standing for one in state.mistakes.values()):
        state.mistakes = {
            name: one.model_copy(update={"standing": tuple(s for s in one.standing if s != session.id)})
            for name, one in state.mistakes.items()
        }


def _confirmed(state: State, _session: SessionState, event: ev.SameConfirmed, at: float) -> None:
    """Count two remarks, or a remark and a mistake, as one. A fingerprint of a check outlives one that people made."""
    remark, other = state.remarks.get(event.remark), state.remarks.get(event.of)
    if remark is None or remark is other or (other is None and event.of not in state.mistakes):
        return
    said = [one for one in (other, remark) if one is not None]
    named = dict.fromkeys([*([event.of] if other is None else []), *(one.mistake for one in said)])
    known = sorted((name for name in named if name in state.mistakes), key=lambda name: name.startswith(SAID))
    if len(known) > 1 and not known[1].startswith(SAID):
        return  # of two checks' findings; they stay two
    into = known[0] if known else f"{SAID}{event.of}"
    mistake = state.mistakes.get(into) or Mistake(fingerprint=into, title=_line(said[0].text))
    for name in known[1:]:
        mistake = _joined(mistake, state.mistakes[name])
    for one in said:
        if one.mistake not in known:
            mistake = _made(mistake, _once(one))
            rule_curve.made(state.rules.steps, into, mistake.count, state.rules.books)
    others = {name: one for name, one in state.mistakes.items() if name not in known}
    state.mistakes = _bounded({**others, into: mistake})
    ids = {one.id for one in said}
    state.remarks = {
        id_: one.model_copy(update={"mistake": into}) if id_ in ids or one.mistake in known else one
        for id_, one in state.remarks.items()
    }
    mistake_items.settle(state, at)


def _joined(mistake: Mistake, absorbed: Mistake) -> Mistake:
    sessions = dict.fromkeys((*absorbed.sessions, *mistake.sessions))
    occurrences = sorted((*absorbed.occurrences, *mistake.occurrences), key=lambda one: one.seq)
    return mistake.model_copy(
        update={
            "count": mistake.count + absorbed.count,
            "sessions": tuple(sessions)[-KEPT_SESSIONS:],
            "occurrences": tuple(occurrences)[-KEPT_OCCURRENCES:],
            "standing": tuple(dict.fromkeys((*absorbed.standing, *mistake.standing))),
        }
    )


def _once(remark: Remark) -> Occurrence:
    seq = remark.before_seq or remark.after_seq or 0
    return Occurrence(
        session=remark.session, at=remark.at, seq=seq, path=remark.path, line=remark.line, remark=remark.id
    )


def _line(text: str) -> str:
    return text.strip().partition("\n")[0][:200]


def _dismissed(state: State, event: ev.MistakeDismissed, at: float) -> None:
    mistake_items.dismissed(state, event, at)


def _recalled(state: State, event: ev.MistakeRecalled, at: float) -> None:
    mistake_items.recalled(state, event.fingerprint, at)


OF_ALL: dict[type, Callable[[State, Any, float], None]] = {
    ev.MistakeDismissed: _dismissed,
    ev.MistakeRecalled: _recalled,
}

ACROSS: dict[type, Callable[[State, SessionState, Any, float], None]] = {
    ev.CommandSent: _commanded,
    ev.FindingsSeen: _seen,
    ev.RemarkKept: _kept,
    ev.SameConfirmed: _confirmed,
    ev.StatusChanged: _over,
    **said_before.ACROSS,
}
