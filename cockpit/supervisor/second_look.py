"""Looks again for what was said before, once it is known what the agent changed upon a remark.

Words alone find few of those that a person makes again in other words; the fix tells far more. What is found is a fact
of the journal, so each remark is looked at once, whatever ends meanwhile. One at a time, and nothing waits for it.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections import Counter

from cockpit.journal.errors import JournalError
from cockpit.journal.types import Envelope, RemarkKept, SimilarFound
from cockpit.rules.types.mistakes import Likely, Remark
from cockpit.state.said_before import unlikened
from cockpit.supervisor.memory import Memory
from cockpit.supervisor.record import Record

log = logging.getLogger(__name__)

AGAIN_AFTER_S = 30.0
"""How long to wait until fixes are compared again that could not be: the machine may have been too busy."""
MOST_TRIES = 3
"""In one supervisor's life; the next one tries again."""


class SecondLook:
    """Likens remarks of sessions that are not over, as their fixes become known."""

    def __init__(self, record: Record, memory: Memory) -> None:
        """Begin with what an earlier supervisor left undone."""
        self._record, self._memory = record, memory
        self._due = asyncio.Event()
        self._due.set()
        self._tries: Counter[str] = Counter()
        """How often fixes could not be compared, by remark."""

    def happened(self, envelope: Envelope) -> None:
        """Look soon when a fix is known now."""
        if isinstance(envelope.event, RemarkKept) and envelope.event.side == "after":
            self._due.set()

    async def run(self) -> None:
        """Look whenever there is something to look for, until cancelled. Raises `JournalError`."""
        while True:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(AGAIN_AFTER_S if self._waiting() else None):
                    await self._due.wait()
            self._due.clear()
            for remark in self._waiting():
                await self._look(remark)

    def _waiting(self) -> list[Remark]:
        return [one for one in unlikened(self._record.state) if self._tries[one.id] < MOST_TRIES]

    async def _look(self, remark: Remark) -> None:
        likely: tuple[Likely, ...] | None = None
        try:
            likely = await self._memory.likely_since_fixed(remark)
        except JournalError:
            raise
        except Exception:  # the edge of a task: no likeness is worth the supervisor's life
            log.exception("nothing was found that is like remark %s", remark.id)
        if likely is None:
            self._tries[remark.id] += 1
            return
        await self._record.add(remark.session, SimilarFound(remark=remark.id, likely=likely))
