"""The local server: the model protocols that agents speak, over real HTTP on 127.0.0.1."""

from __future__ import annotations

import asyncio
import json
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import Any

from aiohttp import web

from agents.scripted import chat, generate, messages, responses
from agents.scripted.asides import aside
from agents.scripted.conversation import choose, tokens
from agents.scripted.dialects import render
from agents.scripted.pieces import Frame, Reply
from agents.scripted.request import Answer, Request
from agents.scripted.script import Failure, Script, Step
from agents.stand_in import OWNER

_BODY_LIMIT_BYTES = 256 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class _Protocol:
    read: Callable[[dict[str, Any]], Request]
    make: Callable[[Answer, Frame, dict[str, Any]], Reply]


def _chat_reply(answer: Answer, frame: Frame, body: dict[str, Any]) -> Reply:
    return chat.ChatReply(answer, frame, bool((body.get("stream_options") or {}).get("include_usage")))


_RESPONSES = _Protocol(responses.read, lambda answer, frame, _: responses.ResponsesReply(answer, frame))
_CHAT = _Protocol(chat.read, _chat_reply)
_MESSAGES = _Protocol(messages.read, lambda answer, frame, _: messages.MessagesReply(answer, frame))
_GENERATE = _Protocol(generate.read, lambda answer, frame, _: generate.GenerateReply(answer, frame))


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
            app.router.add_post("/v1/responses", partial(self._answer, protocol=_RESPONSES))
        app.router.add_post("/v1/chat/completions", partial(self._answer, protocol=_CHAT))
        app.router.add_post("/v1/messages", partial(self._answer, protocol=_MESSAGES))
        app.router.add_post("/v1/messages/count_tokens", self._count)
        app.router.add_post("/{version:v1|v1beta}/models/{call}", self._generate)
        app.router.add_get("/v1/models", self._models)
        app.router.add_head("/", self._hello)
        app.router.add_route("*", "/{rest:.*}", self._unknown)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)

    @property
    def url(self) -> str:
        """The base URL for clients of the OpenAI protocols."""
        return f"{self.origin}/v1"

    @property
    def origin(self) -> str:
        """The base URL for clients of the Anthropic and the Gemini protocol, which say the version themselves."""
        return f"http://127.0.0.1:{self._port}"

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

    async def _answer(self, request: web.Request, protocol: _Protocol, model: str = "") -> web.StreamResponse:
        try:
            body = await request.json()
            asked = protocol.read(body)
        except (ValueError, AttributeError, TypeError, KeyError) as error:
            return _error(Failure(status=400, message=f"the request is not understood: {error}"))
        choice = choose(self._script, asked.conversation)
        beside = Step() if asked.waits else aside(choice, asked)
        step = beside or choice.step
        self._write_log(request, body, "(aside)" if beside else choice.rule)
        if step.delay_ms:
            await asyncio.sleep(step.delay_ms / 1000)
        if step.error is not None and self._is_due(choice.key + ":error", step.error.times):
            return _error(step.error)
        speech, uses = ("", (asked.waits,)) if asked.waits else render(step.calls, asked)
        given = tokens(body)
        last = tokens(asked.conversation[-1].text) if asked.conversation else given
        frame = Frame(model or body.get("model", self._script.model), given, max(0, given - last))
        answer = Answer(" ".join(filter(None, (step.text, speech))), step.reasoning, uses)
        reply = protocol.make(answer, frame, body)
        if not (body.get("stream") or request.path.endswith(":streamGenerateContent")):
            return web.json_response(reply.body())
        return await self._stream(request, step, choice.key, reply)

    async def _generate(self, request: web.Request) -> web.StreamResponse:
        model, _, verb = request.match_info["call"].partition(":")
        if verb == "countTokens":
            return web.json_response(generate.count(await request.json()))
        if verb not in ("generateContent", "streamGenerateContent"):
            return await self._unknown(request)
        return await self._answer(request, _GENERATE, model)

    async def _count(self, request: web.Request) -> web.Response:
        return web.json_response(messages.count(await request.json()))

    def _is_due(self, key: str, times: int | None) -> bool:
        self._failed[key] += 1
        return times is None or self._failed[key] <= times

    async def _stream(self, request: web.Request, step: Step, key: str, reply: Reply) -> web.StreamResponse:
        limit = step.disconnect_after
        if limit is not None and not self._is_due(key + ":cut", step.disconnect_times):
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

    def _write_log(self, request: web.Request, body: object, rule: str) -> None:
        if self._log is None:
            return
        line = json.dumps({"time": time.time(), "path": request.path, "rule": rule, "body": body})
        with self._log.open("a", encoding="utf-8") as file:
            file.write(line + "\n")

    async def _models(self, request: web.Request) -> web.Response:
        model = {"id": self._script.model, "object": "model", "created": 0, "owned_by": OWNER}
        return web.json_response({"object": "list", "data": [model]})

    async def _hello(self, request: web.Request) -> web.Response:
        return web.Response()

    async def _unknown(self, request: web.Request) -> web.Response:
        return _error(Failure(status=404, message=f"unknown url: {request.method} {request.path}", code="unknown_url"))


def _error(failure: Failure) -> web.Response:
    headers = {} if failure.retry_after_s is None else {"Retry-After": str(failure.retry_after_s)}
    body = {"error": {"message": failure.message, "type": "scripted_error", "code": failure.code, "param": None}}
    return web.json_response(body, status=failure.status, headers=headers)
