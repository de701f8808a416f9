"""The Responses API: what a request says, and an answer in its words."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from agents.scripted.conversation import Conversation, Entry, flat, tokens, user_entries
from agents.scripted.pieces import Frame, Piece, new_id, output_tokens, slices, words
from agents.scripted.request import Answer, Offered, Request, ToolUse

_WAIT = "write_stdin"
_STILL_RUNS = re.compile(r"Process running with session ID (\d+)")
"""What codex says of a command that takes longer than a call may."""
_OF_THE_MODEL = ("message", "function_call", "custom_tool_call", "reasoning")


def read(body: dict[str, Any]) -> Request:
    """Return what a request says. Raises `AttributeError`, `TypeError` or `ValueError` where it is none."""
    given = body.get("input", "")
    items = given if isinstance(given, list) else [{"role": "user", "content": given}]
    wanted = (body.get("text") or {}).get("format") or {}
    schema = wanted.get("schema") if wanted.get("type") == "json_schema" else None
    tools = tuple(_offered(body.get("tools") or []))
    return Request(_conversation(items), tools, schema=schema, waits=_wait(items, tools))


def _wait(items: list[dict[str, Any]], tools: tuple[Offered, ...]) -> ToolUse | None:
    """Return the call that waits for the command at the end of the conversation, where that still runs."""
    last = items[-1] if items else {}
    tool = next((one for one in tools if one.name == _WAIT), None)
    running = _STILL_RUNS.search(flat(last.get("output"))) if last.get("type") == "function_call_output" else None
    if tool is None or running is None:
        return None
    return ToolUse(tool, json.dumps({"session_id": int(running[1]), "chars": "", "yield_time_ms": 30_000}))


def _conversation(items: list[dict[str, Any]]) -> Conversation:
    entries: list[Entry] = []
    waits = {item.get("call_id") for item in items if item.get("name") == _WAIT}
    for item in items:
        kind = item.get("type", "message")
        if item.get("call_id") in waits:  # no step of the script: what it brings belongs to the command's result
            if kind.endswith("_output") and entries and entries[-1].kind == "result":
                entries[-1] = Entry("result", f"{entries[-1].text}\n{flat(item.get('output'))}")
        elif kind.endswith("_output"):
            entries.append(Entry("result", flat(item.get("output"))))
        elif kind == "message" and item.get("role") == "user":
            entries += user_entries(flat(item.get("content")))
        elif kind in _OF_THE_MODEL and item.get("role", "assistant") == "assistant":
            said = item.get("arguments", item.get("input", ""))
            entries.append(Entry("model", flat(item.get("content")) or str(said)))
    return tuple(entries)


def _offered(tools: list[dict[str, Any]], namespace: str = "") -> Iterator[Offered]:
    for tool in tools:
        if tool.get("type") == "namespace":
            yield from _offered(tool.get("tools") or [], tool["name"])
        elif "name" in tool:
            yield Offered(tool["name"], namespace, takes_text=tool.get("type") == "custom")


@dataclass(slots=True)
class ResponsesReply:
    """A step as a Responses API answer."""

    answer: Answer
    frame: Frame
    _sequence: int = 0
    _output: list[dict[str, Any]] = field(default_factory=list)
    _id: str = field(default_factory=lambda: new_id("resp"))
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
            "model": self.frame.model,
            "status": status,
            "output": list(self._output),
            "parallel_tool_calls": True,
            "tool_choice": "auto",
            "tools": [],
        }
        if status == "completed":
            spoken = output_tokens(self.answer)
            response["usage"] = {
                "input_tokens": self.frame.input_tokens,
                "input_tokens_details": {"cached_tokens": self.frame.cached_tokens},
                "output_tokens": spoken,
                "output_tokens_details": {"reasoning_tokens": tokens(self.answer.reasoning)},
                "total_tokens": self.frame.input_tokens + spoken,
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
        if self.answer.reasoning:
            yield from self._reasoning()
        if self.answer.text:
            yield from self._message()
        for use in self.answer.uses:
            yield from self._custom_call(use) if use.tool.takes_text else self._call(use)
        yield self._piece("response.completed", response=self._response("completed"))

    def _item(self, item: dict[str, Any], events: Iterator[Piece], begun: dict[str, Any]) -> Iterator[Piece]:
        index = len(self._output)
        yield self._piece("response.output_item.added", output_index=index, item={**item, **begun})
        yield from events
        self._output.append(item)
        yield self._piece("response.output_item.done", output_index=index, item=item)

    def _reasoning(self) -> Iterator[Piece]:
        part = {"type": "summary_text", "text": self.answer.reasoning}
        item: dict[str, Any] = {"type": "reasoning", "id": new_id("rs"), "summary": [part]}
        place: dict[str, Any] = {"item_id": item["id"], "output_index": len(self._output), "summary_index": 0}

        def events() -> Iterator[Piece]:
            yield self._piece("response.reasoning_summary_part.added", **place, part={**part, "text": ""})
            for word in words(self.answer.reasoning):
                yield self._piece("response.reasoning_summary_text.delta", is_word=True, **place, delta=word)
            yield self._piece("response.reasoning_summary_text.done", **place, text=self.answer.reasoning)
            yield self._piece("response.reasoning_summary_part.done", **place, part=part)

        return self._item(item, events(), {"summary": []})

    def _message(self) -> Iterator[Piece]:
        part = {"type": "output_text", "text": self.answer.text, "annotations": []}
        item: dict[str, Any] = {
            "type": "message",
            "id": new_id("msg"),
            "role": "assistant",
            "status": "completed",
            "content": [part],
        }
        place: dict[str, Any] = {"item_id": item["id"], "output_index": len(self._output), "content_index": 0}

        def events() -> Iterator[Piece]:
            yield self._piece("response.content_part.added", **place, part={**part, "text": ""})
            for word in words(self.answer.text):
                yield self._piece("response.output_text.delta", is_word=True, **place, delta=word, logprobs=[])
            yield self._piece("response.output_text.done", **place, text=self.answer.text, logprobs=[])
            yield self._piece("response.content_part.done", **place, part=part)

        return self._item(item, events(), {"status": "in_progress", "content": []})

    def _call(self, use: ToolUse) -> Iterator[Piece]:
        item: dict[str, Any] = {
            "type": "function_call",
            "id": new_id("fc"),
            "call_id": new_id("call"),
            "name": use.tool.name,
            "arguments": use.arguments,
            "status": "completed",
            **_namespace(use),
        }
        place: dict[str, Any] = {"item_id": item["id"], "output_index": len(self._output)}

        def events() -> Iterator[Piece]:
            for part in slices(use.arguments):
                yield self._piece("response.function_call_arguments.delta", **place, delta=part)
            place.update(name=use.tool.name, arguments=use.arguments)
            yield self._piece("response.function_call_arguments.done", **place)

        return self._item(item, events(), {"status": "in_progress", "arguments": ""})

    def _custom_call(self, use: ToolUse) -> Iterator[Piece]:
        item: dict[str, Any] = {
            "type": "custom_tool_call",
            "id": new_id("ctc"),
            "call_id": new_id("call"),
            "name": use.tool.name,
            "input": use.arguments,
            "status": "completed",
            **_namespace(use),
        }
        place: dict[str, Any] = {"item_id": item["id"], "output_index": len(self._output)}

        def events() -> Iterator[Piece]:
            for part in slices(use.arguments):
                yield self._piece("response.custom_tool_call_input.delta", **place, delta=part)
            yield self._piece("response.custom_tool_call_input.done", **place, input=use.arguments)

        return self._item(item, events(), {"status": "in_progress", "input": ""})


def _namespace(use: ToolUse) -> dict[str, str]:
    return {"namespace": use.tool.namespace} if use.tool.namespace else {}
