"""What needs a human (attention items), and what the human did (decisions)."""

from __future__ import annotations

from enum import StrEnum
from typing import Literal

from pydantic import Field

from cockpit.types import Model, SessionId


class AttentionKind(StrEnum):
    """Why a human is needed, most urgent first."""

    REQUEST = "request"  # an agent stands still until it is answered
    CONFLICT = "conflict"  # a change could not be merged and the agent could not solve it
    BLOCKED = "blocked"  # landing waits for something only the person can change
    PAUSED = "paused"  # a budget is used up
    FAILED = "failed"
    INTERRUPTED = "interrupted"
    STALLED = "stalled"  # silent for longer than stall_minutes
    READY = "ready"  # clean: approve, redirect or reject
    MISTAKE = "mistake"  # made again: it may become a rule; no agent waits for it


class AttentionItem(Model):
    """One thing only a human can decide."""

    id: str
    session: SessionId
    kind: AttentionKind
    title: str = Field(description="the exact question, for the first line of a card")
    detail: str = ""
    request: str = Field(default="", description="the agent's request that is answered with it")
    mistake: str = Field(default="", description="fingerprint of the mistake that it is about")
    likeness: str = Field(default="", description="items of the same kind and likeness make one card; empty: none does")
    since: float = Field(description="epoch seconds")


class DecisionKind(StrEnum):
    """What a human did."""

    APPROVE = "approve"
    REJECT = "reject"
    REDIRECT = "redirect"
    ANSWER = "answer"
    STOP = "stop"
    RESUME = "resume"
    EXTEND = "extend"  # go on past a used-up budget
    UNDO = "undo"
    RULE = "rule"  # a rule was accepted, for all sessions
    RETIRE = "retire"  # a rule was taken out of force
    CHANGE = "change"  # a rule was put into another state
    JUDGE = "judge"  # a rule's finding is not useful
    PROSE = "prose"  # a line of a document was taken out that a rule holds
    DISMISS = "dismiss"  # a mistake is let be until it is made again


class LineComment(Model):
    """A person's remark on a line of a diff, with the code it was written about."""

    path: str
    line: int
    side: Literal["old", "new"] = "new"
    text: str
    snippet: str = Field(default="", description="the line as it was when the comment was written")


class Decision(Model):
    """A human's decision, on disk before it is acted on."""

    id: str
    kind: DecisionKind
    session: SessionId = Field(description="empty where it is about a rule or a mistake: those are of all sessions")
    by: str = Field(description="account name, or 'policy' for an unattended approval")
    at: float = Field(description="epoch seconds")
    commit: str = Field(default="", description="the change's commit when it was decided")
    text: str = Field(
        default="", description="redirect, reason, answer; of a decision on a rule its id, on a mistake its fingerprint"
    )
    comments: tuple[LineComment, ...] = ()
    undoes: str = Field(default="", description="id of the decision that an undo takes back")
