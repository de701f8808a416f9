"""What was said before, once the fix is known, as part of the fold: what was found, and which of it is offered.

An offer is no item and needs nobody. It follows from what was found and from what counts as a mistake by now, so that
it goes by itself once it is answered, a rule holds the mistake off, or what it was about is forgotten.
"""

from __future__ import annotations

from collections.abc import Callable, Container, Iterator
from typing import Any

from cockpit.journal import types as ev
from cockpit.rules.types.mistakes import Likely, Remark
from cockpit.sessions.types import FINAL
from cockpit.state.mistake_items import is_held_off
from cockpit.state.model import SessionState, State
from cockpit.types import SessionId


def unlikened(state: State) -> Iterator[Remark]:
    """Yield the remarks for which earlier ones are to be looked for: the fix is known, and somebody may want it."""
    for one in state.remarks.values():
        is_new = one.after_seq is not None and not (one.is_likened or one.is_passed or one.mistake)
        session = state.sessions.get(one.session)
        if is_new and session is not None and session.status not in FINAL:
            yield one


def offer_of(
    state: State, session: SessionId, besides: Container[str] = ()
) -> tuple[Remark, tuple[Likely, ...]] | None:
    """Return the remark of a session that is most likely a repeated one, with what it is like; None: there is none.

    Args:
        state: what there is.
        session: whose remarks.
        besides: ids of remarks that are left out.
    """
    offers = [
        (one, likely)
        for one in state.remarks.values()
        if one.session == session and one.likely and one.id not in besides and (likely := _standing(one, state))
    ]
    return max(offers, key=lambda offer: offer[1][0].score, default=None)


def _standing(remark: Remark, state: State) -> tuple[Likely, ...]:
    """Return what is still offered of what was found. What is most likely the mistake of a rule is none at all."""
    if remark.is_passed or remark.mistake:
        return ()
    breath = breath_of(remark.id)
    counted = {one.mistake for one in state.remarks.values() if one.mistake and breath_of(one.id) == breath}
    known = [one for one in remark.likely if one.remark in state.remarks]
    open_ones = [one for one in known if state.remarks[one.remark].mistake not in counted]
    if not open_ones or _is_ruled(open_ones[0].remark, state):
        return ()
    return tuple(one for one in open_ones if not _is_ruled(one.remark, state))


def _is_ruled(remark: str, state: State) -> bool:
    mistake = state.mistakes.get(state.remarks[remark].mistake)
    return mistake is not None and is_held_off(mistake, state)


def breath_of(remark: str) -> str:
    """Return what the ids of remarks have in common that were said at once."""
    return remark.partition("/")[0]


def _found(state: State, _session: SessionState, event: ev.SimilarFound, _at: float) -> None:
    if (remark := state.remarks.get(event.remark)) is not None:
        known = remark.model_copy(update={"is_likened": True, "likely": event.likely})
        state.remarks = {**state.remarks, remark.id: known}


def _passed(state: State, _session: SessionState, event: ev.SimilarPassed, _at: float) -> None:
    if (remark := state.remarks.get(event.remark)) is not None:
        state.remarks = {**state.remarks, remark.id: remark.model_copy(update={"is_passed": True})}


ACROSS: dict[type, Callable[[State, SessionState, Any, float], None]] = {
    ev.SimilarFound: _found,
    ev.SimilarPassed: _passed,
}
