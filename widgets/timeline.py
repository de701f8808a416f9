"""The timeline pane: when each thing happened to a session, who did it, and on which commit."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import Any, ClassVar

from textual.binding import BindingType

from cockpit.approvals.types import Answerer
from cockpit.journal import types as ev
from cockpit.providers.text import Safe, clean_line
from cockpit.screens.keys import Context, bindings
from cockpit.screens.store import Watched
from cockpit.sessions.types import AgentExited, TurnEnded, TurnStarted
from cockpit.state.entries import decision_words
from widgets.history import HistoryPane
from widgets.lines import LinesView
from widgets.pane import Supervisor
from widgets.sessions import GLYPHS
from widgets.sourceline import Bit, Line, TextLine
from widgets.transcript_lines import OUTCOMES, seconds

_Row = tuple[str, str, list[Bit]]
"""A sign, its ink, and what happened."""


class TimelineStory:
    """One line an event; events that tell nothing here are left out."""

    def __init__(self) -> None:
        self.lines: list[Line] = []
        self._added: list[Line] = []
        self._day = ""

    def take(self, envelopes: list[ev.Envelope]) -> None:
        """Let events happen."""
        self._added += rows_of(envelopes, self._day)
        self._day = _day(envelopes[-1].at)

    def hear(self, _watched: Watched) -> None:
        """Text that is being written tells nothing here."""

    def prepend(self, envelopes: list[ev.Envelope], view: LinesView) -> None:
        """Put an older page before everything."""
        self.draw(view)
        head = view.lines[:1]
        view.splice(0, 1, [])
        view.splice(0, 0, [*head, *rows_of(envelopes, "")])

    def draw(self, view: LinesView) -> int:
        """Show what is new."""
        added, self._added = self._added, []
        if added:
            view.splice(len(view.lines), len(view.lines), added)
        return len(added)


class TimelinePane(HistoryPane):
    """A `Pane`: the latest at the end, older ones as somebody scrolls up."""

    BINDINGS: ClassVar[list[BindingType]] = list(bindings(Context.PANE, Context.TEXT, Context.TIMELINE))

    def __init__(self, supervisor: Supervisor) -> None:
        super().__init__(supervisor, is_following=True)

    def new_story(self) -> TimelineStory:
        """Return an empty timeline."""
        return TimelineStory()

    @property
    def decision(self) -> str:
        """The id of the decision under the cursor; empty: there is none."""
        line = self.view.cursor_line
        return line.mark if line is not None and isinstance(line.mark, str) else ""


def rows_of(envelopes: Sequence[ev.Envelope], day: str) -> list[Line]:
    """Return the lines of some events; a line with the date goes before the first one of another day."""
    lines: list[Line] = []
    for envelope in envelopes:
        tell = _TOLD.get(type(envelope.event))
        row = tell(envelope.event) if tell is not None else None
        if row is None:
            continue
        if (today := _day(envelope.at)) != day:
            day = today
            lines.append(TextLine(Safe(day), "strong", lead=((" ", ""),)))
        sign, ink, bits = row
        stamp = time.strftime("%H:%M:%S", time.localtime(envelope.at))
        spans = []
        size = 0
        for text, meaning in bits:
            spans.append((size, size + len(text), meaning))
            size += len(text)
        said = Safe("".join(text for text, _ in bits).rstrip())
        mark = envelope.event.decision.id if isinstance(envelope.event, ev.DecisionMade) else envelope.seq
        lines.append(TextLine(said, "ink", spans, lead=((f" {stamp}  ", "dim"), (f"{sign}  ", ink)), mark=mark))
    return lines


def _day(at: float) -> str:
    return time.strftime("%A, %d %B %Y", time.localtime(at))


def _created(event: ev.SessionCreated) -> _Row:
    who = clean_line(event.by) or "somebody"
    return "+", "accent", [(f"{who} ", "strong"), ("dispatched  ", "ink"), (clean_line(event.task.headline()), "dim")]


def _status(event: ev.StatusChanged) -> _Row:
    sign, ink = GLYPHS[event.status]
    return sign, ink, [(event.status.value, ink), (f"  {clean_line(event.reason)}", "dim")]


def _decision(event: ev.DecisionMade) -> _Row:
    decision = event.decision
    text = f"  {clean_line(decision.text)}" if decision.text else ""
    return "◆", "accent", [(clean_line(decision_words(decision)), "strong"), (text, "dim")]


def _round(event: ev.ChecksStarted) -> _Row:
    what = "what would land" if event.when == "merge" else f"round {event.round}"
    names = ", ".join(clean_line(name) for name in event.checks)
    return "◈", "working", [(f"checks, {what}  ", "ink"), (f"{names}  tree {event.tree[:10]}", "dim")]


def _check(event: ev.CheckFinished) -> _Row:
    result = event.result
    sign, ink = OUTCOMES[result.outcome]
    number = max(result.total, len(result.findings))
    found = f"  {number} finding{'' if number == 1 else 's'}" if number else ""
    took = "cached" if result.is_cached else seconds(result.duration_s)
    return sign, ink, [(clean_line(result.check), "ink"), (found, ink), (f"  {took}", "dim")]


def _findings(event: ev.FindingsSent) -> _Row:
    said = f"{len(event.new)} new, {len(event.still_open)} still open, {len(event.fixed)} fixed"
    return "→", "dim", [("findings to the agent  ", "ink"), (said, "dim")]


def _committed(event: ev.ChangeCommitted) -> _Row:
    return "●", "dim", [("committed ", "ink"), (clean_line(event.commit[:10]), "code")]


def _receipt(event: ev.ReceiptIssued) -> _Row:
    receipt = event.receipt
    what = f"commit {receipt.commit[:10]}" if receipt.commit else f"tree {receipt.tree[:10]}"
    number = len(receipt.results)
    checks = f"  {number} check{'' if number == 1 else 's'} passed"
    return "◆", "ready", [("receipt ", "ready"), (clean_line(what), "code"), (checks, "dim")]


def _entered(event: ev.QueueEntered) -> _Row:
    return "▲", "ready", [(f"into the merge queue for {clean_line(event.target)} ", "ink"), _commit(event.commit)]


def _left(event: ev.QueueLeft) -> _Row:
    return "▽", "failed", [("left the merge queue  ", "ink"), (clean_line(event.reason), "dim")]


def _blocked(event: ev.QueueBlocked) -> _Row:
    return "⊘", "waiting", [("cannot land yet  ", "ink"), (clean_line(event.reason), "dim")]


def _landed(event: ev.Landed) -> _Row:
    return "✓", "ready", [(f"landed on {clean_line(event.target)} ", "ready"), _commit(event.commit)]


def _raised(event: ev.AttentionRaised) -> _Row:
    item = event.item
    return "?", "waiting", [(f"{item.kind.value}  ", "waiting"), (clean_line(item.title), "ink")]


def _resolved(event: ev.AttentionResolved) -> _Row:
    who = clean_line(event.by) or "nobody"
    cost = f"  waited {seconds(event.waited_s)}, looked {seconds(event.looked_s)}, {event.keys} keys"
    return "·", "dim", [(f"{clean_line(event.how) or 'resolved'} by {who}", "dim"), (cost, "dim")]


def _reviewed(event: ev.FileReviewed) -> _Row:
    what = "reviewed" if event.is_reviewed else "took back the mark on"
    return "✓", "dim", [(f"{clean_line(event.by) or 'somebody'} {what} ", "dim"), (clean_line(event.path), "dim")]


def _launched(event: ev.AgentLaunched) -> _Row:
    what = "resumed" if event.is_resume else "started"
    return "▸", "dim", [(f"agent {clean_line(event.agent)} {what}", "dim")]


def _policy(event: ev.PolicyAdded) -> _Row:
    line, whose = (clean_line(event.line), "code"), f" in the {event.where}'s policy"
    return "≡", "accent", [(f"{clean_line(event.by)} always allows ", "ink"), line, (whose, "dim")]


def _for_session(event: ev.SessionAllowed) -> _Row:
    title = (clean_line(event.title), "code")
    return "≡", "accent", [(f"{clean_line(event.by)} allows for this session ", "ink"), title]


def _auto_answered(event: ev.RequestAutoAnswered) -> _Row:
    what = "allowed" if event.decision == "once" else "denied"
    whose = "session" if event.by is Answerer.SESSION else f"{event.by.value}'s policy"
    why = f"  {clean_line(event.line or event.reason)} ({'approver' if event.by is Answerer.APPROVER else whose})"
    colour = "dim" if event.decision == "once" else "failed"
    return "≡", colour, [(f"{what} without asking ", colour), (clean_line(event.title), "code"), (why, "dim")]


def _fleet_extended(event: ev.FleetExtended) -> _Row:
    who = clean_line(event.by) or "somebody"
    return "◆", "accent", [(f"{who} ", "strong"), ("let all sessions go on past the fleet's budget", "ink")]


def _said_done(event: ev.DoneReported) -> _Row:
    evidence = len(event.report.evidence)
    with_it = f"  {evidence} piece{'' if evidence == 1 else 's'} of evidence" if evidence else ""
    first = clean_line(event.report.summary.strip().partition("\n")[0])
    return "▪", "ready", [("says it is done  ", "ready"), (first, "ink"), (with_it, "dim")]


def _said_note(event: ev.HeadlineNoted) -> _Row:
    return "·", "working", [(clean_line(event.text), "ink")]


def _noted(event: ev.Noted) -> _Row:
    return "·", "dim", [(clean_line(event.text), "dim")]


def _agent(event: ev.AgentSaid) -> _Row | None:
    match event.said:
        case TurnStarted(turn=turn):
            return "▸", "dim", [(f"turn {turn} begins", "dim")]
        case TurnEnded(turn=turn, reason=reason, error=error):
            return "▪", "dim", [(f"turn {turn} {reason.value}  {clean_line(error)}".rstrip(), "dim")]
        case AgentExited(exit_code=code) if code != 0:
            return "!", "failed", [(f"the agent ended with {'nothing' if code is None else code}", "failed")]
        case _:
            return None


def _commit(commit: str) -> Bit:
    return clean_line(commit[:10]), "code"


_TOLD: dict[type, Callable[[Any], _Row | None]] = {
    ev.SessionCreated: _created,
    ev.StatusChanged: _status,
    ev.DecisionMade: _decision,
    ev.ChecksStarted: _round,
    ev.CheckFinished: _check,
    ev.FindingsSent: _findings,
    ev.ChangeCommitted: _committed,
    ev.ReceiptIssued: _receipt,
    ev.QueueEntered: _entered,
    ev.QueueLeft: _left,
    ev.QueueBlocked: _blocked,
    ev.Landed: _landed,
    ev.AttentionRaised: _raised,
    ev.AttentionResolved: _resolved,
    ev.FileReviewed: _reviewed,
    ev.AgentLaunched: _launched,
    ev.PolicyAdded: _policy,
    ev.SessionAllowed: _for_session,
    ev.RequestAutoAnswered: _auto_answered,
    ev.FleetExtended: _fleet_extended,
    ev.DoneReported: _said_done,
    ev.HeadlineNoted: _said_note,
    ev.Noted: _noted,
    ev.AgentSaid: _agent,
}
