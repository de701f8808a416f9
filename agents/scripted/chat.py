"""The Chat Completions API: what a request says, and an answer in its words."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from agents.scripted.conversation import Conversation, Entry, flat, user_entries
from agents.scripted.pieces import Frame, Piece, new_id, output_tokens, slices, words
from agents.scripted.request import Answer, Offered, Request


def read(body: dict[str, Any]) -> Request:
    """Return what a request says. Raises `AttributeError`, `TypeError` or `ValueError` where it is none."""
    messages = body.get("messages", [])
    context = "\n".join(flat(one.get("content")) for one in messages if one.get("role") in ("system", "developer"))
    functions = [tool.get("function", {}) for tool in body.get("tools") or []]
    offered = tuple(Offered(function["name"]) for function in functions if "name" in function)
    wanted = (body.get("response_format") or {}).get("json_schema") or {}
    return Request(_conversation(messages), offered, context, wanted.get("schema"))


def _conversation(messages: list[dict[str, Any]]) -> Conversation:
    entries: list[Entry] = []
    for message in messages:
        text = flat(message.get("content"))
        match message.get("role"):
            case "user":
                entries += user_entries(text)
            case "assistant":
                calls = json.dumps(message["tool_calls"]) if message.get("tool_calls") else ""
                entries.append(Entry("model", text + calls))
            case "tool":
                entries.append(Entry("result", text))
    return tuple(entries)


@dataclass(slots=True)
class ChatReply:
    """A step as a Chat Completions answer."""

    answer: Answer
    frame: Frame
    wants_usage: bool
    _id: str = field(default_factory=lambda: new_id("chatcmpl"))
    _created: int = field(default_factory=lambda: int(time.time()))

    @property
    def _finish(self) -> str:
        return "tool_calls" if self.answer.uses else "stop"

    def _usage(self) -> dict[str, Any]:
        spoken = output_tokens(self.answer)
        return {
            "prompt_tokens": self.frame.input_tokens,
            "completion_tokens": spoken,
            "total_tokens": self.frame.input_tokens + spoken,
            "prompt_tokens_details": {"cached_tokens": self.frame.cached_tokens},
        }

    def _head(self, kind: str) -> dict[str, Any]:
        return {"id": self._id, "object": kind, "created": self._created, "model": self.frame.model}

    def body(self) -> dict[str, Any]:
        """Return the answer without streaming."""
        message: dict[str, Any] = {"role": "assistant", "content": self.answer.text or None}
        if self.answer.uses:
            message["tool_calls"] = [
                {
                    "id": new_id("call"),
                    "type": "function",
                    "function": {"name": use.tool.name, "arguments": use.arguments},
                }
                for use in self.answer.uses
            ]
        choice = {"index": 0, "message": message, "finish_reason": self._finish}
        return {**self._head("chat.completion"), "choices": [choice], "usage": self._usage()}

    def _chunk(self, delta: dict[str, Any], finish: str | None = None, *, is_word: bool = False) -> Piece:
        choice = {"index": 0, "delta": delta, "finish_reason": finish}
        return Piece({**self._head("chat.completion.chunk"), "choices": [choice]}, "", is_word)

    def pieces(self) -> Iterator[Piece]:
        """Yield the chunks of a streamed answer."""
        yield self._chunk({"role": "assistant", "content": ""})
        for word in words(self.answer.reasoning):
            yield self._chunk({"reasoning_content": word}, is_word=True)
        for word in words(self.answer.text):
            yield self._chunk({"content": word}, is_word=True)
        for index, use in enumerate(self.answer.uses):
            head = {"name": use.tool.name, "arguments": ""}
            yield self._chunk(
                {"tool_calls": [{"index": index, "id": new_id("call"), "type": "function", "function": head}]}
            )
            for part in slices(use.arguments):
                yield self._chunk({"tool_calls": [{"index": index, "function": {"arguments": part}}]})
        yield self._chunk({}, self._finish)
        if self.wants_usage:
            yield Piece({**self._head("chat.completion.chunk"), "choices": [], "usage": self._usage()})
        yield Piece("[DONE]")
