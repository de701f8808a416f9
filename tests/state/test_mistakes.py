"""Mistakes as a fold: whatever is found, fixed, said and confirmed, it equals a plain recount, and stays small."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

from hypothesis import given, settings
from hypothesis import strategies as st

from cockpit.changes.types import ChangeStat
from cockpit.journal import types as ev
from cockpit.rules.types.mistakes import RemarkKind, Sighting
from cockpit.sessions.types import (
    Answer,
    AnswerDecision,
    Decision,
    DecisionKind,
    LineComment,
    RequestKind,
    RequestRaised,
    SessionStatus,
    Task,
)
from cockpit.state.fold import apply, fold
from cockpit.state.mistakes import KEPT_MISTAKES, KEPT_OCCURRENCES, KEPT_REMARKS, SAID
from cockpit.state.model import STATE, State
from cockpit.types import SessionId, TreeId

BASE, TREE = TreeId("b" * 40), TreeId("a" * 40)
NAMES = tuple(SessionId(f"s{number}") for number in range(4))
MARKS = ("ruff:F401", "mypy:arg-type", "rules:no-print")


def story(happened: Sequence[tuple[SessionId, ev.Event]]) -> list[ev.Envelope]:
    begun: list[tuple[SessionId, ev.Event]] = [(name, ev.SessionCreated(task=Task(prompt=name))) for name in NAMES]
    numbered = enumerate([*begun, *happened], 1)
    return [ev.Envelope(seq=seq, at=float(seq), session=session, event=event) for seq, (session, event) in numbered]


def seen(*marks: str, gone: tuple[str, ...] = ()) -> ev.FindingsSeen:
    sightings = tuple(Sighting(fingerprint=mark, instance=f"i{mark}", message=f"about {mark}") for mark in marks)
    return ev.FindingsSeen(tree=TREE, seen=sightings, gone=gone)


def said(id_: str, session: SessionId, text: str, kind: DecisionKind = DecisionKind.REDIRECT) -> ev.DecisionMade:
    return ev.DecisionMade(decision=Decision(id=id_, kind=kind, session=session, by="ana", at=1, text=text))


marks = st.lists(st.sampled_from(MARKS), unique=True, max_size=3)
rounds = st.lists(
    st.tuples(st.sampled_from(NAMES), marks, marks).map(
        lambda one: (one[0], seen(*one[1], gone=tuple(mark for mark in one[2] if mark not in one[1])))
    ),
    max_size=40,
)


@given(rounds)
@settings(max_examples=100, deadline=None)
def test_the_fold_equals_a_recount(happened: list[tuple[SessionId, ev.FindingsSeen]]) -> None:
    made: dict[str, list[SessionId]] = defaultdict(list)
    standing: set[tuple[str, SessionId]] = set()
    for session, event in happened:
        for one in event.seen:
            if (one.fingerprint, session) not in standing:
                made[one.fingerprint].append(session)
            standing.add((one.fingerprint, session))
        standing -= {(mark, session) for mark in event.gone}
    state = fold(story(list(happened)))
    assert {mark: mistake.count for mark, mistake in state.mistakes.items()} == {m: len(s) for m, s in made.items()}
    for mark, mistake in state.mistakes.items():
        assert [occurrence.session for occurrence in mistake.occurrences] == made[mark][-KEPT_OCCURRENCES:]
        assert set(mistake.sessions) == set(made[mark])
        assert set(mistake.standing) == {session for known, session in standing if known == mark}
        assert mistake.is_repeated == (len(made[mark]) > 1)


@given(rounds, st.data())
@settings(max_examples=50, deadline=None)
def test_a_kept_state_goes_on_like_the_whole(
    happened: list[tuple[SessionId, ev.FindingsSeen]], data: st.DataObject
) -> None:
    whole = story(list(happened))
    cut = data.draw(st.integers(0, len(whole)))
    kept = STATE.validate_json(STATE.dump_json(fold(whole[:cut])))
    assert fold(whole, kept) == fold(whole)


def test_what_is_found_in_a_round_that_fixes_another_place_is_the_same_time() -> None:
    state = fold(story([(NAMES[0], seen("m")), (NAMES[0], seen("m")), (NAMES[0], seen(gone=("m",)))]))
    assert state.mistakes["m"].count == 1
    assert state.mistakes["m"].occurrences[0].fixed_seq == len(NAMES) + 3


def test_what_was_found_once_longest_ago_is_forgotten_first() -> None:
    repeated = [(name, seen("again")) for name in NAMES[:2]]
    many = [(NAMES[0], seen(f"m{number}")) for number in range(KEPT_MISTAKES + 5)]
    state = fold(story([*repeated, *many]))
    assert len(state.mistakes) == KEPT_MISTAKES
    assert "again" in state.mistakes
    assert "m0" not in state.mistakes
    assert f"m{KEPT_MISTAKES + 4}" in state.mistakes


def test_nothing_stands_in_a_session_that_is_over() -> None:
    over = ev.StatusChanged(status=SessionStatus.REJECTED)
    assert fold(story([(NAMES[0], seen("m")), (NAMES[0], over)])).mistakes["m"].standing == ()


def test_words_comments_rejections_and_denials_of_people_are_remembered() -> None:
    comments = (LineComment(path="a.py", line=3, text="no print here", snippet="print(1)"),)
    redirect = Decision(
        id="d1", kind=DecisionKind.REDIRECT, session=NAMES[0], by="ana", at=1, text="smaller", comments=comments
    )
    asked = RequestRaised(request="r", kind=RequestKind.COMMAND, title="rm -rf build")
    denial = Answer(id="c1", request="r", decision=AnswerDecision.DENY, text="use make clean")
    happened: list[tuple[SessionId, ev.Event]] = [
        (NAMES[0], ev.ChangeMeasured(stat=ChangeStat(base=BASE, tree=TREE))),
        (NAMES[0], ev.DecisionMade(decision=redirect)),
        (NAMES[0], ev.AgentSaid(said=asked)),
        (NAMES[0], ev.CommandSent(command=denial, author="ana")),
        (NAMES[0], ev.CommandSent(command=denial.model_copy(update={"id": "c2"}), author="policy")),
        (NAMES[1], said("d2", NAMES[1], "not wanted", DecisionKind.REJECT)),
        (NAMES[1], said("d3", NAMES[1], "fine", DecisionKind.APPROVE)),
        (NAMES[0], ev.RemarkKept(remark="d1", side="after", diff="+1")),
    ]
    remarks = fold(story(happened)).remarks
    assert [(one.id, one.kind, one.text) for one in remarks.values()] == [
        ("d1", RemarkKind.REDIRECT, "smaller"),
        ("d1/0", RemarkKind.COMMENT, "no print here"),
        ("c1", RemarkKind.DENIAL, "use make clean"),
        ("d2", RemarkKind.REJECT, "not wanted"),
    ]
    assert (remarks["d1/0"].path, remarks["d1/0"].line, remarks["d1/0"].snippet) == ("a.py", 3, "print(1)")
    assert remarks["c1"].subject == "rm -rf build"
    assert (remarks["d1"].base, remarks["d1"].tree) == (BASE, TREE)
    assert remarks["d1"].after_seq == len(NAMES) + len(happened)


confirmations = st.lists(st.tuples(st.sampled_from("abcdef"), st.sampled_from([*"abcdef", "m", "nobody"])), max_size=20)


@given(confirmations)
@settings(max_examples=100, deadline=None)
def test_what_people_say_is_the_same_is_counted_as_one(pairs: list[tuple[str, str]]) -> None:
    remarks = [(NAMES[n % 4], said(id_, NAMES[n % 4], f"words {id_}")) for n, id_ in enumerate("abcdef")]
    same = [(NAMES[0], ev.SameConfirmed(remark=one, of=other)) for one, other in pairs]
    state = State()
    for envelope in story([(NAMES[3], seen("m")), *remarks, *same]):
        apply(state, envelope)
    groups: dict[str, set[str]] = {name: {name} for name in [*"abcdef", "m"]}
    for one, other in pairs:
        if other in groups:
            joined = groups[one] | groups[other]
            groups.update(dict.fromkeys(joined, joined))
    for id_, remark in state.remarks.items():
        group = groups[id_]
        assert bool(remark.mistake) == (len(group) > 1)
        if remark.mistake:
            assert {one.id for one in state.remarks.values() if one.mistake == remark.mistake} == group - {"m"}
            assert state.mistakes[remark.mistake].count == len(group)
    known = [name for name in state.mistakes if name.startswith(SAID)]
    assert all(any(one.mistake == name for one in state.remarks.values()) for name in known)


def test_remarks_are_bounded() -> None:
    many = [(NAMES[0], said(f"d{number}", NAMES[0], "x" * 5000)) for number in range(KEPT_REMARKS + 3)]
    remarks = fold(story(many)).remarks
    assert len(remarks) == KEPT_REMARKS
    assert max(len(one.text) for one in remarks.values()) == 600
