"""One model call from the turn's point of view: tried again with patience, told of while it streams, cut when asked."""

from __future__ import annotations

import asyncio
import random

from agents.native.endpoint import Endpoint
from agents.native.reply import ModelError, Piece, Reply, Request, Unavailable
from agents.native.settings import NativeSettings
from agents.wire import Wire
from cockpit.sessions.types import AgentMessage, Retrying, UsageReported

_LONGEST_WAIT_S = 60.0
_LONGEST_RETRY_AFTER_S = 900.0


class ModelCaller:
    """Calls the model; at most one call at a time."""

    def __init__(self, endpoint: Endpoint, settings: NativeSettings, wire: Wire) -> None:
        """Call at `endpoint`, telling of it over `wire`."""
        self._endpoint = endpoint
        self._settings = settings
        self._wire = wire
        self._task: asyncio.Task[Reply] | None = None
        self._is_calling_tool = False
        self._partial: dict[str, str] = {}
        """Text of the messages that stream now, by item."""

    def cut(self, *, even_tool_calls: bool) -> bool:
        """Cut the running call, unless the model is already writing a tool call. Returns whether it was cut."""
        if self._task is None or self._task.done() or (self._is_calling_tool and not even_tool_calls):
            return False
        return self._task.cancel()

    async def call(self, request: Request) -> Reply | str:
        """Return the reply, or what had been said by then when the call was cut. Raises `ModelError`."""
        self._task = asyncio.create_task(self._with_patience(request))
        try:
            await asyncio.wait({self._task})
        finally:
            if not self._task.done():
                self._task.cancel()
                await asyncio.wait({self._task})
                self._close_partial()
        if self._task.cancelled():
            return self._close_partial()
        reply = self._task.result()
        self._tell(reply)
        return reply

    async def ask_aside(self, request: Request) -> Reply:
        """Make a call that is no part of the conversation, once. Raises `ModelError`."""
        reply = await self._endpoint.call(request, lambda piece: None)
        self._tell_usage(reply)
        return reply

    async def _with_patience(self, request: Request) -> Reply:
        attempt = 0
        while True:
            self._is_calling_tool = False
            self._partial.clear()
            try:
                return await self._endpoint.call(request, self._take)
            except Unavailable as error:
                self._close_partial()
                attempt += 1
                wait_s = self._wait_s(error, attempt)
                if attempt > self._settings.retries or wait_s > _LONGEST_RETRY_AFTER_S:
                    raise ModelError(
                        f"{error}; gave up after {attempt} attempts. Nothing is lost: send a message to go on when the "
                        "endpoint answers again"
                    ) from error
                self._wire.emit(Retrying(message=str(error), attempt=attempt, wait_s=round(wait_s, 3)))
                await asyncio.sleep(wait_s)

    def _wait_s(self, error: Unavailable, attempt: int) -> float:
        if error.retry_after_s is not None:
            return error.retry_after_s
        longest: float = min(_LONGEST_WAIT_S, self._settings.retry_wait_s * 2 ** (attempt - 1))
        return longest * random.uniform(0.5, 1.0)  # apart, so that a fleet does not come back all at once

    def _take(self, piece: Piece) -> None:
        if piece.kind == "call":
            self._is_calling_tool = True
            return
        if piece.kind == "message":
            self._partial[piece.item] = self._partial.get(piece.item, "") + piece.text
        self._wire.progress(piece.kind, piece.item, piece.text)

    def _close_partial(self) -> str:
        """End the messages that will not be finished; return their text."""
        partial, self._partial = self._partial, {}
        for item, text in partial.items():
            self._wire.emit(AgentMessage(item=item, text=text))
        return "".join(partial.values())

    def _tell(self, reply: Reply) -> None:
        self._partial.clear()
        if reply.reasoning:
            self._wire.emit(AgentMessage(item=reply.reasoning_item, text=reply.reasoning, is_reasoning=True))
        if reply.message:
            self._wire.emit(AgentMessage(item=reply.message_item, text=reply.message))
        self._tell_usage(reply, is_context=True)

    def _tell_usage(self, reply: Reply, *, is_context: bool = False) -> None:
        tokens = reply.tokens
        if tokens is None:
            return
        self._wire.emit(
            UsageReported(
                input_tokens=tokens.given,
                cached_tokens=tokens.cached,
                output_tokens=tokens.spoken,
                context_used=tokens.given + tokens.spoken if is_context else None,
                context_window=self._settings.context_window,
            )
        )
