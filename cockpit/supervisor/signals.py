"""What reaches a session's loop."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from cockpit.checks.types import Finding
from cockpit.journal.types.rules import RuleHit
from cockpit.protocol.types import AnswerRequest, Approve, Redirect, Reject, Resume, ReviewChange, Stop
from cockpit.sessions.types import AgentEvent, Decision, TurnEnded
from cockpit.supervisor.rounds import Round

Human = Approve | Reject | Redirect | AnswerRequest | Stop | Resume | ReviewChange
"""The commands that a session itself carries out."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A person wants something; `answer` is given when it is on disk and begun."""

    command: Human
    person: str
    answer: asyncio.Future[dict[str, Any]]


@dataclass(frozen=True, slots=True)
class Undone:
    """A person takes a decision back."""

    decision: Decision
    person: str
    answer: asyncio.Future[dict[str, Any]]


@dataclass(frozen=True, slots=True)
class PolicyChanged:
    """What waits for a human may have an answer now."""


@dataclass(frozen=True, slots=True)
class Reviewed:
    """The approver has judged a request: it allows it, or leaves it to a human."""

    request: str
    run: int
    is_allowed: bool
    reason: str


@dataclass(frozen=True, slots=True)
class Heard:
    """The agent said something; it is journaled already."""

    said: Sequence[AgentEvent]
    run: int
    """Which run of the agent said it."""


@dataclass(frozen=True, slots=True)
class Lost:
    """The agent cannot be heard any more and was ended; `reason` is for people."""

    run: int
    reason: str


@dataclass(frozen=True, slots=True)
class Overdue:
    """The turn that the agent owed for a message has not begun after the turn that ended with `said`."""

    said: TurnEnded


@dataclass(frozen=True, slots=True)
class TakenDown:
    """The supervisor ends and takes its agents along; `done` is set when this session's has ended."""

    done: asyncio.Event


@dataclass(frozen=True, slots=True)
class Start:
    """A place is free for this queued session."""


@dataclass(frozen=True, slots=True)
class MayGoOn:
    """The fleet's budget has room again for those that were paused by it."""


@dataclass(frozen=True, slots=True)
class Prepared:
    """The workspace is ready."""


@dataclass(frozen=True, slots=True)
class Checked:
    """A round of checks is over."""

    round: Round


@dataclass(frozen=True, slots=True)
class StepFailed:
    """Preparing or checking could not be done, with the reason for people."""

    reason: str


@dataclass(frozen=True, slots=True)
class LeftQueue:
    """The merge queue gave the change back."""

    reason: str
    findings: tuple[Finding, ...]


@dataclass(frozen=True, slots=True)
class RuleInForce:
    """A rule was accepted; `findings` and `hits` are what it finds in the session's change as it is."""

    rule: str
    findings: tuple[Finding, ...]
    hits: tuple[RuleHit, ...]


@dataclass(frozen=True, slots=True)
class HasLanded:
    """The change is on the target branch."""


@dataclass(frozen=True, slots=True)
class Tick:
    """Time has passed: budgets and silence are looked at."""


Signal = (
    Asked
    | Undone
    | PolicyChanged
    | Reviewed
    | Heard
    | Lost
    | Overdue
    | TakenDown
    | Start
    | MayGoOn
    | Prepared
    | Checked
    | StepFailed
    | LeftQueue
    | HasLanded
    | RuleInForce
    | Tick
)
