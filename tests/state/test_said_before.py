"""What is offered of what was said before: whatever happens in which order, it is only what still makes sense."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from cockpit.journal import types as ev
from cockpit.journal.types.rules import RuleAccepted, RuleRetired
from cockpit.rules.types.mistakes import Likely
from cockpit.sessions.types import SessionStatus
from cockpit.state.fold import fold
from cockpit.state.mistake_items import is_held_off
from cockpit.state.model import STATE, State
from cockpit.state.said_before import breath_of, offer_of, unlikened
from cockpit.types import CommitId, SessionId
from tests.state.test_mistakes import NAMES, said, story

COMMIT = CommitId("c" * 40)
REMARKS = {"a": NAMES[0], "b": NAMES[1], "c": NAMES[2], "d": NAMES[3]}
Happened = tuple[SessionId | None, ev.Event]

names = st.sampled_from([*REMARKS, "nobody"])
scores = st.floats(0, 1)
likely = st.lists(st.builds(Likely, remark=names, score=scores), max_size=3).map(
    lambda found: tuple(sorted(found, key=lambda one: -one.score))
)


def of(remark: str) -> SessionId:
    return REMARKS.get(remark, NAMES[0])


happened = st.lists(
    st.one_of(
        st.tuples(names, likely).map(lambda one: (of(one[0]), ev.SimilarFound(remark=one[0], likely=one[1]))),
        names.map(lambda one: (of(one), ev.SimilarPassed(remark=one))),
        names.map(lambda one: (of(one), ev.RemarkKept(remark=one, side="after", diff="+1"))),
        st.tuples(names, names).map(lambda one: (of(one[0]), ev.SameConfirmed(remark=one[0], of=one[1]))),
        names.map(
            lambda one: (
                None,
                RuleAccepted(decision="d", rule="r", target="main", commit=COMMIT, mistakes=(f"said:{one}",)),
            )
        ),
        st.just((None, RuleRetired(decision="d", rule="r", target="main", commit=COMMIT))),
        st.sampled_from(NAMES).map(lambda one: (one, ev.StatusChanged(status=SessionStatus.LANDED))),
    ),
    max_size=25,
)


def told(events: list[Happened]) -> list[ev.Envelope]:
    remarks: list[Happened] = [(session, said(id_, session, f"words {id_}")) for id_, session in REMARKS.items()]
    return story([*remarks, *events])  # type: ignore[list-item]  # events of rules belong to no session


@given(happened)
@settings(max_examples=200, deadline=None)
def test_only_what_still_makes_sense_is_offered(events: list[Happened]) -> None:
    state = fold(told(events))
    found: dict[str, tuple[Likely, ...]] = {}
    passed: set[str] = set()
    for _, event in events:
        match event:
            case ev.SimilarFound():
                found[event.remark] = event.likely
            case ev.SimilarPassed():
                passed.add(event.remark)
            case _:
                pass
    for id_, session in REMARKS.items():
        offer = offer_of(state, session)
        if offer is None:
            assert id_ in passed or state.remarks[id_].mistake or not _open(found.get(id_, ()), state)
            continue
        remark, alike = offer
        assert remark.id == id_
        assert id_ not in passed
        assert not remark.mistake
        assert set(alike) <= set(found[id_])
        assert list(alike) == sorted(alike, key=lambda one: -one.score)
        assert all(one.remark in state.remarks and not _is_ruled(one.remark, state) for one in alike)
    waiting = {one.id for one in unlikened(state)}
    for id_ in waiting:
        assert id_ not in found
        assert state.remarks[id_].after_seq is not None
        assert state.sessions[REMARKS[id_]].status is not SessionStatus.LANDED


@given(happened, st.data())
@settings(max_examples=50, deadline=None)
def test_a_kept_state_offers_the_same(events: list[Happened], data: st.DataObject) -> None:
    whole = told(events)
    cut = data.draw(st.integers(0, len(whole)))
    kept = STATE.validate_json(STATE.dump_json(fold(whole[:cut])))
    assert fold(whole, kept) == fold(whole)


def test_what_was_said_in_one_breath_is_offered_once_for_one_mistake() -> None:
    like = (Likely(remark="a", score=0.5),)
    events: list[Happened] = [
        (NAMES[1], said("z", NAMES[1], "put this right")),
        (NAMES[1], ev.SimilarFound(remark="b", likely=like)),
        (NAMES[1], ev.SimilarFound(remark="z", likely=(Likely(remark="a", score=0.4),))),
    ]
    offer = offer_of(fold(told(events)), NAMES[1])
    assert offer is not None
    assert offer[0].id == "b", "the likeliest first"
    assert offer_of(fold(told(events)), NAMES[1], besides=("b", "z")) is None
    same = (NAMES[1], ev.SameConfirmed(remark="b", of="a"))
    offer = offer_of(fold(told([*events, same])), NAMES[1])
    assert offer is not None, "another remark, said at another time"
    one_breath = [
        (session, event.model_copy(update={"remark": "b/1"}) if isinstance(event, ev.SimilarFound) else event)
        for session, event in events
        if not isinstance(event, ev.SimilarFound) or event.remark == "z"
    ]
    comment: Happened = (NAMES[1], said("b/1", NAMES[1], "in the same breath"))
    assert breath_of("b/1") == "b"
    assert offer_of(fold(told([comment, *one_breath])), NAMES[1]) is not None
    assert offer_of(fold(told([comment, *one_breath, same])), NAMES[1]) is None


def _is_ruled(remark: str, state: State) -> bool:
    mistake = state.mistakes.get(state.remarks[remark].mistake)
    return mistake is not None and is_held_off(mistake, state)


def _open(alike: tuple[Likely, ...], state: State) -> bool:
    """Return whether the first of those that are remembered is no mistake that a rule sees to."""
    known = [one.remark for one in alike if one.remark in state.remarks]
    return bool(known) and not _is_ruled(known[0], state)
