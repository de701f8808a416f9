"""The Gemini API (generateContent, streamGenerateContent): what a request says, and an answer in its words."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from agents.scripted.conversation import Conversation, Entry, tokens, user_entries
from agents.scripted.pieces import Frame, Piece, output_tokens, words
from agents.scripted.request import Answer, Offered, Request


def read(body: dict[str, Any]) -> Request:
    """Return what a request says. Raises `AttributeError`, `TypeError` or `ValueError` where it is none."""
    contents = body.get("contents", [])
    declared = [one for tool in body.get("tools") or [] for one in tool.get("functionDeclarations") or []]
    config = body.get("generationConfig") or {}
    schema = config.get("responseJsonSchema") or config.get("responseSchema")
    context = "\n".join([_text(body.get("systemInstruction") or {}), *map(_text, contents[:1])])
    return Request(_conversation(contents), tuple(Offered(one["name"]) for one in declared), context, schema)


def count(body: dict[str, Any]) -> dict[str, int]:
    """Return the answer to a request to count tokens."""
    return {"totalTokens": tokens(body)}


def _text(content: dict[str, Any]) -> str:
    return "\n".join(part.get("text", "") for part in content.get("parts", []))


def _conversation(contents: list[dict[str, Any]]) -> Conversation:
    entries: list[Entry] = []
    for content in contents:
        parts = content.get("parts", [])
        if content.get("role") == "model":
            calls = [json.dumps(part["functionCall"]) for part in parts if "functionCall" in part]
            entries.append(Entry("model", _text(content) + "".join(calls)))
        else:
            entries += _given(parts)
    return tuple(entries)


def _given(parts: list[dict[str, Any]]) -> Iterator[Entry]:
    for is_result, some in groupby(parts, lambda part: "functionResponse" in part):
        if is_result:
            yield from (Entry("result", _result(part["functionResponse"].get("response"))) for part in some)
        else:
            yield from user_entries("\n".join(part.get("text", "") for part in some))


def _result(response: Any) -> str:
    if isinstance(response, dict):
        said = response.get("output", response.get("error"))
        if isinstance(said, str):
            return said
    return json.dumps(response)


@dataclass(slots=True)
class GenerateReply:
    """A step as an answer of generateContent."""

    answer: Answer
    frame: Frame

    def body(self) -> dict[str, Any]:
        """Return the answer without streaming."""
        parts = [{"text": self.answer.reasoning, "thought": True}] if self.answer.reasoning else []
        parts += [{"text": self.answer.text}] if self.answer.text else []
        return self._chunk([*parts, *self._calls()], "STOP")

    def pieces(self) -> Iterator[Piece]:
        """Yield the chunks of a streamed answer."""
        for word in words(self.answer.reasoning):
            yield Piece(self._chunk([{"text": word, "thought": True}]), is_word=True)
        for word in words(self.answer.text):
            yield Piece(self._chunk([{"text": word}]), is_word=True)
        yield Piece(self._chunk(self._calls() or [{"text": ""}], "STOP"))

    def _calls(self) -> list[dict[str, Any]]:
        return [{"functionCall": {"name": use.tool.name, "args": use.values}} for use in self.answer.uses]

    def _chunk(self, parts: list[dict[str, Any]], finish: str = "") -> dict[str, Any]:
        spoken = output_tokens(self.answer)
        candidate: dict[str, Any] = {"index": 0, "content": {"role": "model", "parts": parts}}
        if finish:
            candidate["finishReason"] = finish
        usage = {
            "promptTokenCount": self.frame.input_tokens,
            "cachedContentTokenCount": self.frame.cached_tokens,
            "candidatesTokenCount": spoken,
            "totalTokenCount": self.frame.input_tokens + spoken,
        }
        return {"candidates": [candidate], "usageMetadata": usage, "modelVersion": self.frame.model}
