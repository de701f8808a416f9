"""The shapes that no line of a policy covers, whatever it says."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Shape(StrEnum):
    """Why something is asked every time. The value is what people read."""

    OUTSIDE = "it reaches outside the workspace"
    SECRET = "it touches credentials or settings that programs obey"
    HISTORY = "it rewrites or deletes history"
    PUBLISH = "it publishes, or acts on something shared"
    PRIVILEGE = "it asks for the rights of another user"
    DOWNLOAD = "it runs what it gets from elsewhere"
    DELETE = "it deletes whole folders"
    PERMISSION = "it changes who may use files"
    NETWORK = "it uses the network"
    CODE = "it runs code or programs that its first words do not tell"
    ENVIRONMENT = "it sets variables that change what programs do"


_FINAL = frozenset((Shape.OUTSIDE, Shape.SECRET, Shape.HISTORY, Shape.PUBLISH, Shape.PRIVILEGE, Shape.DOWNLOAD))


@dataclass(frozen=True, slots=True)
class Danger:
    """One shape, and the words that show it."""

    shape: Shape
    words: str

    @property
    def is_final(self) -> bool:
        """Whether its effect may reach beyond the workspace and cannot be taken back: not even a session allows it."""
        return self.shape in _FINAL

    def __str__(self) -> str:
        """Return a reason for people."""
        return f"{self.shape.value}: {self.words}"


def named(words: str) -> frozenset[str]:
    """Return a set of names that were written in a row."""
    return frozenset(words.split())
