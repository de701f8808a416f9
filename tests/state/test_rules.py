"""The books of rules as a fold: an occurrence counts once for each session, what is gone was fixed."""

from __future__ import annotations

from itertools import count

from cockpit.journal import types as ev
from cockpit.journal.types.rules import RuleAccepted, RuleDecided, RuleHit, RuleRefused, RuleRetired, RulesScanned
from cockpit.sessions.types import Task
from cockpit.state.fold import fold
from cockpit.state.model import STATE, State
from cockpit.state.rule_books import RECENT, SILENT_DAYS, BookProposal, RuleBook
from cockpit.types import CommitId, SessionId

DAY_S = 86_400.0
ONE, TWO = SessionId("s-1"), SessionId("s-2")


def told(*events: tuple[SessionId | None, ev.Event]) -> State:
    begun = [(one, ev.SessionCreated(task=Task(prompt="work"))) for one in (ONE, TWO)]
    numbers = count(1)
    return fold(
        ev.Envelope(seq=next(numbers), at=1000.0 + DAY_S * number, session=session, event=event)
        for number, (session, event) in enumerate([*begun, *events])
    )


def seen(*instances: str, rule: str = "r", only: bool = False, aside: bool = False) -> RulesScanned:
    hits = tuple(RuleHit(rule=rule, instance=one, is_suppressed=aside) for one in instances)
    return RulesScanned(rules=(rule,) if only else (), hits=hits)


def test_what_comes_and_goes_is_counted_once() -> None:
    state = told((ONE, seen("a", "b")), (ONE, seen("b")), (TWO, seen("b")), (ONE, seen()), (ONE, seen("a")))
    book = state.rules.books["r"]
    assert (book.fired, book.fixed, book.suppressed, book.sessions) == (4, 2, 0, [ONE, TWO])
    assert sum(book.days.values()) == 4
    assert book.last_seen == 1000.0 + DAY_S * 6
    assert STATE.validate_json(STATE.dump_json(state)) == state


def test_a_look_by_one_rule_says_nothing_of_the_others() -> None:
    state = told((ONE, seen("a")), (ONE, seen("x", rule="q", only=True)), (ONE, seen(rule="q", only=True)))
    assert state.sessions[ONE].rule_hits == {"a": "r"}
    assert (state.rules.books["r"].fixed, state.rules.books["q"].fixed) == (0, 1)


def test_a_rule_that_is_waved_aside_or_silent_is_proposed_for_less() -> None:
    state = told((ONE, seen(*map(str, range(RECENT - 3)))), (TWO, seen("x", "y", "z", aside=True)))
    book = state.rules.books["r"]
    assert (book.fired, book.suppressed) == (RECENT - 3, 3)
    proposal = book.proposal(book.last_seen)
    assert proposal is not None
    assert (proposal.kind, proposal.words[:25]) == ("demote", "3 of its last 20 firings ")
    silent = RuleBook(accepted_at=5.0)
    assert silent.proposal(5.0 + SILENT_DAYS * DAY_S) is None
    assert silent.proposal(5.0 + (SILENT_DAYS + 1) * DAY_S) == BookProposal("delete", "silent for 91 days")
    assert RuleBook().proposal(1e12) is None


def test_a_decision_is_under_way_until_it_is_told_how_it_ended() -> None:
    decided = RuleDecided(
        decision="d", what="accept", rule="r", target="main", base=CommitId("b" * 40), commit=CommitId("c" * 40)
    )
    assert told((None, decided)).rules.under_way == {"d": decided}
    assert not told((None, decided), (None, RuleRefused(decision="d", rule="r", reason="no"))).rules.under_way
    accepted = RuleAccepted(decision="d", rule="r", target="main", commit=CommitId("e" * 40), message="no", by="ana")
    state = told((None, decided), (None, accepted))
    assert (state.rules.under_way, state.rules.done["d"].commit) == ({}, "e" * 40)
    assert state.rules.books["r"].accepted_by == "ana"
    assert not state.sessions[ONE].rule_news  # its agent never ran: it begins with the rule in force
    retired = RuleRetired(decision="d2", rule="r", target="main", commit=CommitId("f" * 40))
    assert told((None, decided), (None, accepted), (None, retired)).rules.books["r"].is_retired
