"""Events happen here: written to the journal, applied to the state, told to whoever listens. In this order, once."""

from __future__ import annotations

import asyncio
import json
import logging
import re
from collections.abc import Awaitable, Callable
from typing import Any, get_args

from pydantic import ValidationError

from cockpit.journal.errors import JournalUnreadableError
from cockpit.journal.repo import Journal
from cockpit.journal.repo.row import Row
from cockpit.journal.types import EVENT, AgentSaid, Envelope, Event
from cockpit.providers.clock import Clock
from cockpit.sessions.types import AgentEvent
from cockpit.state.fold import apply
from cockpit.state.model import STATE, State
from cockpit.types import Model, SessionId

log = logging.getLogger(__name__)

SNAPSHOT_EVERY = 10_000
"""Events between two snapshots: what a start-up has to fold at most, give or take."""
_PAGE = 5_000

_KINDS: tuple[type[Model], ...] = get_args(get_args(Event)[0])
_VERSIONS = {str(kind.model_fields["kind"].default): int(kind.model_fields["v"].default) for kind in _KINDS}
_AGENT = str(AgentSaid.model_fields["kind"].default)
_SAID = frozenset(str(one.model_fields["type"].default) for one in get_args(get_args(AgentEvent)[0]))
_TYPE = re.compile(r'"said":\s*\{\s*"type":\s*"(\w+)"')

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
        self.skipped = 0
        """Events of the journal that this version knows nothing of."""

    @classmethod
    async def resume(cls, journal: Journal, clock: Clock, redact: Callable[[str], str]) -> Record:
        """Fold what the journal holds, beginning with its newest snapshot.

        Kinds of events that this version does not know were added by a newer one and change nothing that it does know:
        they are skipped, and counted in `skipped`.

        Raises:
            JournalUnreadableError: an event of a known kind cannot be read, or has a newer version of its meaning.
        """
        state = await _newest_snapshot(journal)
        covered = state.seq
        at, skipped = covered, 0
        while rows := await journal.read(at, _PAGE):
            for row in rows:
                if is_known(row):
                    apply(state, _read(journal, row))
                else:
                    skipped += 1
            at = state.seq = rows[-1].seq
            await asyncio.sleep(0)
        record = cls(journal, state, clock, redact)
        record.skipped = skipped
        record._snapshot_due = covered + SNAPSHOT_EVERY  # however short the lives of supervisors are
        return record

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


def is_known(row: Row) -> bool:
    """Return whether this version knows what kind of event a row is."""
    if row.kind != _AGENT:
        return row.kind in _VERSIONS
    found = _TYPE.search(row.body)
    return found is not None and found[1] in _SAID


async def _newest_snapshot(journal: Journal) -> State:
    saved = await journal.snapshot_load()
    if saved is None:
        return State()
    try:
        return STATE.validate_json(saved[1])
    except ValidationError:
        log.warning("the snapshot at event %d is of another version; folding from the beginning", saved[0])
        return State()


def _read(journal: Journal, row: Row) -> Envelope:
    newest = _VERSIONS[row.kind]
    if row.version > newest:
        reason = f"event {row.seq} ({row.kind}) has version {row.version}, newer than {newest}: update Cockpit"
        raise JournalUnreadableError(journal.path, reason)
    try:
        return envelope_of(row)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        where = ".".join(str(part) for part in first["loc"])
        reason = f"event {row.seq} ({row.kind}) makes no sense: {where}: {first['msg']}"
        raise JournalUnreadableError(journal.path, reason) from error


def _redact_strings(value: Any, redact: Callable[[str], str]) -> Any:
    if isinstance(value, str):
        return redact(value)
    if isinstance(value, list):
        return [_redact_strings(item, redact) for item in value]
    if isinstance(value, dict):
        return {key: _redact_strings(item, redact) for key, item in value.items()}
    return value
