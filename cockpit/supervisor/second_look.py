"""Looks again for what was said before, once it is known what the agent changed upon a remark.

Words alone find few of those that a person makes again in other words; the fix tells far more. What is found is a fact
of the journal, so each remark is looked at once, whatever ends meanwhile. One at a time, and nothing waits for it.
"""

from __future__ import annotations

import asyncio
import logging

from cockpit.journal.errors import JournalError
from cockpit.journal.types import Envelope, RemarkKept, SimilarFound
from cockpit.rules.types.mistakes import Likely, Remark
from cockpit.state.said_before import unlikened
from cockpit.supervisor.memory import Memory
from cockpit.supervisor.record import Record

log = logging.getLogger(__name__)


class SecondLook:
    """Likens remarks of sessions that are not over, as their fixes become known."""

    def __init__(self, record: Record, memory: Memory) -> None:
        """Begin with what an earlier supervisor left undone."""
        self._record, self._memory = record, memory
        self._due = asyncio.Event()
        self._due.set()

    def happened(self, envelope: Envelope) -> None:
        """Look soon when a fix is known now."""
        if isinstance(envelope.event, RemarkKept) and envelope.event.side == "after":
            self._due.set()

    async def run(self) -> None:
        """Look whenever there is something to look for, until cancelled. Raises `JournalError`."""
        while True:
            await self._due.wait()
            self._due.clear()
            while (remark := next(unlikened(self._record.state), None)) is not None:
                await self._look(remark)

    async def _look(self, remark: Remark) -> None:
        likely: tuple[Likely, ...] = ()
        try:
            likely = await self._memory.likely_since_fixed(remark)
        except JournalError:
            raise
        except Exception:  # the edge of a task: no likeness is worth the supervisor's life
            log.exception("nothing was found that is like remark %s", remark.id)
        await self._record.add(remark.session, SimilarFound(remark=remark.id, likely=likely))
