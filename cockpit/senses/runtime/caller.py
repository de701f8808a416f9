"""One connection: there are only so many at a time, and one on which nothing is asked does not stay for ever.

What is held open costs the supervisor a descriptor, and it needs those for people.
"""

from __future__ import annotations

import asyncio
from typing import Final

from uvicorn.protocols.http.h11_impl import H11Protocol

CONNECTIONS: Final = 512
IDLE_S = 60.0
"""How long a connection may be open without a request, or with one whose head does not come to an end."""


class Caller(H11Protocol):
    """Speaks HTTP with one client."""

    _looks: asyncio.TimerHandle | None = None
    _last_seen: object = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn has it
        """Take the connection, unless there are too many."""
        super().connection_made(transport)
        if len(self.connections) > CONNECTIONS:
            transport.abort()
        else:
            self._looks = self.loop.call_later(IDLE_S, self._look)

    def connection_lost(self, exc: Exception | None) -> None:
        """Let it go."""
        if self._looks is not None:
            self._looks.cancel()
        super().connection_lost(exc)

    def _look(self) -> None:
        """Hang up when nothing has been asked since the last look."""
        is_idle = self.cycle is None or self.cycle.response_complete
        if is_idle and self.cycle is self._last_seen:
            self.transport.abort()
            return
        self._last_seen = self.cycle if is_idle else self
        self._looks = self.loop.call_later(IDLE_S, self._look)
