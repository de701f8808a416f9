"""What a transcript is made of."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from cockpit.approvals.types import Answerer
from cockpit.checks.types import CheckResult, Finding, Receipt
from cockpit.journal.types import RequestAutoAnswered
from cockpit.sessions.types import Decision, DecisionKind, PlanStep, Steered, StepStatus


class EntryKind(StrEnum):
    """What an entry tells."""

    HUMAN = "human"
    """A person's words to the agent."""
    SENT = "sent"
    """What the cockpit told the agent of its own accord."""
    AGENT = "agent"
    REASONING = "reasoning"
    TOOL = "tool"
    PLAN = "plan"
    CHECKS = "checks"
    FINDINGS = "findings"
    DECISION = "decision"
    REQUEST = "request"
    NOTICE = "notice"
    STATUS = "status"


class Progress(StrEnum):
    """How far an entry is."""

    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    CUT = "cut"
    """Its turn ended before it did."""


@dataclass(slots=True, eq=False)
class Entry:
    """One thing that was said or done."""

    key: int
    """Stands for the entry as long as the transcript lives."""
    kind: EntryKind
    at: float
    """Epoch seconds; 0 while only deltas are known."""
    text: str = ""
    title: str = ""
    """Who spoke, which tool, which state: by kind."""
    progress: Progress = Progress.DONE
    duration_s: float | None = None
    level: str = "info"
    """How it is meant: info, good, warning or error."""
    note: str = ""
    """What became of it, in a word: an exit code, `injected`, `once`."""
    item: str = ""
    """The agent's own id of it; empty: none."""
    is_scripted: bool = False
    steps: tuple[PlanStep, ...] = ()
    is_update: bool = False
    """The same plan as before, further on."""
    round: int = 0
    running: tuple[str, ...] = ()
    """Checks of the round that have no result yet."""
    results: tuple[CheckResult, ...] = ()
    receipt: Receipt | None = None
    new: tuple[Finding, ...] = ()
    still_open: tuple[Finding, ...] = ()
    fixed: tuple[Finding, ...] = ()
    decision: Decision | None = None
    is_automatic: bool = False
    """A request that was answered without a human."""
    version: int = 0


@dataclass(frozen=True, slots=True)
class Answered:
    """What became of a request."""

    words: str
    is_automatic: bool = False

    def put_on(self, entry: Entry) -> None:
        """Let the request's entry tell it."""
        entry.progress, entry.note, entry.is_automatic = Progress.DONE, self.words, self.is_automatic


_PAST = {
    DecisionKind.APPROVE: "approved",
    DecisionKind.REJECT: "rejected",
    DecisionKind.REDIRECT: "redirected",
    DecisionKind.ANSWER: "answered",
    DecisionKind.STOP: "stopped it",
    DecisionKind.RESUME: "resumed it",
    DecisionKind.EXTEND: "let it go on",
    DecisionKind.UNDO: "took back a decision",
    DecisionKind.RULE: "accepted a rule",
    DecisionKind.RETIRE: "retired a rule",
    DecisionKind.CHANGE: "changed a rule's state",
    DecisionKind.JUDGE: "judged a finding not useful",
    DecisionKind.PROSE: "took out prose that a rule holds",
    DecisionKind.DISMISS: "dismissed a mistake",
}


def decision_words(decision: Decision) -> str:
    """Return a decision for people: `ana approved on 3f2a9c1`. The name is text from outside."""
    commit = f" on {decision.commit[:10]}" if decision.commit else ""
    return f"{decision.by or 'somebody'} {_PAST[decision.kind]}{commit}"


_IN_THE_NAME_OF = {
    Answerer.REPOSITORY: "by cockpit.toml",
    Answerer.USER: "by the person's config.toml",
    Answerer.SESSION: "for this session",
    Answerer.APPROVER: "by the approver",
}


def answer_words(event: RequestAutoAnswered) -> str:
    """Return an automatic answer for people, with the line that gave it. The line is text from outside."""
    verdict = "denied" if event.decision == "deny" else "allowed"
    line = f", {event.section.value}: {event.line}" if event.line and event.section is not None else ""
    reason = f" ({event.reason})" if event.reason else ""
    return f"{verdict} {_IN_THE_NAME_OF[event.by]}{line}{reason}"


def steered_words(said: Steered) -> str:
    """Return what became of a redirect, and by which means: `injected (the protocol's own steering)`."""
    return f"{said.outcome.value} ({said.how})" if said.how else said.outcome.value


def plan_progress(steps: tuple[PlanStep, ...]) -> tuple[int, str]:
    """Return how many steps are done, and the text of the one under way (or the next)."""
    done = sum(step.status is StepStatus.DONE for step in steps)
    ahead = [s.text for s in steps if s.status is StepStatus.RUNNING]
    ahead += [s.text for s in steps if s.status is StepStatus.PENDING]
    return done, ahead[0] if ahead else ""
