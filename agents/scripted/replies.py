"""A step of the script in the words of the two protocols: as one JSON body, or as events in their real order."""

from __future__ import annotations

import json
import re
import time
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from agents.scripted.conversation import tokens
from agents.scripted.script import Call, Step

_WORD = re.compile(r"\S+\s*|\s+")
_ARGUMENT_CHARS = 48


@dataclass(frozen=True, slots=True)
class Piece:
    """One server-sent event; `is_word` marks a piece of text, after which the step's pause comes."""

    data: dict[str, Any] | str
    event: str = ""
    is_word: bool = False

    def encode(self) -> bytes:
        """Return the bytes of the event."""
        text = self.data if isinstance(self.data, str) else json.dumps(self.data)
        head = f"event: {self.event}\n" if self.event else ""
        return f"{head}data: {text}\n\n".encode()


def _id(prefix: str) -> str:
    return f"{prefix}_{uuid.uuid4().hex[:12]}"


def _arguments(call: Call) -> str:
    return call.raw if call.raw is not None else json.dumps(call.arguments)


def _slices(text: str) -> Iterator[str]:
    for start in range(0, len(text), _ARGUMENT_CHARS):
        yield text[start : start + _ARGUMENT_CHARS]


def _output_tokens(step: Step) -> int:
    return tokens(step.text) + tokens(step.reasoning) + sum(tokens(call.tool + _arguments(call)) for call in step.calls)


@dataclass(slots=True)
class ResponsesReply:
    """A step as a Responses API answer."""

    step: Step
    model: str
    input_tokens: int
    cached_tokens: int
    _sequence: int = 0
    _output: list[dict[str, Any]] = field(default_factory=list)
    _id: str = field(default_factory=lambda: _id("resp"))
    _created: int = field(default_factory=lambda: int(time.time()))

    def body(self) -> dict[str, Any]:
        """Return the answer without streaming."""
        for _ in self.pieces():
            pass
        return self._response("completed")

    def _response(self, status: str) -> dict[str, Any]:
        response: dict[str, Any] = {
            "id": self._id,
            "object": "response",
            "created_at": self._created,
            "model": self.model,
            "status": status,
            "output": list(self._output),
            "parallel_tool_calls": True,
            "tool_choice": "auto",
            "tools": [],
        }
        if status == "completed":
            spoken = _output_tokens(self.step)
            response["usage"] = {
                "input_tokens": self.input_tokens,
                "input_tokens_details": {"cached_tokens": self.cached_tokens},
                "output_tokens": spoken,
                "output_tokens_details": {"reasoning_tokens": tokens(self.step.reasoning)},
                "total_tokens": self.input_tokens + spoken,
            }
        return response

    def _piece(self, kind: str, *, is_word: bool = False, **fields: Any) -> Piece:
        piece = Piece({"type": kind, "sequence_number": self._sequence, **fields}, kind, is_word)
        self._sequence += 1
        return piece

    def pieces(self) -> Iterator[Piece]:
        """Yield the events of a streamed answer."""
        yield self._piece("response.created", response=self._response("in_progress"))
        yield self._piece("response.in_progress", response=self._response("in_progress"))
        if self.step.reasoning:
            yield from self._reasoning()
        if self.step.text:
            yield from self._message()
        for call in self.step.calls:
            yield from self._call(call)
        yield self._piece("response.completed", response=self._response("completed"))

    def _item(self, item: dict[str, Any], events: Iterator[Piece], begun: dict[str, Any]) -> Iterator[Piece]:
        index = len(self._output)
        yield self._piece("response.output_item.added", output_index=index, item={**item, **begun})
        yield from events
        self._output.append(item)
        yield self._piece("response.output_item.done", output_index=index, item=item)

    def _reasoning(self) -> Iterator[Piece]:
        part = {"type": "summary_text", "text": self.step.reasoning}
        item: dict[str, Any] = {"type": "reasoning", "id": _id("rs"), "summary": [part]}
        place: dict[str, Any] = {"item_id": item["id"], "output_index": len(self._output), "summary_index": 0}

        def events() -> Iterator[Piece]:
            yield self._piece("response.reasoning_summary_part.added", **place, part={**part, "text": ""})
            for word in _WORD.findall(self.step.reasoning):
                yield self._piece("response.reasoning_summary_text.delta", is_word=True, **place, delta=word)
            yield self._piece("response.reasoning_summary_text.done", **place, text=self.step.reasoning)
            yield self._piece("response.reasoning_summary_part.done", **place, part=part)

        return self._item(item, events(), {"summary": []})

    def _message(self) -> Iterator[Piece]:
        part = {"type": "output_text", "text": self.step.text, "annotations": []}
        item: dict[str, Any] = {
            "type": "message",
            "id": _id("msg"),
            "role": "assistant",
            "status": "completed",
            "content": [part],
        }
        place: dict[str, Any] = {"item_id": item["id"], "output_index": len(self._output), "content_index": 0}

        def events() -> Iterator[Piece]:
            yield self._piece("response.content_part.added", **place, part={**part, "text": ""})
            for word in _WORD.findall(self.step.text):
                yield self._piece("response.output_text.delta", is_word=True, **place, delta=word, logprobs=[])
            yield self._piece("response.output_text.done", **place, text=self.step.text, logprobs=[])
            yield self._piece("response.content_part.done", **place, part=part)

        return self._item(item, events(), {"status": "in_progress", "content": []})

    def _call(self, call: Call) -> Iterator[Piece]:
        arguments = _arguments(call)
        item: dict[str, Any] = {
            "type": "function_call",
            "id": _id("fc"),
            "call_id": _id("call"),
            "name": call.tool,
            "arguments": arguments,
            "status": "completed",
        }
        place: dict[str, Any] = {"item_id": item["id"], "output_index": len(self._output)}

        def events() -> Iterator[Piece]:
            for part in _slices(arguments):
                yield self._piece("response.function_call_arguments.delta", **place, delta=part)
            yield self._piece("response.function_call_arguments.done", **place, name=call.tool, arguments=arguments)

        return self._item(item, events(), {"status": "in_progress", "arguments": ""})


