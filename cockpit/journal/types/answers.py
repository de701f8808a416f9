"""Events about what agents ask for: what people allow from then on, and what is answered without them or by them."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from cockpit.approvals.types import Answerer, PolicyPlace, Section
from cockpit.journal.types.base import BaseEvent
from cockpit.sessions.types import Answer


class PolicyAdded(BaseEvent):
    """An "always" was written down as a line of the policy."""

    kind: Literal["policy_added"] = "policy_added"
    section: Section
    line: str
    where: PolicyPlace = "repository"
    by: str = ""


class SessionAllowed(BaseEvent):
    """A person allowed something for as long as this session lasts."""

    kind: Literal["session_allowed"] = "session_allowed"
    key: str = Field(description="what exactly, in the words that requests are compared by")
    title: str = ""
    by: str = ""


class RequestAutoAnswered(BaseEvent):
    """A request was answered without a human."""

    kind: Literal["request_auto_answered"] = "request_auto_answered"
    request: str
    title: str = Field(description="what was asked, whole")
    decision: Literal["once", "deny"]
    by: Answerer
    section: Section | None = Field(default=None, description="of the line that decided; none where no line did")
    line: str = ""
    reason: str = Field(default="", description="why, for people; the agent hears the reason of a denial")


class QuestionAnswered(BaseEvent):
    """A human answered what an agent asked through the cockpit's own tools."""

    kind: Literal["question_answered"] = "question_answered"
    answer: Answer
    is_taken: bool = Field(default=True, description="a tool call got it; else it is kept for the next one that asks")


AnswerEvent = PolicyAdded | SessionAllowed | RequestAutoAnswered | QuestionAnswered
