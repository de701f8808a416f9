"""What the supervisor tells an agent. Every command has an id and is carried out at most once."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Literal

from pydantic import Field

from cockpit.types import Model


class _Command(Model):
    id: str = Field(description="unique in the session; a retry carries the same id")


class Send(_Command):
    """Begin a turn with this text (task prompt, findings, a person's message between turns)."""

    op: Literal["send"] = "send"
    text: str


class Steer(_Command):
    """Redirect a running turn: at the next tool boundary, or by cutting the model's stream when `now`."""

    op: Literal["steer"] = "steer"
    text: str
    now: bool = False


class Interrupt(_Command):
    """End the running turn and everything it started."""

    op: Literal["interrupt"] = "interrupt"


class AnswerDecision(StrEnum):
    """How a request was answered."""

    ONCE = "once"
    SESSION = "session"
    ALWAYS = "always"
    DENY = "deny"


class Answer(_Command):
    """Answer a request of the agent. For a question, `text` is the answer; for a denial, the reason."""

    op: Literal["answer"] = "answer"
    request: str
    decision: AnswerDecision
    text: str = ""


class Review(_Command):
    """Have the agent review the change in its workspace, with its own means, as a turn of its own."""

    op: Literal["review"] = "review"
    instructions: str = ""


class Close(_Command):
    """End the agent in good order."""

    op: Literal["close"] = "close"


AgentCommand = Annotated[Send | Steer | Interrupt | Answer | Review | Close, Field(discriminator="op")]