@dataclass(slots=True)
class ChatReply:
    """A step as a Chat Completions answer."""

    step: Step
    model: str
    input_tokens: int
    cached_tokens: int
    wants_usage: bool
    _id: str = field(default_factory=lambda: _id("chatcmpl"))
    _created: int = field(default_factory=lambda: int(time.time()))

    @property
    def _finish(self) -> str:
        return "tool_calls" if self.step.calls else "stop"

    def _usage(self) -> dict[str, Any]:
        spoken = _output_tokens(self.step)
        return {
            "prompt_tokens": self.input_tokens,
            "completion_tokens": spoken,
            "total_tokens": self.input_tokens + spoken,
            "prompt_tokens_details": {"cached_tokens": self.cached_tokens},
        }

    def _head(self, kind: str) -> dict[str, Any]:
        return {"id": self._id, "object": kind, "created": self._created, "model": self.model}

    def body(self) -> dict[str, Any]:
        """Return the answer without streaming."""
        message: dict[str, Any] = {"role": "assistant", "content": self.step.text or None}
        if self.step.calls:
            message["tool_calls"] = [
                {
                    "id": _id("call"),
                    "type": "function",
                    "function": {"name": call.tool, "arguments": _arguments(call)},
                }
                for call in self.step.calls
            ]
        choice = {"index": 0, "message": message, "finish_reason": self._finish}
        return {**self._head("chat.completion"), "choices": [choice], "usage": self._usage()}

    def _chunk(self, delta: dict[str, Any], finish: str | None = None, *, is_word: bool = False) -> Piece:
        choice = {"index": 0, "delta": delta, "finish_reason": finish}
        return Piece({**self._head("chat.completion.chunk"), "choices": [choice]}, "", is_word)

    def pieces(self) -> Iterator[Piece]:
        """Yield the chunks of a streamed answer."""
        yield self._chunk({"role": "assistant", "content": ""})
        for word in _WORD.findall(self.step.reasoning):
            yield self._chunk({"reasoning_content": word}, is_word=True)
        for word in _WORD.findall(self.step.text):
            yield self._chunk({"content": word}, is_word=True)
        for index, call in enumerate(self.step.calls):
            head = {"name": call.tool, "arguments": ""}
            yield self._chunk(
                {"tool_calls": [{"index": index, "id": _id("call"), "type": "function", "function": head}]}
            )
            for part in _slices(_arguments(call)):
                yield self._chunk({"tool_calls": [{"index": index, "function": {"arguments": part}}]})
        yield self._chunk({}, self._finish)
        if self.wants_usage:
            yield Piece({**self._head("chat.completion.chunk"), "choices": [], "usage": self._usage()})
        yield Piece("[DONE]")
