"""`state = fold(events)`: whatever the events, however they are cut, however often they come."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from cockpit.approvals.types import Answerer, Section
from cockpit.changes.types import ChangeStat, FileStat
from cockpit.checks.types import CheckOutcome, CheckResult, Finding, Receipt, When
from cockpit.journal import types as ev
from cockpit.sessions.types import (
    AgentExited,
    AgentMessage,
    AttentionItem,
    AttentionKind,
    CommandAcknowledged,
    Decision,
    DecisionKind,
    RateLimit,
    RateLimitsReported,
    RequestKind,
    RequestRaised,
    RequestResolved,
    Send,
    SessionStatus,
    Task,
    ToolStarted,
    TurnEnded,
    TurnReason,
    TurnStarted,
    UsageReported,
    WorkspaceInfo,
)
from cockpit.state.fold import apply, fold
from cockpit.state.model import STATE, State
from cockpit.types import CommitId, SessionId, TreeId

TREE, COMMIT = TreeId("a" * 40), CommitId("c" * 40)
NAMES = tuple(SessionId(name) for name in ("one", "two"))


def _result(outcome: CheckOutcome, count: int) -> CheckResult:
    findings = tuple(Finding(check="lint", message=f"m{n}", instance=f"i{n}") for n in range(count))
    return CheckResult(check="lint", tree=TREE, outcome=outcome, findings=findings)


def _decision(kind: DecisionKind, number: int) -> ev.DecisionMade:
    undoes = f"d{number - 1}" if kind is DecisionKind.UNDO else ""
    return ev.DecisionMade(
        decision=Decision(id=f"d{number}", kind=kind, session=NAMES[0], by="ana", at=1, undoes=undoes)
    )


said = st.one_of(
    st.builds(TurnStarted, turn=st.just(1)),
    st.builds(AgentMessage, item=st.just("m"), text=st.text(max_size=20)),
    st.builds(ToolStarted, item=st.just("t"), tool=st.just("run"), title=st.text(max_size=20)),
    st.builds(UsageReported, input_tokens=st.integers(0, 1000), cost_usd=st.one_of(st.none(), st.just(0.1))),
    st.builds(RateLimitsReported, limits=st.just((RateLimit(name="weekly", used_percent=3.5),))),
    st.builds(RequestRaised, request=st.sampled_from("pq"), kind=st.just(RequestKind.QUESTION), title=st.just("?")),
    st.builds(RequestResolved, request=st.sampled_from("pq")),
    st.builds(TurnEnded, turn=st.just(1), reason=st.sampled_from(TurnReason), summary=st.text(max_size=9)),
    st.builds(CommandAcknowledged, command=st.sampled_from("xy")),
    st.builds(AgentExited, exit_code=st.just(0)),
)
of_session = st.one_of(
    said.map(lambda one: ev.AgentSaid(said=one)),
    st.builds(ev.SessionCreated, task=st.just(Task(prompt="do it"))),
    st.builds(ev.StatusChanged, status=st.sampled_from(SessionStatus), reason=st.text(max_size=9)),
    st.just(
        ev.WorkspaceReady(
            workspace=WorkspaceInfo(session=NAMES[0], path="/w", branch="b", base="main", base_commit=COMMIT)
        )
    ),
    st.builds(ev.AgentLaunched, run=st.integers(1, 3), driver=st.just("native"), agent=st.just("a")),
    st.sampled_from("xy").map(lambda id_: ev.CommandSent(command=Send(id=id_, text="go"))),
    st.just(ev.ChecksStarted(tree=TREE, when=When.HUMAN, round=1, checks=("lint",))),
    st.builds(_result, st.sampled_from(CheckOutcome), st.integers(0, 2)).map(
        lambda r: ev.CheckFinished(when=When.HUMAN, round=1, result=r)
    ),
    st.just(ev.ChangeMeasured(stat=ChangeStat(base=TREE, tree=TREE, files=(FileStat(path="f"),)))),
    st.just(ev.ReceiptIssued(receipt=Receipt(tree=TREE, results=(), at=1))),
    st.builds(_decision, st.sampled_from(DecisionKind), st.integers(1, 9)),
    st.just(ev.QueueEntered(commit=COMMIT, target="main")),
    st.just(ev.QueueTested(batch=NAMES, tree=TREE)),
    st.just(ev.QueueBlocked(reason="dirty")),
    st.just(ev.QueueLeft(reason="conflict", findings=(Finding(check="c", message="m"),))),
    st.just(ev.Landed(target="main", commit=COMMIT, tree=TREE, receipt=Receipt(tree=TREE, results=(), at=1))),
    st.sampled_from(AttentionKind).map(
        lambda kind: ev.AttentionRaised(
            item=AttentionItem(id=f"one:{kind}", session=NAMES[0], kind=kind, title="t", since=1)
        )
    ),
    st.sampled_from(AttentionKind).map(lambda kind: ev.AttentionResolved(item=f"one:{kind}", waited_s=1, keys=2)),
    st.builds(ev.FileReviewed, path=st.just("f"), blob=st.just("b"), is_reviewed=st.booleans()),
    st.just(ev.PolicyAdded(section=Section.COMMANDS, line="ls")),
    st.just(ev.SessionAllowed(key="command ls", by="ana")),
    st.builds(
        ev.RequestAutoAnswered,
        request=st.just("p"),
        title=st.just("ls"),
        decision=st.sampled_from(("once", "deny")),
        by=st.sampled_from(Answerer),
    ),
    st.just(ev.FleetExtended(spent={"tokens": 9.0, "tokens_per_day": 3.0}, by="ana")),
)
of_all = st.sampled_from(
    [
        ev.SupervisorStarted(pid=1, version="1", repository="/r"),
        ev.SupervisorStopped(),
        ev.ConfigBroken(error="no"),
        ev.ConfigLoaded(target="main"),
        ev.DayBegan(day="2026-01-30"),
        ev.DayBegan(day="2026-01-31"),
        ev.Noted(text="hm"),
    ]
)
happening = st.one_of(st.tuples(st.sampled_from(NAMES), of_session), st.tuples(st.sampled_from((*NAMES, None)), of_all))


def envelopes(happened: list[tuple[SessionId | None, Any]]) -> list[ev.Envelope]:
    begun = [(name, ev.SessionCreated(task=Task(prompt=name))) for name in NAMES]
    numbered = enumerate([*begun, *happened], 1)
    return [ev.Envelope(seq=n, at=1000.0 + n, session=session, event=event) for n, (session, event) in numbered]


stories = st.lists(happening, max_size=40).map(envelopes)


@given(stories, st.data())
@settings(max_examples=150, deadline=None)
def test_a_prefix_and_the_rest_are_the_whole_whatever_comes_twice(
    story: list[ev.Envelope], data: st.DataObject
) -> None:
    whole = fold(story)
    cut = data.draw(st.integers(0, len(story)))
    again = data.draw(st.integers(0, cut))
    snapshot = STATE.dump_json(fold(story[:cut]))
    assert fold(story[again:], STATE.validate_json(snapshot)) == whole


@given(stories)
@settings(max_examples=100, deadline=None)
def test_state_survives_being_kept(story: list[ev.Envelope]) -> None:
    state = fold(story)
    assert STATE.validate_json(STATE.dump_json(state)) == state
    assert state.seq == len(story)


@given(stories)
@settings(max_examples=100, deadline=None)
def test_events_survive_the_journal_and_fields_of_a_newer_version_are_ignored(story: list[ev.Envelope]) -> None:
    def newer(body: str) -> str:
        return json.dumps({**json.loads(body), "added_later": {"deep": [1]}})

    read = [
        envelope.model_copy(update={"event": ev.EVENT.validate_json(newer(envelope.event.model_dump_json()))})
        for envelope in story
    ]
    assert fold(read) == fold(story)


@given(stories)
@settings(max_examples=60, deadline=None)
def test_what_was_snapshot_before_does_not_change_after(story: list[ev.Envelope]) -> None:
    state = State()
    kept: list[tuple[dict[str, Any], dict[str, Any]]] = []
    for envelope in story:
        apply(state, envelope)
        kept += [(one.requests, dict(one.requests)) for one in state.sessions.values()]
    assert all(live == copy for live, copy in kept)


def test_events_of_a_session_nobody_knows_change_nothing_but_the_place() -> None:
    state = fold(
        [ev.Envelope(seq=5, at=1, session=SessionId("ghost"), event=ev.StatusChanged(status=SessionStatus.READY))]
    )
    assert state == State(seq=5)


def test_work_is_counted_without_the_time_a_human_takes() -> None:
    begun = envelopes([])
    steps: list[tuple[float, Any]] = [
        (0, TurnStarted(turn=1)),
        (10, RequestRaised(request="p", kind=RequestKind.QUESTION, title="?")),
        (500, RequestResolved(request="p")),
        (520, TurnEnded(turn=1, reason=TurnReason.DONE)),
    ]
    story = [
        *begun,
        *(
            ev.Envelope(seq=3 + n, at=at, session=NAMES[0], event=ev.AgentSaid(said=one))
            for n, (at, one) in enumerate(steps)
        ),
    ]
    assert fold(story).sessions[NAMES[0]].worked_s == 30


def test_an_undone_rejection_is_none() -> None:
    story = envelopes([(NAMES[0], _decision(DecisionKind.REJECT, 1)), (NAMES[0], _decision(DecisionKind.UNDO, 2))])
    assert fold(story).stats.rejected == 0
