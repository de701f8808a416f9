"""JSON-RPC over lines, both ways: our requests and their answers, the peer's requests and ours.

Knows nothing of codex. Every frame is recorded; a line that is no message is reported and skipped.
"""

from __future__ import annotations

import asyncio
import json
import sys
import traceback
from collections.abc import AsyncIterator, Mapping
from typing import Any, Protocol

from agents.child import TooLong
from agents.trace import Trace

Params = dict[str, Any]

METHOD_NOT_FOUND = -32601
INTERNAL_ERROR = -32603
_SHOWN_CHARS = 200
_MOST_PUZZLES = 20
"""So often is nonsense told; who writes more of it is known by then."""


class RpcError(Exception):
    """The other side answered with an error, or is to be answered with one."""

    def __init__(self, message: str, code: int = INTERNAL_ERROR) -> None:
        """Keep the message for people and its code."""
        super().__init__(message)
        self.code = code


class Gone(Exception):
    """The other side ended; what was asked of it will not be answered."""


class Link(Protocol):
    """What carries the lines."""

    async def write(self, data: bytes) -> None:
        """Write whole lines. Raises `ConnectionError` when the other side takes no more."""

    def lines(self) -> AsyncIterator[bytes | TooLong]:
        """Yield what comes, line by line, until the other side ends."""


class Listener(Protocol):
    """What is told of what the other side says of its own accord."""

    def notified(self, method: str, params: Params) -> None:
        """Take a notification; called in the order in which they came."""

    async def requested(self, method: str, params: Params) -> Params:
        """Answer a request. Raises `RpcError` to answer with an error."""

    def puzzled(self, problem: str) -> None:
        """Hear of something that was no message."""


class Peer:
    """The other side."""

    def __init__(self, link: Link, trace: Trace, listener: Listener) -> None:
        """Speak over `link`; nothing is read before `run`."""
        self._link = link
        self._trace = trace
        self._listener = listener
        self._number = 0
        self._pending: dict[int, asyncio.Future[Params]] = {}
        self._answering: dict[int | str, asyncio.Task[None]] = {}
        self._is_gone = False
        self._puzzles = 0

    async def run(self) -> None:
        """Read until the other side ends. Then what was asked fails, and requests that are being answered are left."""
        try:
            async with asyncio.TaskGroup() as group:
                async for line in self._link.lines():
                    self._take(line, group)
                for task in self._answering.values():
                    task.cancel()
        finally:
            self._is_gone = True
            for future in self._pending.values():
                if not future.done():
                    future.set_exception(Gone("codex ended before it answered"))
            self._pending.clear()

    async def request(self, method: str, params: Mapping[str, Any], *, timeout_s: float) -> Params:
        """Ask the other side.

        Raises:
            RpcError: it answered with an error.
            Gone: it ended.
            TimeoutError: it said nothing for `timeout_s` seconds.
        """
        self._number += 1
        number = self._number
        future: asyncio.Future[Params] = asyncio.get_running_loop().create_future()
        self._pending[number] = future
        try:
            async with asyncio.timeout(timeout_s):
                await self._write({"id": number, "method": method, "params": params})
                return await future
        finally:
            self._pending.pop(number, None)
            if future.done() and not future.cancelled():
                future.exception()  # was seen, or nobody waits for it any more
            future.cancel()

    async def notify(self, method: str) -> None:
        """Tell the other side. Raises `Gone` when it ended."""
        await self._write({"method": method})

    def withdraw(self, request: int | str) -> None:
        """Stop answering a request: the other side no longer waits for it."""
        task = self._answering.pop(request, None)
        if task is not None:
            task.cancel()

    async def _write(self, frame: dict[str, Any]) -> None:
        if self._is_gone:
            raise Gone("codex has ended")
        data = json.dumps(frame, ensure_ascii=False).encode("utf-8", "replace")
        self._trace.add("out", data)
        try:
            await self._link.write(data + b"\n")
        except ConnectionError as error:
            raise Gone("codex takes no more") from error

    def _take(self, line: bytes | TooLong, group: asyncio.TaskGroup) -> None:
        if isinstance(line, TooLong):
            self._puzzle(f"codex wrote a line of {line.size_bytes:,} bytes; it was skipped")
            return
        if not line.strip():
            return
        self._trace.add("in", line)
        try:
            frame = json.loads(line)
        except (ValueError, RecursionError):
            frame = None
        match frame:
            case {"method": str(method), "id": int() | str() as number, **rest}:
                task = group.create_task(self._answer(number, method, _params(rest)))
                self._answering[number] = task
            case {"method": str(method), **rest}:
                self._notify(method, _params(rest))
            case {"id": int(number), **rest}:
                self._settle(number, rest)
            case _:
                shown = line[:_SHOWN_CHARS].decode("utf-8", "replace").strip()
                self._puzzle(f"codex wrote something that is no message: {shown}")

    def _notify(self, method: str, params: Params) -> None:
        try:
            self._listener.notified(method, params)
        except (LookupError, TypeError, ValueError, AttributeError) as error:
            # Another version's shape of one notification must not end the conversation.
            traceback.print_exc(file=sys.stderr)
            self._puzzle(f"codex's {method} was not understood: {type(error).__name__}: {error}")

    def _settle(self, number: int, rest: Mapping[Any, Any]) -> None:
        future = self._pending.get(number)
        if future is None or future.done():
            return
        match rest:
            case {"error": {"message": str(message), **more}}:
                code = more.get("code")
                future.set_exception(RpcError(message, code if isinstance(code, int) else INTERNAL_ERROR))
            case {"error": error}:
                future.set_exception(RpcError(f"an error without a message: {error!r}"[:_SHOWN_CHARS]))
            case {"result": dict(result)}:
                future.set_result(result)
            case _:
                future.set_result({})

    def _puzzle(self, problem: str) -> None:
        self._puzzles += 1
        if self._puzzles < _MOST_PUZZLES:
            self._listener.puzzled(problem)
        elif self._puzzles == _MOST_PUZZLES:
            self._listener.puzzled(f"{problem}; codex writes more like this, which is only in its trace")

    async def _answer(self, number: int | str, method: str, params: Params) -> None:
        try:
            frame: dict[str, Any] = {"id": number, "result": await self._listener.requested(method, params)}
        except RpcError as error:
            frame = {"id": number, "error": {"code": error.code, "message": str(error)}}
        except Exception as error:
            # The edge of the task: the other side waits and must hear something, whatever went wrong.
            traceback.print_exc(file=sys.stderr)
            problem = f"{method} could not be answered: {type(error).__name__}: {error}"
            self._puzzle(problem)
            frame = {"id": number, "error": {"code": INTERNAL_ERROR, "message": problem}}
        if self._answering.pop(number, None) is not None:
            await self._reply(frame)

    async def _reply(self, frame: dict[str, Any]) -> None:
        try:
            await self._write(frame)
        except Gone:
            return


def _params(rest: Mapping[Any, Any]) -> Params:
    params = rest.get("params")
    return params if isinstance(params, dict) else {}
