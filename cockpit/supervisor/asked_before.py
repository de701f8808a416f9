"""What was asked in this repository before, so that a line can be counted against it before it is written."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Sequence
from pathlib import Path

from cockpit.approvals.service.offers import Past
from cockpit.approvals.service.place import Place
from cockpit.approvals.service.reading import read_request
from cockpit.journal.repo.row import Row
from cockpit.journal.types import AgentSaid, Envelope
from cockpit.sessions.types import RequestRaised
from cockpit.supervisor.record import Record, envelope_of, is_known

KEPT = 2_000
"""Requests that a line is counted against at most, the newest."""
LOOKED_THROUGH = 50_000
"""Events of agents that are looked through for them at most."""
_PAGE = 5_000
_MARK = '"type":"request"'


class AskedBefore:
    """The newest requests of all sessions. Read from the journal when first wanted, then kept up with."""

    def __init__(self, record: Record, workspaces: Path) -> None:
        """Nothing is read yet; workspaces lie in `workspaces`, each named like its session."""
        self._record, self._workspaces = record, workspaces
        self._past: deque[Past] = deque(maxlen=KEPT)
        self._new: list[Envelope] = []
        self._reading = asyncio.Lock()
        self._is_read = False

    async def newest_first(self) -> Sequence[Past]:
        """Return the requests, newest first."""
        async with self._reading:
            if not self._is_read:
                await self._read()
                self._is_read = True
            new, self._new = self._new, []
            self._past.extend(await asyncio.to_thread(self._taken, new))
            return list(reversed(self._past))

    async def _read(self) -> None:
        """Read backwards until there are enough; what happens meanwhile is gathered on the side."""
        journal = self._record.journal
        before = journal.last_seq() + 1
        self._record.listen(self._happened)
        await journal.flushed()
        found: list[Past] = []
        looked = 0
        while looked < LOOKED_THROUGH and len(found) < KEPT:
            rows = await journal.read_backwards(None, before, _PAGE, kinds=("agent",))
            found = [*await asyncio.to_thread(self._of_rows, rows), *found]
            looked += len(rows)
            if len(rows) < _PAGE:
                break
            before = rows[0].seq
        self._past.extend(found)

    def _happened(self, envelope: Envelope, _body: bytes) -> None:
        if isinstance(envelope.event, AgentSaid) and isinstance(envelope.event.said, RequestRaised):
            self._new = [*self._new[-KEPT + 1 :], envelope]

    def _of_rows(self, rows: Sequence[Row]) -> list[Past]:
        return self._taken([envelope_of(row) for row in rows if _MARK in row.body and is_known(row)])

    def _taken(self, envelopes: Sequence[Envelope]) -> list[Past]:
        """Return the requests among events. Their workspaces may be gone, so that no link of theirs is followed."""
        past: list[Past] = []
        for envelope in envelopes:
            event, session = envelope.event, envelope.session
            if session is not None and isinstance(event, AgentSaid) and isinstance(event.said, RequestRaised):
                place = Place(str(self._workspaces / session), session)
                past.append(Past(event.said.title, read_request(event.said, place)))
        return past
