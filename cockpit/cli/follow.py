"""Follows sessions to their end on the terminal: progress on standard error, events as JSON lines, a summary."""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import Iterable

from cockpit.cli import FAILED, NEEDS_HUMAN, OK
from cockpit.costs.types import FLEET_USED_UP
from cockpit.journal.types import AgentSaid, CheckFinished, Envelope, FindingsSent, Landed, QueueLeft, StatusChanged
from cockpit.protocol.client import Client, CommandFailed
from cockpit.protocol.types import Approve, Happened, Snapshot
from cockpit.providers.text import clean_line
from cockpit.sessions.types import AgentReady, SessionStatus, ToolStarted
from cockpit.state.fold import apply
from cockpit.state.model import STATE, SessionState, State
from cockpit.types import SessionId

_S = SessionStatus
_AT_REST = (_S.READY, _S.LANDED, _S.REJECTED, _S.FAILED, _S.PAUSED, _S.INTERRUPTED, _S.WAITING)
_HUMAN = (_S.PAUSED, _S.INTERRUPTED, _S.WAITING)


class Follower:
    """Watches some sessions until each is at rest."""

    def __init__(self, client: Client, sessions: Iterable[SessionId], *, approve: str, as_json: bool) -> None:
        """Follow `sessions` over a client that is subscribed to everything; `approve` as in `cockpit run`."""
        self._client = client
        self._sessions = tuple(sessions)
        self._approve = approve
        self._as_json = as_json
        self._state = State()
        self._started = time.monotonic()
        self._refused: dict[SessionId, str] = {}
        self._approved: set[str] = set()
        """Commits that approval was asked for."""

    async def follow(self, timeout_s: float | None = None) -> int:
        """Follow until every session is at rest, and print the summary. Returns the exit status."""
        try:
            async with asyncio.timeout(timeout_s):
                await self._until_rest()
        except TimeoutError:
            self._say(None, f"gave up waiting after {timeout_s:.0f} s; the sessions go on")
        self._summary()
        return self._exit_status()

    async def _until_rest(self) -> None:
        async for push in self._client.pushes():
            if isinstance(push, Snapshot):
                self._state = STATE.validate_json(push.state)
            elif isinstance(push, Happened):
                apply(self._state, push.envelope)
                self.happened(push.envelope)
            await self._approve_ready()
            if self._state.seq and all(self._is_at_rest(session) for session in self._sessions):
                return

    def _is_at_rest(self, session: SessionId) -> bool:
        state = self._state.sessions.get(session)
        if state is None or not (state.status in _AT_REST or _waits_for_fleet(state)):
            return False
        return state.status is not _S.READY or self._approve == "never" or session in self._refused

    async def _approve_ready(self) -> None:
        if self._approve == "never":
            return
        for session in self._sessions:
            state = self._state.sessions.get(session)
            if state is None or state.status is not _S.READY or session in self._refused or state.receipt is None:
                continue
            if state.receipt.commit in self._approved:
                continue
            self._approved.add(state.receipt.commit)
            policy = "clean" if self._approve == "clean" else "policy"
            try:
                await self._client.call(Approve(session=session, commit=state.receipt.commit, policy=policy))
            except CommandFailed as error:
                self._refused[session] = str(error)
                self._say(state, f"not approved: {error}")

    # --- what is shown ----------------------------------------------------------------------------------------------

    def happened(self, envelope: Envelope) -> None:
        """Show an event of the sessions that are followed."""
        if envelope.session not in self._sessions:
            return
        if self._as_json:
            print(envelope.model_dump_json(), flush=True)
        state = self._state.sessions[envelope.session]
        if (line := _line(envelope)) is not None:
            self._say(state, line)

    def _say(self, state: SessionState | None, text: str) -> None:
        who = f"#{state.number:<3} {clean_line(state.name)[:28]:<28}" if state else " " * 33
        print(f"{time.monotonic() - self._started:6.1f}s {who} {clean_line(text)[:150]}", file=sys.stderr, flush=True)

    def _summary(self) -> None:
        out = sys.stderr if self._as_json else sys.stdout
        print(f"\n{'#':<4}{'task':<34}{'state':<13}{'rounds':>6}  {'change':<16}what", file=out)
        for session in self._sessions:
            state = self._state.sessions.get(session)
            if state is None:
                continue
            change = f"+{state.change.added} -{state.change.removed}" if state.change else ""
            said = state.landed_commit[:12] or self._refused.get(session) or state.reason or state.headline
            name = clean_line(state.name)[:32]
            row = f"{state.number:<4}{name:<34}{state.status:<13}{state.round:>6}  {change:<16}{clean_line(said)[:80]}"
            print(row, file=out)
        if any(s.is_scripted for s in self.mine()):
            print("(a scripted model stood in for a real one)", file=out)

    def mine(self) -> list[SessionState]:
        """Return the sessions that are followed, as they stand."""
        return [self._state.sessions[one] for one in self._sessions if one in self._state.sessions]

    def _exit_status(self) -> int:
        statuses = [state.status for state in self.mine()]
        if _S.FAILED in statuses:
            return FAILED
        if len(statuses) < len(self._sessions):  # given up before anything was heard of them
            return NEEDS_HUMAN
        if any(status in _HUMAN or status not in _AT_REST for status in statuses) or self._refused:
            return NEEDS_HUMAN
        return OK


def _waits_for_fleet(state: SessionState) -> bool:
    """Whether it begins only once a human lets the whole fleet go on."""
    return state.status is _S.QUEUED and state.reason.startswith(FLEET_USED_UP)


def _line(envelope: Envelope) -> str | None:
    match envelope.event:
        case StatusChanged() as event:
            return f"{event.status}{': ' + event.reason if event.reason else ''}"
        case AgentSaid(said=AgentReady() as said):
            return f"{said.agent}{' · scripted model' if said.scripted else ''} · {said.sandbox or 'not sandboxed'}"
        case AgentSaid(said=ToolStarted() as said):
            return f"{said.tool}: {said.title}"
        case CheckFinished() as event:
            cached = " (cached)" if event.result.is_cached else f" ({event.result.duration_s:.1f} s)"
            return f"check {event.result.check} {event.result.outcome}: {event.result.summary}{cached}"
        case FindingsSent() as event:
            counts = f"{len(event.new)} new, {len(event.still_open)} still open, {len(event.fixed)} fixed"
            return f"findings sent back: {counts}"
        case QueueLeft() as event:
            return f"left the merge queue: {event.reason}"
        case Landed() as event:
            return f"landed on {event.target} as {event.commit[:12]}"
        case _:
            return None
