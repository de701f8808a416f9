"""Events happen here: written to the journal, applied to the state, told to whoever listens. In this order, once."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from typing import Any

from cockpit.journal.repo import Journal
from cockpit.journal.row import Row
from cockpit.journal.types import EVENT, Envelope, Event
from cockpit.providers.clock import Clock
from cockpit.state.fold import apply
from cockpit.state.model import STATE, State
from cockpit.types import SessionId

SNAPSHOT_EVERY = 10_000
"""Events between two snapshots: what a start-up has to fold at most, give or take."""
_PAGE = 5_000

Listener = Callable[[Envelope, bytes], None]
"""Is told of every event with its JSON body; must not block."""


class Record:
    """The journal and the state that is its fold."""

    def __init__(self, journal: Journal, state: State, clock: Clock, redact: Callable[[str], str]) -> None:
        """Go on from `state`, which is the fold of the whole journal."""
        self.journal, self.state, self.clock = journal, state, clock
        self._redact = redact
        self._listeners: list[Listener] = []
        self._snapshot_due = state.seq + SNAPSHOT_EVERY

    @classmethod
    async def resume(cls, journal: Journal, clock: Clock, redact: Callable[[str], str]) -> Record:
        """Fold what the journal holds, beginning with its newest snapshot."""
        state = State()
        if saved := await journal.snapshot_load():
            state = STATE.validate_json(saved[1])
        while rows := await journal.read(state.seq, _PAGE):
            for row in rows:
                apply(state, envelope_of(row))
        return cls(journal, state, clock, redact)

    def listen(self, listener: Listener) -> Callable[[], None]:
        """Tell `listener` of every event from now on; call what is returned to stop."""
        self._listeners.append(listener)
        return lambda: self._listeners.remove(listener)

    def add(self, session: SessionId | None, *events: Event, spool: tuple[str, int] | None = None) -> Awaitable[range]:
        """Let events happen. Await the result for "they are on disk"; all of one call reach it together.

        Args:
            session: whose events they are; None: the supervisor's.
            events: in order.
            spool: a spool's name and the byte offset up to which it has been told.

        Raises:
            JournalError: the journal does not take any more.
        """
        at = self.clock.now()
        cleaned = [self._clean(event) for event in events]
        rows = [Row(at=at, kind=e.kind, version=e.v, body=body, session=session) for e, body in cleaned]
        first = self.journal.last_seq() + 1
        stored = self.journal.append(rows, spool=spool)
        for seq, (event, body) in enumerate(cleaned, first):
            envelope = Envelope.model_construct(seq=seq, at=at, session=session, event=event)
            apply(self.state, envelope)
            encoded = body.encode()
            for listener in self._listeners:
                listener(envelope, encoded)
        if self.state.seq >= self._snapshot_due:
            self.save_snapshot()
        return stored

    def save_snapshot(self) -> Awaitable[range]:
        """Keep the state as it is now, so that the next start need not fold the events before."""
        self._snapshot_due = self.state.seq + SNAPSHOT_EVERY
        return self.journal.snapshot_save(self.state.seq, STATE.dump_json(self.state))

    def _clean(self, event: Event) -> tuple[Event, str]:
        body = event.model_dump_json(exclude_defaults=False)
        if self._redact(body) == body:
            return event, body
        safe = EVENT.validate_python(_redact_strings(json.loads(body), self._redact))
        return safe, safe.model_dump_json()


def envelope_of(row: Row) -> Envelope:
    """Return the event that a row of the journal holds."""
    session = SessionId(row.session) if row.session is not None else None
    return Envelope.model_construct(seq=row.seq, at=row.at, session=session, event=EVENT.validate_json(row.body))


def _redact_strings(value: Any, redact: Callable[[str], str]) -> Any:
    if isinstance(value, str):
        return redact(value)
    if isinstance(value, list):
        return [_redact_strings(item, redact) for item in value]
    if isinstance(value, dict):
        return {key: _redact_strings(item, redact) for key, item in value.items()}
    return value
