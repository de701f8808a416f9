"""What the answers of all protocols are made of: server-sent events, ids, and text in portions."""

from __future__ import annotations

import json
import re
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Protocol

from agents.scripted.conversation import tokens
from agents.scripted.request import Answer

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


class Reply(Protocol):
    """An answer in the words of one protocol."""

    def body(self) -> dict[str, Any]:
        """Return the answer without streaming."""

    def pieces(self) -> Iterator[Piece]:
        """Yield the events of a streamed answer."""


@dataclass(frozen=True, slots=True)
class Frame:
    """What an answer needs to know of the request."""

    model: str
    input_tokens: int
    cached_tokens: int


def new_id(prefix: str) -> str:
    """Return an id that nothing else has."""
    return f"{prefix}_{uuid.uuid4().hex[:12]}"


def words(text: str) -> list[str]:
    """Return a text word by word, with the space after each."""
    return _WORD.findall(text)


def slices(text: str) -> Iterator[str]:
    """Yield the arguments of a call in portions."""
    for start in range(0, len(text), _ARGUMENT_CHARS):
        yield text[start : start + _ARGUMENT_CHARS]


def output_tokens(answer: Answer) -> int:
    """Estimate the tokens of an answer."""
    spoken = sum(tokens(use.tool.name + use.arguments) for use in answer.uses)
    return tokens(answer.text) + tokens(answer.reasoning) + spoken
