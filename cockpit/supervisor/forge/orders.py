"""What is ordered of a forge: work begins when somebody has paused, and ends for whatever is ordered next."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

from cockpit.providers.git import GitError
from cockpit.rules.types.errors import RulesError

DEBOUNCE_S = 0.12
"""How long a person must have stopped typing before a rule is tried."""


class Orders:
    """Orders of one forge. What they are is kept by the forge; here is when they are carried out."""

    def __init__(self) -> None:
        self._given = asyncio.Event()
        self._is_idle = False
        self._is_left = False

    def give(self) -> None:
        """Have the work begun anew: what is under way ends, and what was not finished stays due."""
        self._given.set()

    def leave(self) -> None:
        """Have the work begun when nothing is under way that it would disturb."""
        self._is_left = True
        if self._is_idle:
            self._given.set()

    async def carry_out(self, work: Callable[[], Coroutine[Any, Any, None]], failed: Callable[[str], None]) -> None:
        """Work whenever there is an order, until cancelled; `failed` is told why something could not be done."""
        while True:
            if self._is_left:
                self._given.set()
            self._is_idle = True
            await self._given.wait()
            self._is_idle = self._is_left = False
            await asyncio.sleep(DEBOUNCE_S)
            self._given.clear()
            await self._unless_more(work(), failed)

    async def _unless_more(self, work: Coroutine[Any, Any, None], failed: Callable[[str], None]) -> None:
        working = asyncio.create_task(work)
        ordered = asyncio.create_task(self._given.wait())
        try:
            await asyncio.wait([working, ordered], return_when=asyncio.FIRST_COMPLETED)
        finally:
            ordered.cancel()
            working.cancel()
            await asyncio.wait([working, ordered])
        if not working.cancelled():
            try:
                working.result()
            except* (RulesError, GitError) as errors:  # the workshop could not be started, or a rule could not be read
                failed(str(errors.exceptions[0]))
