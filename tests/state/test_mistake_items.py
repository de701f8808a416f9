"""Mistakes in the attention queue: one item each, which grows, leaves and comes back as what happened says."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from cockpit.journal import types as ev
from cockpit.journal.types.rules import RuleAccepted, RuleDecided, RuleRetired
from cockpit.rules.types.mistakes import Mistake
from cockpit.sessions.types import AttentionItem, AttentionKind, SessionStatus, Task
from cockpit.state.fold import apply, fold
from cockpit.state.mistake_items import ENFORCED, title
from cockpit.state.mistakes import SAID
from cockpit.state.model import STATE, State
from cockpit.supervisor.rules.in_force import CHECK
from cockpit.types import CommitId, SessionId
from tests.state.test_mistakes import NAMES, said, seen

MARK, OTHER, RULES = "ruff:F401", "mypy:arg-type", "rules:no-print"
COMMIT = CommitId("c" * 40)
Happening = tuple[SessionId | None, ev.Event]


def story(*happened: Happening) -> list[ev.Envelope]:
    begun: list[Happening] = [(name, ev.SessionCreated(task=Task(prompt=name))) for name in NAMES]
    numbered = enumerate([*begun, *happened], 1)
    return [ev.Envelope(seq=seq, at=float(seq), session=session, event=event) for seq, (session, event) in numbered]


def waiting(state: State) -> list[AttentionItem]:
    return [one for one in state.attention.values() if one.kind is AttentionKind.MISTAKE]


def titles(state: State) -> list[str]:
    return [one.title for one in waiting(state)]


def dismissed(mark: str = MARK) -> ev.MistakeDismissed:
    return ev.MistakeDismissed(decision="d", fingerprint=mark, looked_s=2.5, keys=3, by="ana")


def accepted(*marks: str, decision: str = "a") -> RuleAccepted:
    return RuleAccepted(decision=decision, rule="no-x", target="main", commit=COMMIT, mistakes=marks)


def retired(decision: str = "r") -> RuleRetired:
    return RuleRetired(decision=decision, rule="no-x", target="main", commit=COMMIT)


def decided(decision: str, undoes: str = "") -> RuleDecided:
    return RuleDecided(
        decision=decision, what="retire", rule="no-x", target="main", base=COMMIT, commit=COMMIT, undoes=undoes
    )


def test_a_mistake_is_told_in_one_line() -> None:
    sessions = tuple(SessionId(name) for name in ("a", "b", "c"))
    numbers = dict(zip(sessions, (4, 9, 12), strict=True))
    mistake = Mistake(fingerprint="f", title="outbound call without timeout.", count=3, sessions=sessions)
    assert title(mistake, numbers) == "third time: outbound call without timeout, sessions 4, 9, 12"
    assert title(mistake.model_copy(update={"count": 31}), {}) == "31st time: outbound call without timeout"
    assert title(mistake.model_copy(update={"count": 12}), {}).startswith("12th")


def test_a_mistake_needs_a_person_from_its_second_time_on_and_its_item_grows_in_place() -> None:
    state = fold(story((NAMES[0], seen(MARK))))
    assert not state.attention
    state = fold(story((NAMES[0], seen(MARK)), (NAMES[1], seen(MARK, OTHER))))
    (item,) = waiting(state)
    assert (item.id, item.mistake, item.session) == (f"mistake:{MARK}", MARK, NAMES[1])
    assert item.title == f"second time: about {MARK}, sessions 1, 2"
    apply(state, ev.Envelope(seq=state.seq + 1, at=99.0, session=NAMES[3], event=seen(MARK)))
    (grown,) = waiting(state)
    assert grown.title == f"third time: about {MARK}, sessions 1, 2, 4"
    assert (grown.id, grown.since, grown.session) == (item.id, item.since, NAMES[3])


def test_what_a_rule_in_force_finds_is_counted_and_not_raised() -> None:
    assert RULES.startswith(f"{CHECK}:") and f"{CHECK}:" == ENFORCED
    state = fold(story((NAMES[0], seen(RULES)), (NAMES[1], seen(RULES))))
    assert state.mistakes[RULES].count == 2
    assert not state.attention


def test_the_end_of_a_session_leaves_the_mistake_in_the_queue() -> None:
    over = [(name, ev.StatusChanged(status=SessionStatus.REJECTED)) for name in NAMES]
    state = fold(story((NAMES[0], seen(MARK)), (NAMES[1], seen(MARK)), *over))
    assert len(waiting(state)) == 1


def test_a_dismissed_mistake_comes_back_when_it_is_made_again() -> None:
    twice: list[Happening] = [(NAMES[0], seen(MARK)), (NAMES[1], seen(MARK))]
    state = fold(story(*twice, (None, dismissed())))
    assert not state.attention
    assert (state.stats.attention_items, state.stats.looked_s, state.stats.keys) == (1, 2.5, 3)
    assert state.stats.waited_s == 1.0
    still = fold(story(*twice, (None, dismissed()), (NAMES[1], seen(OTHER)), (NAMES[1], seen(MARK))))
    assert not still.attention, "it stands there still, and was not made again"
    again = fold(story(*twice, (None, dismissed()), (NAMES[2], seen(MARK))))
    assert titles(again) == [f"third time: about {MARK}, sessions 1, 2, 3"]
    assert waiting(again)[0].since == again.seq
    unseen = ev.MistakeDismissed(decision="d", fingerprint=MARK, count=2)
    meanwhile = fold(story(*twice, (NAMES[2], seen(MARK)), (None, unseen)))
    assert len(waiting(meanwhile)) == 1, "the third time was not seen when it was let be"
    back = ev.MistakeRecalled(decision="u", fingerprint=MARK, by="ana")
    assert len(waiting(fold(story(*twice, (None, dismissed()), (None, back))))) == 1


def test_a_rule_takes_the_mistakes_that_it_was_made_of_off_the_queue() -> None:
    both: list[Happening] = [(NAMES[0], seen(MARK, OTHER)), (NAMES[1], seen(MARK, OTHER))]
    state = fold(story(*both, (None, accepted(MARK, "unheard:of")), (NAMES[2], seen(MARK))))
    assert [one.mistake for one in waiting(state)] == [OTHER]
    assert state.mistakes[MARK].rule == "no-x"
    assert state.stats.attention_items == 1


def test_a_rule_that_is_taken_back_gives_the_mistake_back_and_a_retired_one_when_it_is_made_again() -> None:
    both: list[Happening] = [(NAMES[0], seen(MARK)), (NAMES[1], seen(MARK)), (None, accepted(MARK))]
    undone = fold(story(*both, (None, decided("u", undoes="a")), (None, retired("u"))))
    assert len(waiting(undone)) == 1
    state = fold(story(*both, (None, decided("r")), (None, retired("r"))))
    assert not state.attention
    apply(state, ev.Envelope(seq=state.seq + 1, at=99.0, session=NAMES[2], event=seen(MARK)))
    assert len(waiting(state)) == 1
    apply(state, ev.Envelope(seq=state.seq + 1, at=99.0, session=None, event=accepted(decision="back")))
    assert not state.attention, "the rule is in force again"


def test_remarks_that_a_person_calls_the_same_are_one_item_and_join_that_of_a_check() -> None:
    words: list[Happening] = [(NAMES[n], said(f"r{n}", NAMES[n], "no timeout")) for n in range(3)]
    one = ev.SameConfirmed(remark="r1", of="r0", by="ana")
    state = fold(story(*words, (NAMES[1], one)))
    assert titles(state) == ["second time: no timeout, sessions 1, 2"]
    assert waiting(state)[0].mistake.startswith(SAID)
    joined = ev.SameConfirmed(remark="r0", of=MARK, by="ana")
    state = fold(story(*words, (NAMES[1], one), (NAMES[2], seen(MARK)), (NAMES[0], joined)))
    assert titles(state) == [f"third time: about {MARK}, sessions 1, 2, 3"]


_MARKS = st.sampled_from((MARK, OTHER, RULES))
_HAPPENINGS = st.one_of(
    st.tuples(st.sampled_from(NAMES), st.lists(_MARKS, unique=True, max_size=2).map(lambda some: seen(*some))),
    st.tuples(st.sampled_from(NAMES), _MARKS.map(lambda mark: seen(gone=(mark,)))),
    st.tuples(st.none(), _MARKS.map(dismissed)),
    st.tuples(st.none(), _MARKS.map(lambda mark: ev.MistakeRecalled(decision="u", fingerprint=mark))),
    st.tuples(st.none(), _MARKS.map(accepted)),
    st.tuples(st.none(), st.just(retired())),
    st.tuples(st.sampled_from(NAMES), st.just(ev.StatusChanged(status=SessionStatus.REJECTED))),
)


@given(st.lists(_HAPPENINGS, max_size=30), st.lists(st.integers(0, 34), max_size=4))
@settings(max_examples=150, deadline=None)
def test_however_the_events_are_split_the_queue_is_the_same(happened: list[Happening], cuts: list[int]) -> None:
    events = story(*happened)
    whole = fold(events)
    state, begin = State(), 0
    for cut in [*sorted(cuts), len(events)]:
        state = STATE.validate_json(STATE.dump_json(fold(events[begin:cut], state)))  # as after a crash
        begin = max(begin, cut)
    assert state.attention == whole.attention
    assert list(state.attention) == list(whole.attention)
    for item in waiting(whole):
        mistake = whole.mistakes[item.mistake]
        assert mistake.is_repeated
        assert mistake.count > mistake.dismissed
        assert not mistake.rule or whole.rules.books[mistake.rule].is_retired
        assert item.session in whole.sessions
