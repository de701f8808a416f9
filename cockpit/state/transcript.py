"""One session's story, as a fold of its events and of the text that is still being written.

The fold keeps text as it came: whoever shows it cleans it. Entries are changed in place and carry a version; `changed`
names the ones that a view has to draw again. Older pages of events are folded on their own and put before (`prepend`),
so that a long history is read backwards as somebody scrolls up.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from cockpit.journal import types as ev
from cockpit.sessions.types import (
    AgentEvent,
    AgentExited,
    AgentMessage,
    AgentNotice,
    AgentReady,
    MessageDelta,
    PlanChanged,
    ReasoningDelta,
    RequestRaised,
    RequestResolved,
    Retrying,
    Review,
    Send,
    Steer,
    Steered,
    ToolEnded,
    ToolOutput,
    ToolStarted,
    TurnEnded,
    TurnReason,
)
from cockpit.state.entries import Answered, Entry, EntryKind, Progress, answer_words, steered_words

_DELTAS: dict[type[AgentEvent], EntryKind] = {
    MessageDelta: EntryKind.AGENT,
    ReasoningDelta: EntryKind.REASONING,
    ToolOutput: EntryKind.TOOL,
}


@dataclass(slots=True)
class Transcript:
    """The fold. `take` events in order, then `hear` what is being written."""

    entries: list[Entry] = field(default_factory=list)
    changed: set[int] = field(default_factory=set)
    """Keys of entries that are new or have changed; whoever draws them empties it."""
    first_seq: int = 0
    """Sequence numbers of the oldest and the newest event in it; 0: none."""
    last_seq: int = 0
    _next_key: int = 1
    _open: dict[str, Entry] = field(default_factory=dict)
    """Entries under way, by item."""
    _orphans: dict[str, Entry] = field(default_factory=dict)
    """Ends whose beginning lies in an older page, by item."""
    _answers: dict[str, Answered] = field(default_factory=dict)
    """What became of requests that were raised in an older page."""
    _round: Entry | None = None
    _plan: Entry | None = None
    _commands: dict[str, Entry] = field(default_factory=dict)
    """Messages to the agent by command: what became of a redirect is told on it."""
    _has_cut: bool = False
    """A turn ended in it: whatever an older page leaves open was over by then."""

    def take(self, envelopes: Iterable[ev.Envelope]) -> None:
        """Let events happen; those at or before `last_seq` have happened already."""
        for envelope in envelopes:
            if envelope.seq <= self.last_seq:
                continue
            self.first_seq = self.first_seq or envelope.seq
            self.last_seq = envelope.seq
            if act := _TOLD.get(type(envelope.event)):
                act(self, envelope.event, envelope.at)

    def hear(self, live: Mapping[str, str], kinds: Mapping[str, type[AgentEvent]]) -> None:
        """Bring messages and outputs that are still being written up to date; each text is the whole so far."""
        for item, text in live.items():
            delta = kinds.get(item)
            if delta is None or (kind := _DELTAS.get(delta)) is None:
                continue
            entry = self._open.get(item)
            if entry is None:
                if kind is EntryKind.TOOL:
                    continue  # its beginning is a fact and comes by itself
                entry = self._open[item] = self.add(kind, 0.0, progress=Progress.RUNNING, item=item)
            if len(entry.text) != len(text) or entry.text != text:
                entry.text = text
                self.touch(entry)

    def prepend(self, envelopes: list[ev.Envelope]) -> int:
        """Put an older page of events before the first one. Returns how many entries came before the old first."""
        older = Transcript(_next_key=self._next_key)
        older.take(envelopes)
        if not older.last_seq:
            return 0
        for item, begun in list(older._open.items()):
            if item in self._answers:
                self._answers.pop(item).put_on(begun)
            elif (end := self._orphans.pop(item, None)) is not None:
                begun.progress, begun.duration_s, begun.text = end.progress, end.duration_s, end.text
                begun.note = end.note
                self._drop(end)
            elif (still := self._open.get(item)) is None:
                if self._has_cut:
                    begun.progress = Progress.CUT
                else:
                    self._open[item] = begun
            else:
                begun.text, begun.progress = still.text, still.progress
                self._drop(still)
                self._open[item] = begun
        self._join_round(older)
        for command, sent in older._commands.items():
            if (steered := self._orphans.pop(f"steered:{command}", None)) is not None:
                sent.note = steered.note
                self._drop(steered)
        self._orphans.update(older._orphans)
        self._answers.update(older._answers)
        self._commands = {**older._commands, **self._commands}
        self._has_cut = self._has_cut or older._has_cut
        self._next_key = older._next_key
        self.entries[:0] = older.entries
        self.changed |= older.changed
        self.first_seq = older.first_seq
        return len(older.entries)

    def add(self, kind: EntryKind, at: float, **known: Any) -> Entry:
        """Append an entry."""
        entry = Entry(self._next_key, kind, at, **known)
        self._next_key += 1
        self.entries.append(entry)
        self.changed.add(entry.key)
        return entry

    def touch(self, entry: Entry) -> None:
        """Say that an entry has changed."""
        entry.version += 1
        self.changed.add(entry.key)

    def _drop(self, entry: Entry) -> None:
        self.entries.remove(entry)
        self.changed.add(entry.key)

    def _join_round(self, older: Transcript) -> None:
        """Let the results of a round that began in the older page join it."""
        begun = older._round
        rest = next((e for e in self.entries if e.kind is EntryKind.CHECKS), None)
        if begun is None or rest is None or rest.title or rest.round not in (0, begun.round):
            self._round = self._round or begun
            return
        results = {r.check: r for r in (*begun.results, *(rest.results if rest.round else ()))}
        begun.results = tuple(results.values())
        begun.running = tuple(name for name in begun.running if name not in results)
        begun.progress = Progress.RUNNING if begun.running else Progress.DONE
        begun.receipt = begun.receipt or rest.receipt
        self._drop(rest)
        if self._round is rest or self._round is None:
            self._round = begun


# --- what each event tells ------------------------------------------------------------------------------------------


def _created(told: Transcript, event: ev.SessionCreated, at: float) -> None:
    told.add(EntryKind.HUMAN, at, text=event.task.prompt, title=event.by)


def _command(told: Transcript, event: ev.CommandSent, at: float) -> None:
    command = event.command
    if isinstance(command, Review):
        text = f"Review your change. {command.instructions}".rstrip()
        told._commands[command.id] = told.add(EntryKind.HUMAN, at, text=text, title=event.author)
    elif isinstance(command, Send | Steer):
        if told.entries and told.entries[0].kind is EntryKind.HUMAN and told.entries[0].text == command.text:
            told._commands[command.id] = told.entries[0]  # the task itself, shown already
            return
        kind = EntryKind.SENT if event.author == "cockpit" else EntryKind.HUMAN
        told._commands[command.id] = told.add(kind, at, text=command.text, title=event.author)


def _checks_started(told: Transcript, event: ev.ChecksStarted, at: float) -> None:
    told._round = told.add(
        EntryKind.CHECKS,
        at,
        title=event.when.value,
        round=event.round,
        running=event.checks,
        progress=Progress.RUNNING,
    )


def _check_finished(told: Transcript, event: ev.CheckFinished, at: float) -> None:
    entry = told._round
    if entry is None or entry.round != event.round:
        entry = told._round = told.add(EntryKind.CHECKS, at, round=event.round)
    entry.results = (*(r for r in entry.results if r.check != event.result.check), event.result)
    entry.running = tuple(name for name in entry.running if name != event.result.check)
    entry.progress = Progress.RUNNING if entry.running else Progress.DONE
    told.touch(entry)


def _receipt(told: Transcript, event: ev.ReceiptIssued, at: float) -> None:
    if told._round is None:
        told._round = told.add(EntryKind.CHECKS, at, results=event.receipt.results)
    told._round.receipt = event.receipt
    told.touch(told._round)


def _findings(told: Transcript, event: ev.FindingsSent, at: float) -> None:
    told.add(EntryKind.FINDINGS, at, round=event.round, new=event.new, still_open=event.still_open, fixed=event.fixed)


def _decision(told: Transcript, event: ev.DecisionMade, at: float) -> None:
    told.add(EntryKind.DECISION, at, decision=event.decision, text=event.decision.text)


def _status(told: Transcript, event: ev.StatusChanged, at: float) -> None:
    told.add(EntryKind.STATUS, at, title=event.status.value, text=event.reason)


def _left(told: Transcript, event: ev.QueueLeft, at: float) -> None:
    told.add(EntryKind.NOTICE, at, text=f"left the merge queue: {event.reason}", level="warning", new=event.findings)


def _landed(told: Transcript, event: ev.Landed, at: float) -> None:
    told.add(EntryKind.NOTICE, at, text=f"landed on {event.target} as {event.commit[:10]}", level="good")


def _noted(told: Transcript, event: ev.Noted, at: float) -> None:
    told.add(EntryKind.NOTICE, at, text=event.text, level=event.level)


def _auto_answered(told: Transcript, event: ev.RequestAutoAnswered, _at: float) -> None:
    """The request of which it is the answer says so, in one quiet line."""
    _answered(told, event.request, Answered(answer_words(event), is_automatic=True))


def _answered(told: Transcript, request: str, answer: Answered) -> None:
    entry = told._open.pop(f"request:{request}", None)
    if entry is None:
        told._answers.setdefault(f"request:{request}", answer)
        return
    answer.put_on(entry)
    told.touch(entry)


def _app(told: Transcript, event: ev.AppChanged, at: float) -> None:
    level = "warning" if event.status == "failed" else "info"
    told.add(EntryKind.NOTICE, at, text=f"app {event.status} {event.detail}".strip(), level=level)


def _agent(told: Transcript, event: ev.AgentSaid, at: float) -> None:
    if act := _SAID.get(type(event.said)):
        act(told, event.said, at)


# --- what the agent says --------------------------------------------------------------------------------------------


def _ready(told: Transcript, said: AgentReady, at: float) -> None:
    parts = [said.agent, said.model, said.sandbox or "not sandboxed"]
    told.add(EntryKind.NOTICE, at, text=" · ".join(p for p in parts if p), is_scripted=said.scripted)


def _message(told: Transcript, said: AgentMessage, at: float) -> None:
    kind = EntryKind.REASONING if said.is_reasoning else EntryKind.AGENT
    if said.author != "agent":
        kind = EntryKind.HUMAN if said.author == "human" else EntryKind.SENT
    entry = told._open.pop(said.item, None)
    if entry is None or entry.kind is EntryKind.TOOL:
        told.add(kind, at, text=said.text, item=said.item)
        return
    entry.kind, entry.at, entry.text, entry.progress = kind, at, said.text, Progress.DONE
    told.touch(entry)


def _tool_started(told: Transcript, said: ToolStarted, at: float) -> None:
    told._open[said.item] = told.add(
        EntryKind.TOOL, at, title=f"{said.tool}\n{said.title}", progress=Progress.RUNNING, item=said.item
    )


def _tool_ended(told: Transcript, said: ToolEnded, at: float) -> None:
    entry = told._open.pop(said.item, None)
    if entry is None:
        entry = told._orphans[said.item] = told.add(EntryKind.TOOL, at, item=said.item)
    entry.progress = Progress.DONE if said.ok else Progress.FAILED
    entry.text, entry.duration_s = said.output, said.duration_s
    if said.exit_code:
        entry.note = f"exit {said.exit_code}"
    told.touch(entry)


def _plan(told: Transcript, said: PlanChanged, at: float) -> None:
    before = told._plan
    is_update = before is not None and [s.text for s in before.steps] == [s.text for s in said.steps]
    if before is not None and told.entries[-1] is before:
        before.steps = said.steps
        told.touch(before)
    else:
        told._plan = told.add(EntryKind.PLAN, at, steps=said.steps, is_update=is_update)


def _request(told: Transcript, said: RequestRaised, at: float) -> None:
    entry = told.add(
        EntryKind.REQUEST, at, title=said.title, text=said.reason, item=said.request, progress=Progress.RUNNING
    )
    told._open[f"request:{said.request}"] = entry


def _request_resolved(told: Transcript, said: RequestResolved, _at: float) -> None:
    _answered(told, said.request, Answered(said.outcome))


def _steered(told: Transcript, said: Steered, at: float) -> None:
    entry = told._commands.get(said.command)
    if entry is None:
        note = steered_words(said)
        text = f"redirect {note}"
        told._orphans[f"steered:{said.command}"] = told.add(EntryKind.NOTICE, at, text=text, note=note)
        return
    entry.note = steered_words(said)
    told.touch(entry)


def _retrying(told: Transcript, said: Retrying, at: float) -> None:
    text = f"{said.message} — attempt {said.attempt} in {said.wait_s:.0f} s"
    last = told.entries[-1] if told.entries else None
    if last is not None and last.item == "retrying":
        last.text, last.at = text, at
        told.touch(last)
    else:
        told.add(EntryKind.NOTICE, at, text=text, level="warning", item="retrying")


def _notice(told: Transcript, said: AgentNotice, at: float) -> None:
    told.add(EntryKind.NOTICE, at, text=said.text, level=said.level)


def _cut_short(told: Transcript) -> None:
    for entry in told._open.values():
        entry.progress = Progress.CUT
        told.touch(entry)
    told._open.clear()
    told._plan, told._has_cut = None, True


def _turn_ended(told: Transcript, said: TurnEnded, at: float) -> None:
    _cut_short(told)
    if said.error or said.reason in (TurnReason.FAILED, TurnReason.INTERRUPTED):
        level = "error" if said.reason is TurnReason.FAILED else "warning"
        told.add(EntryKind.NOTICE, at, text=f"turn {said.reason.value}: {said.error}".rstrip(": "), level=level)


def _exited(told: Transcript, said: AgentExited, at: float) -> None:
    _cut_short(told)
    if said.exit_code != 0:
        code = "without a status" if said.exit_code is None else f"with {said.exit_code}"
        told.add(EntryKind.NOTICE, at, text=f"the agent ended {code}\n{said.error}".strip(), level="error")


_SAID: dict[type, Callable[[Transcript, Any, float], None]] = {
    AgentReady: _ready,
    AgentMessage: _message,
    ToolStarted: _tool_started,
    ToolEnded: _tool_ended,
    PlanChanged: _plan,
    RequestRaised: _request,
    RequestResolved: _request_resolved,
    Steered: _steered,
    Retrying: _retrying,
    AgentNotice: _notice,
    TurnEnded: _turn_ended,
    AgentExited: _exited,
}

_TOLD: dict[type, Callable[[Transcript, Any, float], None]] = {
    ev.SessionCreated: _created,
    ev.CommandSent: _command,
    ev.ChecksStarted: _checks_started,
    ev.CheckFinished: _check_finished,
    ev.ReceiptIssued: _receipt,
    ev.FindingsSent: _findings,
    ev.DecisionMade: _decision,
    ev.StatusChanged: _status,
    ev.QueueLeft: _left,
    ev.Landed: _landed,
    ev.Noted: _noted,
    ev.AppChanged: _app,
    ev.RequestAutoAnswered: _auto_answered,
    ev.AgentSaid: _agent,
}
