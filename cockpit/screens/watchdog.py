"""Notices a handler that blocks the screen host's loop, and says where, because every attached person feels it."""

from __future__ import annotations

import asyncio
import logging
import sys
import threading
import time
import traceback
from types import TracebackType
from typing import Self

_log = logging.getLogger(__name__)

BLOCKED_AFTER_S = 0.2
_BEAT_S = 0.05


class Watchdog:
    """Compares the loop's heartbeat with the clock from a thread of its own; an async context manager.

    Attributes:
        max_lag_s: The longest the loop has been late, in seconds.
        blocks: How many times it was blocked for longer than `BLOCKED_AFTER_S`.
    """

    def __init__(self) -> None:
        self.max_lag_s = 0.0
        self.blocks = 0
        self._last_beat_s = time.monotonic()
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="watchdog", daemon=True)
        self._loop_thread_id = 0
        self._timer: asyncio.TimerHandle | None = None

    async def __aenter__(self) -> Self:
        self._loop_thread_id = threading.get_ident()
        self._last_beat_s = time.monotonic()
        self._beat()
        self._thread.start()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._stopped.set()
        await asyncio.to_thread(self._thread.join)

    def _beat(self) -> None:
        now_s = time.monotonic()
        self.max_lag_s = max(self.max_lag_s, now_s - self._last_beat_s - _BEAT_S)
        self._last_beat_s = now_s
        self._timer = asyncio.get_running_loop().call_later(_BEAT_S, self._beat)

    def _watch(self) -> None:
        reported_beat_s = 0.0
        while not self._stopped.wait(BLOCKED_AFTER_S / 2):
            beat_s = self._last_beat_s
            late_s = time.monotonic() - beat_s - _BEAT_S
            if late_s > BLOCKED_AFTER_S and beat_s != reported_beat_s:
                reported_beat_s = beat_s
                self.blocks += 1
                _log.warning("the screens have been blocked for %.0f ms by:\n%s", late_s * 1000, self._stack())

    def _stack(self) -> str:
        frame = sys._current_frames().get(self._loop_thread_id)
        return "".join(traceback.format_stack(frame)) if frame is not None else "(no stack)"
