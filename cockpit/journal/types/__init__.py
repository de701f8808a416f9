"""The events: facts, appended once. Everything that is shown is a fold of them.

Every event has a `kind` (the discriminator) and a `v` (its version). A reader ignores fields that it does not know;
a change that older readers would misread gets a new version.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, TypeAdapter

from cockpit.changes.types import ChangeStat
from cockpit.checks.types import CheckResult, Finding, Receipt, When
from cockpit.costs.types import FleetBudget
from cockpit.journal.types.answers import AnswerEvent
from cockpit.journal.types.answers import PolicyAdded as PolicyAdded
from cockpit.journal.types.answers import QuestionAnswered as QuestionAnswered
from cockpit.journal.types.answers import RequestAutoAnswered as RequestAutoAnswered
from cockpit.journal.types.answers import SessionAllowed as SessionAllowed
from cockpit.journal.types.base import BaseEvent
from cockpit.journal.types.mistakes import FindingsSeen as FindingsSeen
from cockpit.journal.types.mistakes import MistakeDismissed as MistakeDismissed
from cockpit.journal.types.mistakes import MistakeEvent
from cockpit.journal.types.mistakes import MistakeRecalled as MistakeRecalled
from cockpit.journal.types.mistakes import RemarkKept as RemarkKept
from cockpit.journal.types.mistakes import SameConfirmed as SameConfirmed
from cockpit.journal.types.mistakes import SimilarFound as SimilarFound
from cockpit.journal.types.mistakes import SimilarPassed as SimilarPassed
from cockpit.journal.types.rules import RuleEvent
from cockpit.senses.types import DoneReport
from cockpit.sessions.types import (
    AgentCommand,
    AgentEvent,
    AttentionItem,
    Budget,
    Decision,
    SessionStatus,
    Task,
    WorkspaceInfo,
)
from cockpit.types import BUILT_WHEN_USED, CommitId, Model, SessionId, TreeId


class SupervisorStarted(BaseEvent):
    """A supervisor took over the journal."""

    kind: Literal["supervisor_started"] = "supervisor_started"
    pid: int
    version: str
    repository: str
    sandbox: str = Field(default="", description="how commands are confined; empty: they are not")


class SupervisorStopped(BaseEvent):
    """The supervisor ended in good order."""

    kind: Literal["supervisor_stopped"] = "supervisor_stopped"


class ConfigLoaded(BaseEvent):
    """cockpit.toml was read (also after a change)."""

    kind: Literal["config_loaded"] = "config_loaded"
    target: str = Field(description="branch that changes land on")
    agents: tuple[str, ...] = ()
    default_agent: str = ""
    checks: tuple[str, ...] = ()
    max_parallel: int = 1
    missing_agents: tuple[str, ...] = Field(default=(), description="agents whose program is not on this machine")
    fleet_budget: FleetBudget = FleetBudget()
    budgets: dict[str, Budget] = Field(default_factory=dict, description="by agent: limits of its sessions")


class ConfigBroken(BaseEvent):
    """cockpit.toml could not be used; the last good one stays in force."""

    kind: Literal["config_broken"] = "config_broken"
    error: str


class DayBegan(BaseEvent):
    """Another day began on the supervisor's clock: what is used from here on is counted for it."""

    kind: Literal["day_began"] = "day_began"
    day: str = Field(description="ISO date, in the time zone of the machine")


class FleetExtended(BaseEvent):
    """A human let all sessions go on past limits of the fleet, each by one more budget's worth."""

    kind: Literal["fleet_extended"] = "fleet_extended"
    spent: dict[str, float] = Field(description="by limit: what was spent by then, from where it counts anew")
    by: str = ""


class SessionCreated(BaseEvent):
    """A task became a session."""

    kind: Literal["session_created"] = "session_created"
    task: Task
    by: str = ""


class StatusChanged(BaseEvent):
    """A session moved to another state."""

    kind: Literal["status_changed"] = "status_changed"
    status: SessionStatus
    reason: str = ""


class WorkspaceReady(BaseEvent):
    """A session has its worktree, branch and ports."""

    kind: Literal["workspace_ready"] = "workspace_ready"
    workspace: WorkspaceInfo


class WorkspaceRemoved(BaseEvent):
    """A session's worktree was reclaimed; its branch stays."""

    kind: Literal["workspace_removed"] = "workspace_removed"
    freed_bytes: int = 0


class AppChanged(BaseEvent):
    """The session's running app copy came up, went down or failed to."""

    kind: Literal["app_changed"] = "app_changed"
    status: Literal["starting", "ready", "failed", "stopped"]
    detail: str = ""


class AgentLaunched(BaseEvent):
    """The session's agent was started under the runner, as its `run`-th process."""

    kind: Literal["agent_launched"] = "agent_launched"
    run: int
    driver: str
    agent: str = Field(description="name in cockpit.toml")
    is_resume: bool = False
    abilities: tuple[str, ...] = Field(default=(), description="what its driver can do: steers, resumes, forks, ...")


class AgentSaid(BaseEvent):
    """One event of the agent's stream."""

    kind: Literal["agent"] = "agent"
    said: AgentEvent


