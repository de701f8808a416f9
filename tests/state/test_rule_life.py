"""The books of rules whatever happens to them, and the curve of repeated mistakes."""

from __future__ import annotations

from itertools import count

from hypothesis import given, settings
from hypothesis import strategies as some

from cockpit.checks.types import Receipt
from cockpit.journal import types as ev
from cockpit.journal.types.rule_life import FindingJudged, RuleChanged
from cockpit.journal.types.rules import RuleAccepted, RuleDecided, RuleHit, RuleRetired, RulesScanned
from cockpit.rules.types.mistakes import Sighting
from cockpit.sessions.types import Task
from cockpit.state.fold import fold
from cockpit.state.model import STATE, State
from cockpit.state.rule_books import DAYS_KEPT, RECENT, SILENT_DAYS
from cockpit.state.rule_curve import STEPS_KEPT, WINDOW, Point, Step, drawn, made, merged, points
from cockpit.types import CommitId, SessionId, TreeId

DAY_S = 86_400.0
SESSIONS = [SessionId(f"s-{number}") for number in range(3)]
RULES = ("a", "b")
COMMIT, TREE = CommitId("c" * 40), TreeId("b" * 40)
LANDED = ev.Landed(
    target="main", commit=COMMIT, tree=TREE, receipt=Receipt(tree=TREE, commit=COMMIT, results=(), at=1.0)
)

Told = tuple[SessionId | None, ev.Event]


def told(events: list[Told], state: State | None = None) -> State:
    begun: list[Told] = [(one, ev.SessionCreated(task=Task(prompt="work"))) for one in SESSIONS]
    numbers = count(1)
    return fold(
        ev.Envelope(seq=next(numbers), at=1000.0 + DAY_S * number / 3, session=session, event=event)
        for number, (session, event) in enumerate([*begun, *events])
    )


places = some.sampled_from([(rule, f"{rule}{number}") for rule in RULES for number in range(6)])
hits = some.builds(
    lambda place, is_suppressed: RuleHit(rule=place[0], instance=place[1], is_suppressed=is_suppressed),
    places,
    some.booleans(),
)
scans = some.tuples(
    some.sampled_from(SESSIONS), some.builds(RulesScanned, hits=some.lists(hits, max_size=5).map(tuple))
)
judgements = some.tuples(
    some.none(),
    some.builds(
        lambda place, session, is_useful: FindingJudged(
            decision="d", rule=place[0], of_session=session, instance=place[1], is_useful=is_useful
        ),
        places,
        some.sampled_from(SESSIONS),
        some.booleans(),
    ),
)
changes = some.tuples(
    some.none(),
    some.builds(
        RuleChanged,
        decision=some.just("d"),
        rule=some.sampled_from(RULES),
        target=some.just("main"),
        commit=some.just(COMMIT),
        state=some.sampled_from(["shadow", "warn", "block"]),
        was=some.sampled_from(["shadow", "warn", "block", "retired"]),
    ),
)
landings = some.tuples(some.sampled_from(SESSIONS), some.just(LANDED))


@settings(max_examples=60, deadline=None)
@given(some.lists(some.one_of(scans, judgements, changes, landings), max_size=40))
def test_the_books_hold_whatever_happens(events: list[Told]) -> None:
    state = told(events)
    standing = [(rule, one.id) for one in state.sessions.values() for rule in one.rule_hits.values()]
    for name, book in state.rules.books.items():
        seen = book.fired + book.suppressed
        assert book.fixed >= 0
        assert book.not_useful >= 0
        assert len(book.firings) == min(seen, RECENT)
        assert sum(book.days.values()) <= seen
        assert len(book.days) <= DAYS_KEPT
        assert len(book.sessions) == len(set(book.sessions))
        open_ones = sum(rule == name for rule, _ in standing)
        assert book.fixed + open_ones <= seen
        if not any(isinstance(event, FindingJudged) for _, event in events):
            assert book.fixed + open_ones == seen  # nothing is lost: it is there, or it was fixed
        proposal = book.proposal(1000.0 + DAY_S * len(events))
        waved = sum(one.is_waved_aside and one.at > book.changed_at for one in book.firings)
        assert proposal is None or proposal.kind != "demote" or waved > 2
        assert book.is_retired or waved <= 2 or (proposal is not None and proposal.kind == "demote")
    landed = sum(isinstance(event, ev.Landed) for _, event in events)
    assert len(points(state.rules.steps)) == landed == state.stats.landed
    assert STATE.validate_json(STATE.dump_json(state)) == state
    assert told(events) == state


def scan(session: SessionId, *instances: str, aside: bool = False) -> Told:
    found = tuple(RuleHit(rule="a", instance=one, is_suppressed=aside, path="x.py", line=1) for one in instances)
    return session, RulesScanned(hits=found)


def judged(session: SessionId, instance: str, *, is_useful: bool = False) -> Told:
    return None, FindingJudged(decision="d", rule="a", of_session=session, instance=instance, is_useful=is_useful)


def test_three_not_useful_are_enough_to_propose_less_and_a_change_of_state_begins_anew() -> None:
    story = [scan(SESSIONS[0], "1", "2", "3"), *(judged(SESSIONS[0], one) for one in "123")]
    book = told(story).rules.books["a"]
    proposal = book.proposal(2000.0)
    assert proposal is not None
    assert proposal.kind == "demote"
    assert proposal.words == "3 of its last 3 firings were suppressed or judged not useful"
    back = told([*story, judged(SESSIONS[0], "2", is_useful=True)]).rules.books["a"]
    assert (back.not_useful, back.proposal(2000.0)) == (2, None)
    changed = RuleChanged(decision="e", rule="a", target="main", commit=COMMIT, state="warn", was="block", by="ada")
    later = told([*story, (None, changed)]).rules.books["a"]
    assert later.proposal(later.changed_at) is None
    silent = later.proposal(later.changed_at + (SILENT_DAYS + 1) * DAY_S)
    assert silent is not None
    assert silent.kind == "delete"


