"""What an agent says: one stream of typed events, the same for every driver.

Progress events (deltas) may be superseded or dropped and are not journaled; all others are facts.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Literal

from pydantic import Field

from cockpit.types import Model


class AgentReady(Model):
    """The agent answered for the first time and takes commands."""

    type: Literal["ready"] = "ready"
    agent: str = Field(description="driver and version, for people")
    model: str = ""
    scripted: bool = Field(default=False, description="a scripted model stands in; the screen must say so")
    sandbox: str = Field(default="", description="how commands are confined, for people; empty: not confined")
    thread: str = Field(default="", description="the agent's own id of the conversation, to resume it by")


class TurnStarted(Model):
    """A turn began."""

    type: Literal["turn_started"] = "turn_started"
    turn: int


class MessageDelta(Model):
    """A piece of a message that is being written. Progress."""

    type: Literal["message_delta"] = "message_delta"
    item: str
    text: str


class ReasoningDelta(Model):
    """A piece of the model's reasoning summary. Progress."""

    type: Literal["reasoning_delta"] = "reasoning_delta"
    item: str
    text: str


class AgentMessage(Model):
    """A whole message. Supersedes the deltas of the same item."""

    type: Literal["message"] = "message"
    item: str
    text: str
    author: Literal["agent", "human", "cockpit"] = "agent"
    is_reasoning: bool = False


class ToolStarted(Model):
    """The agent began to use a tool."""

    type: Literal["tool_started"] = "tool_started"
    item: str
    tool: str = Field(description="run, read, search, edit, plan, ask, done, or a foreign tool's name")
    title: str = Field(description="one line for people: the command, the file")


class ToolOutput(Model):
    """A piece of a tool's output. Progress; the end carries the (bounded) whole."""

    type: Literal["tool_output"] = "tool_output"
    item: str
    text: str


class ToolEnded(Model):
    """A tool finished."""

    type: Literal["tool_ended"] = "tool_ended"
    item: str
    ok: bool
    output: str = Field(default="", description="bounded: head and tail of long output")
    exit_code: int | None = None
    duration_s: float = 0.0


class FileChanged(Model):
    """The agent says it changed a file (evidence still comes from git)."""

    type: Literal["file_changed"] = "file_changed"
    path: str
    change: Literal["added", "modified", "deleted"] = "modified"


class StepStatus(StrEnum):
    """State of one step of a plan."""

    PENDING = "pending"
    RUNNING = "running"
    DONE = "done"


class PlanStep(Model):
    """One step of the agent's plan."""

    text: str
    status: StepStatus = StepStatus.PENDING


class PlanChanged(Model):
    """The agent's plan, whole."""

    type: Literal["plan"] = "plan"
    steps: tuple[PlanStep, ...]


class UsageReported(Model):
    """Tokens of one model call (not sums), and the size of the context."""

    type: Literal["usage"] = "usage"
    input_tokens: int = 0
    cached_tokens: int = 0
    output_tokens: int = 0
    context_used: int | None = None
    context_window: int | None = None
    cost_usd: float | None = Field(default=None, description="what the agent says it cost; None: unknown, never zero")


class RateLimit(Model):
    """How much of an allowance of the agent's account is used up."""

    name: str = Field(description="which allowance, for people: 5 hours, weekly")
    used_percent: float = Field(ge=0)
    resets_at: float | None = Field(default=None, description="epoch seconds")


class RateLimitsReported(Model):
    """The allowances of the agent's account, all of them."""

    type: Literal["rate_limits"] = "rate_limits"
    limits: tuple[RateLimit, ...]


class RequestKind(StrEnum):
    """What the agent asks a human for."""

    COMMAND = "command"
    EDIT = "edit"
    NETWORK = "network"
    TOOL = "tool"
    QUESTION = "question"


class RequestRaised(Model):
    """The agent waits for an answer.

    It hears only *once* or *deny*: what is meant to hold for longer is kept, judged and answered by the supervisor, so
    that every automatic answer is in the journal and no agent's own idea of "always" counts.
    """

    type: Literal["request"] = "request"
    request: str
    kind: RequestKind
    title: str = Field(description="the exact question, or the exact command, whole")
    reason: str = Field(default="", description="why, in the agent's words")
    argv: tuple[str, ...] = Field(default=(), description="the command as words; empty where a shell reads it")
    shell: str = Field(default="", description="the command as a shell will read it; empty where none does")
    cwd: str = ""
    paths: tuple[str, ...] = Field(default=(), description="files it wants to change, absolute")
    host: str = Field(default="", description="where it wants to connect: host or host:port")
    tool: str = Field(default="", description="name of a foreign tool: server/tool")
    detail: str = Field(default="", description="what to look at before answering: a diff, a tool's arguments; bounded")
    options: tuple[str, ...] = Field(default=(), description="suggested answers of a question")
    escalates: bool = Field(
        default=False,
        description="it may run outside the agent's sandbox, or with more than that gives, or there is none",
    )


