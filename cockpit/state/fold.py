"""`state = fold(events)`: the same for the supervisor, a live screen, an attach, a replay and the tests.

`apply` changes the state in place (a copy per event would cost more than everything else) and depends on nothing but
its arguments: no clock, no file, no order but the journal's.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from cockpit.changes.types import QueueEntry, QueueStatus
from cockpit.checks.types import CheckOutcome
from cockpit.journal import types as ev
from cockpit.sessions.types import (
    AgentExited,
    AgentMessage,
    AgentReady,
    CommandAcknowledged,
    DecisionKind,
    PlanChanged,
    RequestRaised,
    RequestResolved,
    Retrying,
    ToolStarted,
    TurnEnded,
    TurnStarted,
    UsageReported,
)
from cockpit.state import mistakes, rule_life, rules, senses
from cockpit.state.decisions import auto_answered, keep_decision, of_no_session, policy_added
from cockpit.state.model import Allowance, SessionState, State
from cockpit.state.usage import add_call, day_began, fleet_extended, said_across

KEPT_NOTES = 50


def fold(envelopes: Iterable[ev.Envelope], state: State | None = None) -> State:
    """Return the state after these events, beginning with `state` (which is changed) or with nothing."""
    state = state or State()
    for envelope in envelopes:
        apply(state, envelope)
    return state


def apply(state: State, envelope: ev.Envelope) -> None:
    """Let one event happen. Events at or before `state.seq` have happened already and change nothing."""
    if envelope.seq <= state.seq:
        return
    state.seq = envelope.seq
    event = envelope.event
    if envelope.session is None:
        if change := _OF_ALL.get(type(event)):
            change(state, event, envelope.at)
        return
    if isinstance(event, ev.SessionCreated):
        session = SessionState(
            id=envelope.session,
            number=len(state.sessions) + 1,
            task=event.task,
            created_at=envelope.at,
            status_since=envelope.at,
        )
        state.sessions[session.id] = session
    session_or_none = state.sessions.get(envelope.session)
    if session_or_none is None:
        return
    session_or_none.version = envelope.seq
    if act := _OF_SESSION.get(type(event)):
        act(session_or_none, event, envelope.at)
    if spread := _ACROSS.get(type(event)):
        spread(state, session_or_none, event, envelope.at)


# --- events that belong to no session -------------------------------------------------------------------------------


def _supervisor_started(state: State, event: ev.SupervisorStarted, _at: float) -> None:
    state.supervisor_pid, state.repository, state.sandbox = event.pid, event.repository, event.sandbox


def _supervisor_stopped(state: State, _event: ev.SupervisorStopped, _at: float) -> None:
    state.supervisor_pid = 0


def _config_loaded(state: State, event: ev.ConfigLoaded, _at: float) -> None:
    state.target, state.agents, state.default_agent = event.target, event.agents, event.default_agent
    state.check_names, state.max_parallel, state.config_error = event.checks, event.max_parallel, ""
    state.missing_agents, state.fleet_budget = event.missing_agents, event.fleet_budget
    state.budgets = event.budgets


def _config_broken(state: State, event: ev.ConfigBroken, _at: float) -> None:
    state.config_error = event.error


def _noted(state: State, event: ev.Noted, _at: float) -> None:
    state.notes = [*state.notes[-KEPT_NOTES + 1 :], event.text]


_OF_ALL: dict[type, Callable[[State, Any, float], None]] = {
    ev.SupervisorStarted: _supervisor_started,
    ev.SupervisorStopped: _supervisor_stopped,
    ev.ConfigLoaded: _config_loaded,
    ev.ConfigBroken: _config_broken,
    ev.DayBegan: day_began,
    ev.Noted: _noted,
    ev.DecisionMade: of_no_session,
    **mistakes.OF_ALL,
    **rules.OF_ALL,
}


# --- events that touch one session ----------------------------------------------------------------------------------


def _status(session: SessionState, event: ev.StatusChanged, at: float) -> None:
    session.status, session.reason, session.status_since = event.status, event.reason, at


def _workspace(session: SessionState, event: ev.WorkspaceReady, _at: float) -> None:
    session.workspace = event.workspace


def _workspace_removed(session: SessionState, _event: ev.WorkspaceRemoved, _at: float) -> None:
    session.workspace = None


def _app(session: SessionState, event: ev.AppChanged, _at: float) -> None:
    session.app = f"{event.status} {event.detail}".strip()


def _launched(session: SessionState, event: ev.AgentLaunched, at: float) -> None:
    session.run, session.agent_name, session.last_heard_at = event.run, event.agent, at
    session.abilities = event.abilities
    session.has_exited = False


def _command_sent(session: SessionState, event: ev.CommandSent, _at: float) -> None:
    session.commands = {**session.commands, event.command.id: event.command}


def _acknowledged(session: SessionState, said: CommandAcknowledged, _at: float) -> None:
    session.commands = {k: v for k, v in session.commands.items() if k != said.command}


def _agent(session: SessionState, event: ev.AgentSaid, at: float) -> None:
    session.last_heard_at = at
    if act := _SAID.get(type(event.said)):
        act(session, event.said, at)


def _ready(session: SessionState, said: AgentReady, _at: float) -> None:
    session.agent, session.model, session.thread = said.agent, said.model, said.thread
    session.is_scripted, session.sandbox = said.scripted, said.sandbox


def _turn_started(session: SessionState, _said: TurnStarted, at: float) -> None:
    session.turn += 1
    session.turn_started_at = session.counted_until = at


def _count_work(session: SessionState, at: float) -> None:
    if session.counted_until is not None:
        session.worked_s += max(0.0, at - session.counted_until)
    session.counted_until = None


def _turn_over(session: SessionState, said: TurnEnded | AgentExited, at: float) -> None:
    _count_work(session, at)
    if isinstance(said, TurnEnded):
        session.is_turn_cut = said.goes_on
    else:
        session.is_turn_cut = session.is_turn_cut or session.turn_started_at is not None
        session.commands = {}
        session.has_exited = True
    session.turn_started_at = None
    session.requests = {}
    senses.turn_over(session)
    if isinstance(said, TurnEnded) and (said.summary or said.error):
        session.headline = _first_line(said.summary or said.error)


def _message(session: SessionState, said: AgentMessage, _at: float) -> None:
    if said.author == "agent" and not said.is_reasoning:
        senses.show(session, _first_line(said.text))


def _tool_started(session: SessionState, said: ToolStarted, _at: float) -> None:
    senses.show(session, f"{said.tool}: {_first_line(said.title)}")


def _plan(session: SessionState, said: PlanChanged, _at: float) -> None:
    session.plan = said.steps


def _usage(session: SessionState, said: UsageReported, _at: float) -> None:
    session.usage = add_call(session.usage, said)


def _request(session: SessionState, said: RequestRaised, at: float) -> None:
    session.requests = {**session.requests, said.request: said}
    _count_work(session, at)


def _request_resolved(session: SessionState, said: RequestResolved, at: float) -> None:
    session.requests = {k: v for k, v in session.requests.items() if k != said.request}
    if not session.requests and session.turn_started_at is not None:
        session.counted_until = at


def _retrying(session: SessionState, said: Retrying, _at: float) -> None:
    session.headline = f"retry {said.attempt} in {said.wait_s:.0f} s: {_first_line(said.message)}"


_SAID: dict[type, Callable[[SessionState, Any, float], None]] = {
    AgentReady: _ready,
    CommandAcknowledged: _acknowledged,
    TurnStarted: _turn_started,
    TurnEnded: _turn_over,
    AgentExited: _turn_over,
    AgentMessage: _message,
    ToolStarted: _tool_started,
    PlanChanged: _plan,
    UsageReported: _usage,
    RequestRaised: _request,
    RequestResolved: _request_resolved,
    Retrying: _retrying,
}


def _first_line(text: str) -> str:
    return text.strip().partition("\n")[0][:200]


def _checks_started(session: SessionState, event: ev.ChecksStarted, _at: float) -> None:
    session.running_checks, session.round = event.checks, event.round
    session.receipt = None


def _check_finished(session: SessionState, event: ev.CheckFinished, _at: float) -> None:
    result = event.result
    session.checks = {**session.checks, result.check: result}
    session.running_checks = tuple(name for name in session.running_checks if name != result.check)
    open_findings = [f for f in session.findings if f.check != result.check]
    if result.outcome is CheckOutcome.FAILED:
        open_findings.extend(result.findings)
    session.findings = tuple(open_findings)


def _change(session: SessionState, event: ev.ChangeMeasured, _at: float) -> None:
    session.change = event.stat
    if session.receipt is not None and session.receipt.tree != event.stat.tree:
        session.receipt = None


def _committed(session: SessionState, event: ev.ChangeCommitted, _at: float) -> None:
    session.commit = event.commit


def _findings_sent(session: SessionState, event: ev.FindingsSent, _at: float) -> None:
    session.findings = (*event.new, *event.still_open)
    if not event.is_steered:
        session.told = session.findings
        session.told_on = session.change.tree if session.change is not None else ""


def _receipt(session: SessionState, event: ev.ReceiptIssued, _at: float) -> None:
    session.receipt, session.findings = event.receipt, ()
    session.told, session.told_on = (), ""


def _file_reviewed(session: SessionState, event: ev.FileReviewed, _at: float) -> None:
    marks = {k: v for k, v in session.reviewed.items() if k != event.path}
    session.reviewed = {**marks, event.path: event.blob} if event.is_reviewed else marks


def _allowed(session: SessionState, event: ev.SessionAllowed, _at: float) -> None:
    session.allowed = (*(key for key in session.allowed if key != event.key), event.key)


_OF_SESSION: dict[type, Callable[[SessionState, Any, float], None]] = {
    ev.StatusChanged: _status,
    ev.WorkspaceReady: _workspace,
    ev.WorkspaceRemoved: _workspace_removed,
    ev.AppChanged: _app,
    ev.AgentLaunched: _launched,
    ev.CommandSent: _command_sent,
    ev.AgentSaid: _agent,
    ev.ChecksStarted: _checks_started,
    ev.CheckFinished: _check_finished,
    ev.ChangeMeasured: _change,
    ev.ChangeCommitted: _committed,
    ev.FindingsSent: _findings_sent,
    ev.ReceiptIssued: _receipt,
    ev.FileReviewed: _file_reviewed,
    ev.SessionAllowed: _allowed,
    **senses.OF_SESSION,
    **rules.OF_SESSION,
}


# --- events of a session that touch what all sessions share ---------------------------------------------------------


_ALLOWS_MORE = (DecisionKind.REDIRECT, DecisionKind.RESUME, DecisionKind.EXTEND)


def _decision(state: State, session: SessionState, event: ev.DecisionMade, at: float) -> None:
    decision = event.decision
    keep_decision(state, decision)
    mistakes.decided(state, session, event, at)
    session.decisions += 1
    if decision.kind in _ALLOWS_MORE:
        if session.counted_until is not None:
            _count_work(session, at)
            session.counted_until = at
        session.round, session.report = 0, None
        session.allowance = Allowance(session.worked_s, session.usage.tokens, session.usage.cost_usd or 0.0)
    if decision.kind is DecisionKind.APPROVE:
        session.approval = decision.id
    elif decision.kind is not DecisionKind.ANSWER:
        session.approval = ""
    if decision.kind is DecisionKind.REJECT:
        state.stats.rejected += 1
    elif decision.kind is DecisionKind.UNDO:
        undone = next((d for d in state.decisions if d.id == decision.undoes), None)
        state.stats.rejected -= undone is not None and undone.kind is DecisionKind.REJECT


def _queue_entered(state: State, session: SessionState, event: ev.QueueEntered, at: float) -> None:
    entry = QueueEntry(session=session.id, commit=event.commit, target=event.target, since=at)
    state.queue = [*(e for e in state.queue if e.session != session.id), entry]


def _queue_tested(state: State, _session: SessionState, event: ev.QueueTested, _at: float) -> None:
    batch = set(event.batch)
    state.queue = [
        e.model_copy(update={"status": QueueStatus.TESTING, "reason": ""}) if e.session in batch else e
        for e in state.queue
    ]


def _queue_blocked(state: State, session: SessionState, event: ev.QueueBlocked, _at: float) -> None:
    state.queue = [
        e.model_copy(update={"status": QueueStatus.BLOCKED, "reason": event.reason}) if e.session == session.id else e
        for e in state.queue
    ]


def _queue_left(state: State, session: SessionState, event: ev.QueueLeft, _at: float) -> None:
    state.queue = [e for e in state.queue if e.session != session.id]
    session.findings = event.findings


def _landed(state: State, session: SessionState, event: ev.Landed, at: float) -> None:
    state.queue = [e for e in state.queue if e.session != session.id]
    session.landed_commit, session.receipt = event.commit, event.receipt
    rule_life.landed(state, session, at)


def _attention_raised(state: State, _session: SessionState, event: ev.AttentionRaised, _at: float) -> None:
    state.attention[event.item.id] = event.item


def _attention_resolved(state: State, _session: SessionState, event: ev.AttentionResolved, _at: float) -> None:
    if state.attention.pop(event.item, None) is None:
        return
    state.stats.attention_items += 1
    state.stats.waited_s += event.waited_s
    state.stats.looked_s += event.looked_s
    state.stats.keys += event.keys


def _said(state: State, session: SessionState, event: ev.AgentSaid, at: float) -> None:
    said_across(state, session, event, at)
    mistakes.said(state, session, event, at)


_ACROSS: dict[type, Callable[[State, SessionState, Any, float], None]] = {
    ev.AgentSaid: _said,
    ev.FleetExtended: fleet_extended,
    ev.DecisionMade: _decision,
    ev.PolicyAdded: policy_added,
    ev.RequestAutoAnswered: auto_answered,
    ev.QueueEntered: _queue_entered,
    ev.QueueTested: _queue_tested,
    ev.QueueBlocked: _queue_blocked,
    ev.QueueLeft: _queue_left,
    ev.Landed: _landed,
    ev.AttentionRaised: _attention_raised,
    ev.AttentionResolved: _attention_resolved,
    **mistakes.ACROSS,
    **rules.ACROSS,
}
