"""The conversation with the model: neutral items, on disk after each step, never torn.

Kept on our side and not at the endpoint, so that it survives the endpoint, moves between the two protocols and resumes.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field, TypeAdapter

from agents.appending import append
from cockpit.types import Model

CHARS_PER_TOKEN = 4
_PICTURE_TOKENS = 1_500
"""About what models count for a picture of a screen."""


class Human(Model):
    """What a human, or the cockpit for one, said."""

    kind: Literal["human"] = "human"
    text: str
    command: str = Field(default="", description="id of the command that brought it")


class Summary(Model):
    """Stands for older steps that were left out."""

    kind: Literal["summary"] = "summary"
    text: str


class Said(Model):
    """What the model said."""

    kind: Literal["said"] = "said"
    text: str


class Thought(Model):
    """The model's reasoning in its endpoint's own words, sealed; goes back to the same protocol only."""

    kind: Literal["thought"] = "thought"
    item: dict[str, Any]


class Called(Model):
    """The model called a tool."""

    kind: Literal["called"] = "called"
    call: str
    tool: str
    arguments: str = Field(description="as the model wrote them, which need not be JSON")


class Picture(Model):
    """A picture that a tool returned."""

    media_type: str
    data: str = Field(description="base64")

    def as_url(self) -> str:
        """Return it as the URL in which both protocols take it."""
        return f"data:{self.media_type};base64,{self.data}"


class Returned(Model):
    """What a tool returned."""

    kind: Literal["returned"] = "returned"
    call: str
    output: str
    pictures: tuple[Picture, ...] = ()


Item = Annotated[Human | Summary | Said | Thought | Called | Returned, Field(discriminator="kind")]
_ITEM: TypeAdapter[Item] = TypeAdapter(Item)

CUT_SHORT = "interrupted: this tool call was cut short; whether it had an effect is not known"


def estimate_tokens(items: Iterable[Item]) -> int:
    """Estimate the size of items in tokens."""
    return sum(_tokens(item) for item in items)


def _tokens(item: Item) -> int:
    pictures = item.pictures if isinstance(item, Returned) else ()
    words = item.model_dump_json(exclude={"pictures"}) if pictures else item.model_dump_json()
    return len(words) // CHARS_PER_TOKEN + len(pictures) * _PICTURE_TOKENS


class Conversation:
    """The items so far, mirrored in a file."""

    def __init__(self, path: Path) -> None:
        """Read what is there, without a last line that a crash tore."""
        self._path = path
        data = path.read_bytes() if path.exists() else b""
        whole = data[: data.rfind(b"\n") + 1]
        self.items: list[Item] = [_ITEM.validate_json(line) for line in whole.splitlines()]
        self._fd = self._open()
        os.ftruncate(self._fd, len(whole))

    def _open(self) -> int:
        return os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)

    def add(self, *items: Item) -> None:
        """Append items; they are on disk when this returns. Raises `OSError` when the disk takes no more."""
        append(self._fd, b"".join(item.model_dump_json().encode() + b"\n" for item in items))
        self.items.extend(items)

    def replace(self, items: list[Item]) -> None:
        """Put other items in the place of all: the file is the old or the new one, never a mixture."""
        draft = self._path.with_suffix(".new")
        with draft.open("wb") as file:
            file.writelines(item.model_dump_json().encode() + b"\n" for item in items)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(self._path)
        os.close(self._fd)
        self._fd = self._open()
        self.items = items

    def has_command(self, command: str) -> bool:
        """Return whether what a command brought is in the conversation."""
        return any(isinstance(item, Human) and item.command == command for item in self.items)

    def mend(self) -> None:
        """Give every tool call without a result one that says it was interrupted; endpoints refuse dangling calls."""
        answered = {item.call for item in self.items if isinstance(item, Returned)}
        dangling = [item for item in self.items if isinstance(item, Called) and item.call not in answered]
        if dangling:
            self.add(*(Returned(call=item.call, output=CUT_SHORT) for item in dangling))

    def close(self) -> None:
        """Close the file."""
        os.close(self._fd)