class RequestResolved(Model):
    """A request is no longer open: answered, or withdrawn by the agent."""

    type: Literal["request_resolved"] = "request_resolved"
    request: str
    outcome: str = ""


class SteerOutcome(StrEnum):
    """What became of a redirect."""

    INJECTED = "injected"  # entered the running turn at a tool boundary
    QUEUED = "queued"  # will begin a turn of its own
    RESTARTED = "restarted"  # the running stream was cut and begun again


class Steered(Model):
    """The agent took a redirect."""

    type: Literal["steered"] = "steered"
    command: str
    outcome: SteerOutcome
    how: str = Field(default="", description="by which means, for people: the protocol's own steering, a second prompt")


class CommandAcknowledged(Model):
    """The agent carried out a command (or had done so before)."""

    type: Literal["acknowledged"] = "acknowledged"
    command: str


class Retrying(Model):
    """The model endpoint failed; the agent tries again."""

    type: Literal["retrying"] = "retrying"
    message: str
    attempt: int
    wait_s: float


class AgentNotice(Model):
    """Something a person may want to know."""

    type: Literal["notice"] = "notice"
    text: str
    level: Literal["info", "warning", "error"] = "info"


class ScreenRow(Model):
    """One row of a program's screen: runs of text with one style each; what is missing at its end is blank."""

    y: int = Field(ge=0, lt=100)
    runs: tuple[tuple[str, str], ...] = Field(
        default=(),
        description=(
            "text without any control character, and its style `flags|ink|ground`: flags of b(old), d(im), i(talic), "
            "u(nderlined), s(truck), r(eversed); colours `0` to `255` or `#rrggbb`; all empty: an empty style"
        ),
    )


class TerminalScreen(Model):
    """What the program in the agent's terminal shows: the rows that changed since the frame before. Progress."""

    type: Literal["screen"] = "screen"
    frame: int = Field(description="counts up by one; after a gap a whole screen is needed")
    columns: int = Field(gt=0, le=300)
    rows: int = Field(gt=0, le=100)
    cursor: tuple[int, int] | None = Field(default=None, description="column and row; None: hidden")
    is_whole: bool = Field(default=False, description="every row that is not blank is among the lines")
    lines: tuple[ScreenRow, ...] = ()


class TurnReason(StrEnum):
    """Why a turn ended."""

    DONE = "done"  # the agent says the task is complete
    COMPLETED = "completed"  # the agent stopped without saying so
    INTERRUPTED = "interrupted"
    FAILED = "failed"


class TurnEnded(Model):
    """A turn ended."""

    type: Literal["turn_ended"] = "turn_ended"
    turn: int
    reason: TurnReason
    summary: str = ""
    error: str = ""
    goes_on: bool = Field(default=False, description="the agent goes on with this turn by itself when it is resumed")


class AgentExited(Model):
    """The agent's process ended. Made by the supervisor from the runner's exit file, never by the agent."""

    type: Literal["exited"] = "exited"
    exit_code: int | None = Field(description="None: it vanished without leaving a status")
    error: str = Field(default="", description="last lines of its stderr")


AgentEvent = Annotated[
    AgentReady
    | TurnStarted
    | MessageDelta
    | ReasoningDelta
    | AgentMessage
    | ToolStarted
    | ToolOutput
    | ToolEnded
    | FileChanged
    | PlanChanged
    | UsageReported
    | RateLimitsReported
    | RequestRaised
    | RequestResolved
    | Steered
    | CommandAcknowledged
    | Retrying
    | AgentNotice
    | TerminalScreen
    | TurnEnded
    | AgentExited,
    Field(discriminator="type"),
]

_PROGRESS = (MessageDelta, ReasoningDelta, ToolOutput, TerminalScreen)


def is_progress(event: object) -> bool:
    """Return whether an event may be superseded by its successor (and is therefore not journaled)."""
    return isinstance(event, _PROGRESS)
