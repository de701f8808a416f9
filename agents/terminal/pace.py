"""Bounds the processor time that a program's output may cost, however much it prints."""

from __future__ import annotations

import asyncio
import time

SHARE = 0.2
"""Of one processor, over longer times."""
BURST_S = 0.3
"""Processor time that may be used at once before the share counts."""
_LONGEST_REST_S = 0.5


class Pace:
    """Rests as long as this process has used more than its share; what it does not read then holds up the program."""

    def __init__(self) -> None:
        """Count from now on."""
        self._debt_s = 0.0
        self._used, self._at = time.process_time(), time.monotonic()

    async def keep(self) -> None:
        """Let others work, and rest if need be."""
        self._settle()
        is_over = self._debt_s > BURST_S
        await asyncio.sleep(min(_LONGEST_REST_S, (self._debt_s - BURST_S) / SHARE + 0.02) if is_over else 0)

    def _settle(self) -> None:
        used, now = time.process_time(), time.monotonic()
        self._debt_s = max(0.0, self._debt_s - (now - self._at) * SHARE) + used - self._used
        self._used, self._at = used, now
