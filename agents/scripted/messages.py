"""The Anthropic Messages API: what a request says, and an answer in its words."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import groupby
from typing import Any

from agents.scripted.conversation import Conversation, Entry, flat, tokens, user_entries
from agents.scripted.pieces import Frame, Piece, new_id, output_tokens, slices, words
from agents.scripted.request import Answer, Offered, Request


def read(body: dict[str, Any]) -> Request:
    """Return what a request says. Raises `AttributeError`, `TypeError` or `ValueError` where it is none."""
    offered = tuple(Offered(tool["name"]) for tool in body.get("tools") or [])
    messages = body.get("messages", [])
    own = [flat(one.get("content")) for one in messages if one.get("role") != "assistant"]
    wanted = (body.get("output_config") or {}).get("format") or body.get("output_format") or {}
    context = "\n".join([_system(body.get("system")), *own])
    return Request(_conversation(messages), offered, context, wanted.get("schema"))


def count(body: dict[str, Any]) -> dict[str, int]:
    """Return the answer to a request to count tokens."""
    return {"input_tokens": tokens(body)}


def _system(given: Any) -> str:
    return given if isinstance(given, str) else "\n".join(block.get("text", "") for block in given or [])


def _conversation(messages: list[dict[str, Any]]) -> Conversation:
    entries: list[Entry] = []
    for message in messages:
        content = message.get("content", "")
        blocks = [{"type": "text", "text": content}] if isinstance(content, str) else content
        if message.get("role") == "assistant":
            calls = [json.dumps(block["input"]) for block in blocks if block.get("type") == "tool_use"]
            entries.append(Entry("model", flat(blocks) + "".join(calls)))
        elif message.get("role") == "user":
            entries += _given(blocks)
    return tuple(entries)


def _given(blocks: list[dict[str, Any]]) -> Iterator[Entry]:
    """Yield what a user message brings: results of tools, and words between or after them."""
    for kind, some in groupby(blocks, lambda block: block.get("type")):
        if kind == "tool_result":
            yield from (Entry("result", flat(block.get("content"))) for block in some)
        elif kind == "text":
            yield from user_entries("\n".join(block.get("text", "") for block in some))


@dataclass(slots=True)
class MessagesReply:
    """A step as a Messages API answer."""

    answer: Answer
    frame: Frame
    _id: str = field(default_factory=lambda: new_id("msg"))

    def body(self) -> dict[str, Any]:
        """Return the answer without streaming."""
        return {**self._head(), "content": self._blocks(), "stop_reason": self._stop, "usage": self._usage()}

    @property
    def _stop(self) -> str:
        return "tool_use" if self.answer.uses else "end_turn"

    def _head(self) -> dict[str, Any]:
        head = {"id": self._id, "type": "message", "role": "assistant", "model": self.frame.model}
        return {**head, "content": [], "stop_reason": None, "stop_sequence": None}

    def _usage(self) -> dict[str, int]:
        return {
            "input_tokens": self.frame.input_tokens - self.frame.cached_tokens,
            "cache_read_input_tokens": self.frame.cached_tokens,
            "cache_creation_input_tokens": 0,
            "output_tokens": output_tokens(self.answer),
        }

    def _blocks(self) -> list[dict[str, Any]]:
        blocks: list[dict[str, Any]] = []
        if self.answer.reasoning:
            blocks.append({"type": "thinking", "thinking": self.answer.reasoning, "signature": "scripted"})
        if self.answer.text:
            blocks.append({"type": "text", "text": self.answer.text})
        blocks += [
            {"type": "tool_use", "id": new_id("toolu"), "name": use.tool.name, "input": use.values}
            for use in self.answer.uses
        ]
        return blocks

    def pieces(self) -> Iterator[Piece]:
        """Yield the events of a streamed answer."""
        yield self._piece("message_start", message={**self._head(), "usage": {**self._usage(), "output_tokens": 1}})
        for index, block in enumerate(self._blocks()):
            yield from self._block(index, block)
        yield self._piece(
            "message_delta", delta={"stop_reason": self._stop, "stop_sequence": None}, usage=self._usage()
        )
        yield self._piece("message_stop")

    def _block(self, index: int, block: dict[str, Any]) -> Iterator[Piece]:
        kind = block["type"]
        empty: dict[str, Any] = {"thinking": {"thinking": "", "signature": ""}, "text": {"text": ""}}
        yield self._piece("content_block_start", index=index, content_block={**block, **empty.get(kind, {"input": {}})})
        if kind == "tool_use":
            for part in slices(json.dumps(block["input"])):
                yield self._delta(index, {"type": "input_json_delta", "partial_json": part})
        else:
            for word in words(block[kind]):
                yield self._delta(index, {"type": f"{kind}_delta", kind: word}, is_word=True)
        if kind == "thinking":
            yield self._delta(index, {"type": "signature_delta", "signature": block["signature"]})
        yield self._piece("content_block_stop", index=index)

    def _delta(self, index: int, delta: dict[str, Any], *, is_word: bool = False) -> Piece:
        return self._piece("content_block_delta", is_word=is_word, index=index, delta=delta)

    def _piece(self, kind: str, *, is_word: bool = False, **fields: Any) -> Piece:
        return Piece({"type": kind, **fields}, kind, is_word)