def test_the_same_judgement_counts_once_and_what_was_let_by_is_not_fixed() -> None:
    one = SESSIONS[0]
    state = told([scan(one, "1", "2"), judged(one, "1"), judged(one, "1"), scan(one)])
    book = state.rules.books["a"]
    assert (book.fired, book.not_useful, book.fixed) == (2, 1, 1)
    assert [firing.is_gone for firing in book.firings] == [True, True]


def test_what_a_retired_rule_objected_to_is_not_fixed() -> None:
    retired = RuleRetired(decision="d", rule="a", target="main", commit=COMMIT)
    state = told([scan(SESSIONS[0], "1"), (None, retired), scan(SESSIONS[0])])
    assert (state.rules.books["a"].fixed, state.rules.books["a"].firings[0].is_gone) == (0, True)


def test_a_retirement_that_is_taken_back_leaves_the_acceptance_as_it_was() -> None:
    accepted = RuleAccepted(decision="d", rule="a", target="main", commit=COMMIT, by="ada")
    retired = RuleRetired(decision="e", rule="a", target="main", commit=COMMIT, by="bob")
    undo = RuleDecided(decision="u", what="accept", rule="a", target="main", base=COMMIT, commit=COMMIT, undoes="e")
    back = RuleAccepted(decision="u", rule="a", target="main", commit=COMMIT, by="bob")
    book = told([(None, accepted), (None, retired), (None, undo), (None, back)]).rules.books["a"]
    assert (book.accepted_by, book.is_retired) == ("ada", False)


def seen(fingerprint: str) -> ev.FindingsSeen:
    return ev.FindingsSeen(tree=TREE, seen=(Sighting(fingerprint=fingerprint, instance="i", message="m"),))


def test_the_curve_counts_what_is_made_again_and_not_what_a_rule_stops() -> None:
    one, two, three = SESSIONS
    accepted = RuleAccepted(decision="d", rule="a", target="main", commit=COMMIT)
    state = told(
        [
            (one, seen("ruff:E1")),  # for the first time: no repeated mistake
            (one, LANDED),
            (two, seen("ruff:E1")),
            (three, seen("ruff:E1")),
            (two, LANDED),
            (None, accepted),
            (one, seen("rules:a")),
            (one, seen("rules:unreadable")),  # no rule's own
            (three, LANDED),
        ]
    )
    steps = [(step.repeated, step.caught, step.rules) for step in state.rules.steps]
    assert steps == [(0, 0, []), (2, 0, []), (0, 1, ["a"])]
    assert [round(point.value, 2) for point in points(state.rules.steps)] == [0, 1.0, 0.67]
    assert [round(point.caught, 2) for point in points(state.rules.steps)] == [0, 0, 0.33]


def test_what_is_taken_back_leaves_no_tick() -> None:
    accepted = RuleAccepted(decision="d", rule="a", target="main", commit=COMMIT)
    decided = RuleDecided(decision="u", what="retire", rule="a", target="main", base=COMMIT, commit=COMMIT, undoes="d")
    undone = RuleRetired(decision="u", rule="a", target="main", commit=COMMIT)
    state = told([(None, accepted), (SESSIONS[0], LANDED), (None, decided), (None, undone)])
    assert [step.rules for step in state.rules.steps] == [[]]
    retired = told([(None, accepted), (SESSIONS[0], LANDED), (None, undone)])
    assert [step.rules for step in retired.rules.steps] == [["a"]]  # retired later: it was there


def test_steps_are_bounded_and_a_point_looks_back_on_the_last_ones() -> None:
    steps: list[Step] = []
    for number in range(STEPS_KEPT + 50):
        if number < STEPS_KEPT + 50 - WINDOW:
            made(steps, "ruff:E1", 2, ())
        merged(steps, float(number + 1))
    curve = points(steps)
    assert len(curve) == STEPS_KEPT
    assert (curve[0].value, curve[-WINDOW - 1].value, curve[-1].value) == (1.0, 1.0, 0.0)


@given(
    some.lists(some.floats(min_value=0, max_value=9), min_size=1, max_size=120),
    some.integers(min_value=1, max_value=150),
    some.integers(min_value=1, max_value=8),
)
def test_a_drawing_fits_and_shows_every_tick(values: list[float], columns: int, rows: int) -> None:
    curve = [Point(float(at), value, 0.0, ("r",) if at % 7 == 0 else ()) for at, value in enumerate(values)]
    picture = drawn(curve, columns, rows)
    assert len(picture.rows) == rows
    assert {len(row) for row in (*picture.rows, picture.axis)} == {len(picture.axis)}
    assert 1 <= len(picture.axis) <= columns
    assert "▲" in picture.axis
    assert picture.top >= values[-1]


def test_a_drawing_goes_down_where_mistakes_do() -> None:
    curve = [Point(float(at), value, 0.0) for at, value in enumerate([4.0, 2.0, 1.0, 0.0])]
    picture = drawn(curve, 4, 2)
    assert picture.rows == ("█   ", "██▄ ")
