"""What comes back from a model call, whichever protocol carried it, and what can go wrong with one."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal

from agents.native.conversation import Called, Item


@dataclass(frozen=True, slots=True)
class Piece:
    """A piece of a reply while it streams."""

    kind: Literal["message", "reasoning", "call"]
    item: str
    text: str = ""


@dataclass(slots=True)
class Tokens:
    """Tokens of one model call."""

    given: int = 0
    cached: int = 0
    spoken: int = 0


@dataclass(slots=True)
class Reply:
    """A whole reply."""

    items: list[Item] = field(default_factory=list)
    """What enters the conversation, in the model's order."""
    message: str = ""
    message_item: str = ""
    reasoning: str = ""
    reasoning_item: str = ""
    tokens: Tokens | None = None
    is_cut_off: bool = False
    """The model reached its limit of output."""

    @property
    def calls(self) -> list[Called]:
        """The tool calls of the reply."""
        return [item for item in self.items if isinstance(item, Called)]


@dataclass(frozen=True, slots=True)
class Request:
    """What a model is asked."""

    instructions: str
    items: list[Item]
    tools: list[dict[str, Any]]
    """Function tools: name, description, parameters (JSON schema)."""


class ModelError(Exception):
    """A model call failed for good; the message says what to do."""


class Unavailable(ModelError):
    """A model call failed and may work later."""

    def __init__(self, message: str, retry_after_s: float | None = None) -> None:
        """Keep what the endpoint said about when to come back."""
        super().__init__(message)
        self.retry_after_s = retry_after_s


class TooLong(ModelError):
    """The conversation does not fit into the model's window."""


class NoSuchApi(ModelError):
    """The endpoint does not have this API."""


def whole(text: str) -> str:
    """Return the text without lone surrogates, which no file or terminal can take."""
    return text.encode("utf-8", "replace").decode()
