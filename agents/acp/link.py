"""The line to an agent's process: JSON-RPC by the protocol's own library, over a child of ours, every frame recorded.

The library is handed whole messages, so that its limits on lines, its own child and its logging do not come into play.
"""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

from acp.connection import Connection
from acp.exceptions import RequestError

from agents.child import Child, TooLong
from agents.trace import Trace

__all__ = ["Link", "RequestError"]

Handler = Callable[[str, Any, bool], Awaitable[Any]]
"""Is given method, parameters, and whether no answer is wanted."""

_SHOWN_CHARS = 200


class _Transport:
    """Moves messages between the library and the child."""

    def __init__(self, child: Child, trace: Trace, strange: Callable[[str], None]) -> None:
        self._child = child
        self._trace = trace
        self._strange = strange
        self._lines: AsyncGenerator[bytes | TooLong, None] = child.lines()
        self._is_reading = False

    async def send(self, message: dict[str, Any]) -> None:
        line = json.dumps(message, ensure_ascii=False)
        self._trace.add("out", line)
        await self._child.write(line.encode("utf-8", "replace") + b"\n")

    async def receive(self) -> dict[str, Any] | None:
        self._is_reading = True
        try:
            async for line in self._lines:
                message = self._message(line)
                if message is not None:
                    return message
            return None
        finally:
            self._is_reading = False

    def _message(self, line: bytes | TooLong) -> dict[str, Any] | None:
        if isinstance(line, TooLong):
            self._strange(f"a line of {line.size_bytes:,} bytes, which was skipped")
            return None
        if not line.strip():
            return None
        self._trace.add("in", line)
        try:
            message = json.loads(line)
        except (ValueError, RecursionError):
            self._strange(line[:_SHOWN_CHARS].decode("utf-8", "replace").strip())
            return None
        if isinstance(message, dict) and _is_sound(message):
            return message
        self._strange(line[:_SHOWN_CHARS].decode("utf-8", "replace").strip())
        return None

    async def close(self) -> None:
        # While it is read nobody else can close it: it ends with its reader, whom the connection cancels next.
        if not self._is_reading:
            await self._lines.aclose()


def _is_sound(message: dict[str, Any]) -> bool:
    """Return whether the library can bear a message: it trusts its peer in these points, and would never read again."""
    return (
        isinstance(message.get("id"), int | str | None)
        and isinstance(message.get("method"), str | None)
        and isinstance(message.get("error"), dict | None)
    )


class Link:
    """A running agent."""

    def __init__(
        self, child: Child, handler: Handler, trace: Path, strange: Callable[[str], None], secret: str
    ) -> None:
        """Speak with `child`; its requests go to `handler`, lines that are no messages to `strange`."""
        self.child = child
        self._trace = Trace(trace, [secret])
        self._connection = Connection(handler, _Transport(child, self._trace, strange))

    async def request(self, method: str, params: dict[str, Any]) -> Any:
        """Ask the agent for something and return its answer.

        Raises:
            RequestError: the agent answered with an error.
            ConnectionError: the agent ended, or takes nothing more.
        """
        return await self._connection.send_request(method, params)

    async def notify(self, method: str, params: dict[str, Any]) -> None:
        """Tell the agent something. One that has ended hears nothing."""
        with suppress(ConnectionError):
            await self._connection.send_notification(method, params)

    async def close(self, grace_s: float) -> None:
        """End the agent and its group, by force after `grace_s` seconds, and close the line."""
        try:
            await self.child.stop(grace_s)
        finally:
            await self._connection.close()
            self._trace.close()