class CommandSent(BaseEvent):
    """A command is about to be written to the agent; its id is carried out at most once."""

    kind: Literal["command_sent"] = "command_sent"
    command: AgentCommand
    author: str = Field(default="cockpit", description="who is behind it: a person's name, or cockpit")


class ChecksStarted(BaseEvent):
    """Checks begin on a tree."""

    kind: Literal["checks_started"] = "checks_started"
    tree: TreeId
    when: When
    round: int
    checks: tuple[str, ...]


class CheckFinished(BaseEvent):
    """One check has its result."""

    kind: Literal["check_finished"] = "check_finished"
    when: When
    round: int
    result: CheckResult


class FindingsSent(BaseEvent):
    """Findings went back to the agent."""

    kind: Literal["findings_sent"] = "findings_sent"
    round: int
    new: tuple[Finding, ...] = ()
    still_open: tuple[Finding, ...] = ()
    fixed: tuple[Finding, ...] = ()
    is_steered: bool = Field(
        default=False, description="in the middle of a turn, which the agent may end before it has heard them"
    )


class ChangeMeasured(BaseEvent):
    """The diff of a workspace against its base changed."""

    kind: Literal["change_measured"] = "change_measured"
    stat: ChangeStat


class ChangeCommitted(BaseEvent):
    """The workspace's content was committed on its branch."""

    kind: Literal["change_committed"] = "change_committed"
    commit: CommitId
    tree: TreeId


class ReceiptIssued(BaseEvent):
    """Every check passed on this very tree."""

    kind: Literal["receipt_issued"] = "receipt_issued"
    receipt: Receipt


class DecisionMade(BaseEvent):
    """A human (or a policy) decided."""

    kind: Literal["decision_made"] = "decision_made"
    decision: Decision


class QueueEntered(BaseEvent):
    """An approved change joined the merge queue."""

    kind: Literal["queue_entered"] = "queue_entered"
    commit: CommitId
    target: str


class QueueTested(BaseEvent):
    """A change is being tested on the tree that would land; `batch` is tested together, in this order."""

    kind: Literal["queue_tested"] = "queue_tested"
    batch: tuple[SessionId, ...]
    tree: TreeId


class QueueBlocked(BaseEvent):
    """A clean change cannot land yet."""

    kind: Literal["queue_blocked"] = "queue_blocked"
    reason: str


class QueueLeft(BaseEvent):
    """A change left the queue without landing."""

    kind: Literal["queue_left"] = "queue_left"
    reason: str
    findings: tuple[Finding, ...] = ()


class Landed(BaseEvent):
    """The target branch was moved to exactly the tree that was tested."""

    kind: Literal["landed"] = "landed"
    target: str
    commit: CommitId
    tree: TreeId
    receipt: Receipt


class AttentionRaised(BaseEvent):
    """Something needs a human."""

    kind: Literal["attention_raised"] = "attention_raised"
    item: AttentionItem


class AttentionResolved(BaseEvent):
    """It no longer does. The three figures are what attention is measured by."""

    kind: Literal["attention_resolved"] = "attention_resolved"
    item: str
    how: str = ""
    waited_s: float = 0.0
    looked_s: float = 0.0
    keys: int = 0
    by: str = ""


class FileReviewed(BaseEvent):
    """A person marked a file as reviewed, or took the mark back. It holds for this content only."""

    kind: Literal["file_reviewed"] = "file_reviewed"
    path: str
    blob: str
    is_reviewed: bool
    by: str = ""


class DoneReported(BaseEvent):
    """The agent said, through the cockpit's own tools, that the task is complete."""

    kind: Literal["done_reported"] = "done_reported"
    report: DoneReport


class HeadlineNoted(BaseEvent):
    """The agent said in one line what it is at."""

    kind: Literal["headline_noted"] = "headline_noted"
    text: str


class Noted(BaseEvent):
    """Something a person may want to know about a session or, without one, about the supervisor."""

    kind: Literal["noted"] = "noted"
    text: str
    level: Literal["info", "warning", "error"] = "info"


Event = Annotated[
    SupervisorStarted
    | SupervisorStopped
    | ConfigLoaded
    | ConfigBroken
    | DayBegan
    | FleetExtended
    | SessionCreated
    | StatusChanged
    | WorkspaceReady
    | WorkspaceRemoved
    | AppChanged
    | AgentLaunched
    | AgentSaid
    | CommandSent
    | ChecksStarted
    | CheckFinished
    | FindingsSent
    | ChangeMeasured
    | ChangeCommitted
    | ReceiptIssued
    | DecisionMade
    | QueueEntered
    | QueueTested
    | QueueBlocked
    | QueueLeft
    | Landed
    | AttentionRaised
    | AttentionResolved
    | FileReviewed
    | AnswerEvent
    | DoneReported
    | HeadlineNoted
    | MistakeEvent
    | Noted
    | RuleEvent,
    Field(discriminator="kind"),
]

EVENT: TypeAdapter[Event] = TypeAdapter(Event, config=BUILT_WHEN_USED)


class Envelope(Model):
    """An event with its place in the journal."""

    seq: int = Field(ge=1, description="place in the journal: 1, 2, 3, ... without a gap")
    at: float = Field(description="epoch seconds")
    session: SessionId | None = None
    event: Event
