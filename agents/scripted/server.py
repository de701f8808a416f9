"""The local server: Responses, Chat Completions and /v1/models over real HTTP on 127.0.0.1."""

from __future__ import annotations

import asyncio
import json
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Any

from aiohttp import web

from agents.scripted.conversation import Choice, Conversation, choose, of_chat, of_responses, tokens
from agents.scripted.replies import ChatReply, ResponsesReply
from agents.scripted.script import Failure, Script, Step

_BODY_LIMIT_BYTES = 256 * 1024 * 1024
_Reply = ResponsesReply | ChatReply


class ScriptedModel:
    """A scripted model, serving while the context is open."""

    def __init__(
        self, script: Script, *, port: int = 0, request_log: Path | None = None, has_responses: bool = True
    ) -> None:
        """Prepare; nothing listens yet.

        Args:
            script: what to answer.
            port: 0 takes any free one.
            request_log: file to which each request is appended as a JSON line.
            has_responses: False answers 404 to the Responses API, as servers without it do.
        """
        self._script = script
        self._port = port
        self._log = request_log
        self._failed: Counter[str] = Counter()
        app = web.Application(client_max_size=_BODY_LIMIT_BYTES)
        if has_responses:
            app.router.add_post("/v1/responses", self._responses)
        app.router.add_post("/v1/chat/completions", self._chat)
        app.router.add_get("/v1/models", self._models)
        app.router.add_route("*", "/{rest:.*}", self._unknown)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)

    @property
    def url(self) -> str:
        """The base URL for clients."""
        return f"http://127.0.0.1:{self._port}/v1"

    async def __aenter__(self) -> ScriptedModel:
        """Begin to listen. Raises `OSError` when the port is taken."""
        await self._runner.setup()
        try:
            await web.TCPSite(self._runner, "127.0.0.1", self._port).start()
        except OSError:
            await self._runner.cleanup()
            raise
        self._port = self._runner.addresses[0][1]
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop listening and end open streams."""
        await self._runner.cleanup()

    async def _responses(self, request: web.Request) -> web.StreamResponse:
        def make(step: Step, body: dict[str, Any], given: int, cached: int) -> _Reply:
            return ResponsesReply(step, body.get("model", self._script.model), given, cached)

        return await self._answer(request, of_responses, make)

    async def _chat(self, request: web.Request) -> web.StreamResponse:
        def make(step: Step, body: dict[str, Any], given: int, cached: int) -> _Reply:
            wants_usage = bool((body.get("stream_options") or {}).get("include_usage"))
            return ChatReply(step, body.get("model", self._script.model), given, cached, wants_usage)

        return await self._answer(request, of_chat, make)

    async def _answer(
        self,
        request: web.Request,
        read: Callable[[dict[str, Any]], Conversation],
        make: Callable[[Step, dict[str, Any], int, int], _Reply],
    ) -> web.StreamResponse:
        try:
            body = await request.json()
            conversation = read(body)
        except (ValueError, AttributeError, TypeError) as error:
            return _error(Failure(status=400, message=f"the request is not understood: {error}"))
        choice = choose(self._script, conversation)
        self._write_log(request, body, choice)
        step = choice.step
        if step.delay_ms:
            await asyncio.sleep(step.delay_ms / 1000)
        if step.error is not None and self._is_due(choice.key + ":error", step.error.times):
            return _error(step.error)
        given = tokens(body)
        reply = make(step, body, given, given - tokens(conversation[-1].text) if conversation else 0)
        if not body.get("stream"):
            return web.json_response(reply.body())
        return await self._stream(request, choice, reply)

    def _is_due(self, key: str, times: int | None) -> bool:
        self._failed[key] += 1
        return times is None or self._failed[key] <= times

    async def _stream(self, request: web.Request, choice: Choice, reply: _Reply) -> web.StreamResponse:
        step = choice.step
        limit = step.disconnect_after
        if limit is not None and not self._is_due(choice.key + ":cut", step.disconnect_times):
            limit = None
        response = web.StreamResponse(headers={"Content-Type": "text/event-stream", "Cache-Control": "no-cache"})
        await response.prepare(request)
        words = 0
        for number, piece in enumerate(reply.pieces()):
            if limit is not None and number and words >= limit:
                break
            await response.write(piece.encode())
            words += piece.is_word
            if piece.is_word and step.chunk_ms:
                await asyncio.sleep(step.chunk_ms / 1000)
        else:
            await response.write_eof()
            return response
        if request.transport is not None:
            request.transport.abort()
        return response

    def _write_log(self, request: web.Request, body: object, choice: Choice) -> None:
        if self._log is None:
            return
        line = json.dumps({"time": time.time(), "path": request.path, "rule": choice.rule, "body": body})
        with self._log.open("a", encoding="utf-8") as file:
            file.write(line + "\n")

    async def _models(self, request: web.Request) -> web.Response:
        model = {"id": self._script.model, "object": "model", "created": 0, "owned_by": "scripted"}
        return web.json_response({"object": "list", "data": [model]})

    async def _unknown(self, request: web.Request) -> web.Response:
        return _error(Failure(status=404, message=f"unknown url: {request.method} {request.path}", code="unknown_url"))


def _error(failure: Failure) -> web.Response:
    headers = {} if failure.retry_after_s is None else {"Retry-After": str(failure.retry_after_s)}
    body = {"error": {"message": failure.message, "type": "scripted_error", "code": failure.code, "param": None}}
    return web.json_response(body, status=failure.status, headers=headers)
