"""What crosses the supervisor's socket: newline-delimited JSON, protocol 1.

A client writes requests `{"id": n, "command": {...}}` and reads two kinds of lines: replies `{"reply": n, ...}` with
`result` or `error`, and pushes `{"push": ...}`. After `subscribe` the first push is a snapshot of the state, followed
by every event after it: no gap, no duplicate. Progress (deltas) is pushed only for the sessions a client watches, and
may be dropped for a slow one; a client that falls far behind gets a new snapshot instead of the events it missed.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field, TypeAdapter

from cockpit.approvals.types import PolicyPlace
from cockpit.journal.types import Envelope
from cockpit.protocol.forge import ForgeCommand as ForgeCommand
from cockpit.protocol.mistakes import ConfirmSame as ConfirmSame
from cockpit.protocol.mistakes import DismissMistake as DismissMistake
from cockpit.protocol.mistakes import FindSimilar as FindSimilar
from cockpit.protocol.mistakes import GetMistake as GetMistake
from cockpit.protocol.mistakes import MistakeCommand as MistakeCommand
from cockpit.protocol.mistakes import PassSimilar as PassSimilar
from cockpit.protocol.rules import RuleCommand
from cockpit.sessions.types import AgentEvent, AnswerDecision, LineComment, Task, Usage
from cockpit.types import BUILT_WHEN_USED, Model, SessionId

PROTOCOL = 1
LINE_LIMIT_BYTES = 64 << 20
"""Longest line that a client takes: a snapshot is one."""
REQUEST_LIMIT_BYTES = 8 << 20
"""Longest line that the supervisor takes; a client that sends a longer one is cut off."""


class Attention(Model):
    """What a decision cost its human: seconds spent looking at the item and keys pressed."""

    looked_s: float = 0.0
    keys: int = 0


class Hello(Model):
    """Says who speaks. Result: `{"protocol", "version", "repository", "pid"}`."""

    cmd: Literal["hello"] = "hello"
    protocol: int = PROTOCOL
    client: str = ""


class Subscribe(Model):
    """Send the state now and what changes it from then on.

    Agents' chatter (see `Chatter`) of sessions that the client does not watch comes summed up, a few times a second;
    with `everything` each event is pushed as it happened.
    """

    cmd: Literal["subscribe"] = "subscribe"
    everything: bool = False


class Watch(Model):
    """Push the progress of these sessions (replaces the earlier choice)."""

    cmd: Literal["watch"] = "watch"
    sessions: tuple[SessionId, ...] = ()


class CreateTasks(Model):
    """Begin a session for each task. Result: `{"sessions": [id, ...]}`."""

    cmd: Literal["create_tasks"] = "create_tasks"
    tasks: tuple[Task, ...] = Field(min_length=1)


class Approve(Model):
    """Put a ready change into the merge queue. `commit` guards against deciding on what was not seen."""

    cmd: Literal["approve"] = "approve"
    session: SessionId
    commit: str = ""
    policy: Literal["", "policy", "clean"] = Field(
        default="", description="nobody looked: approve only what [merge.auto_approve] allows, or any clean change"
    )
    attention: Attention = Attention()


class Reject(Model):
    """Close a session; its branch is kept."""

    cmd: Literal["reject"] = "reject"
    session: SessionId
    reason: str = ""
    attention: Attention = Attention()


class Redirect(Model):
    """Say something to the agent: into the running turn, or (`after_turn`) as its next turn.

    Result: `{"status", "remarks": [id, ...]}`; what a person says with any decision is remembered, and told so.
    """

    cmd: Literal["redirect"] = "redirect"
    session: SessionId
    text: str = ""
    comments: tuple[LineComment, ...] = ()
    after_turn: bool = False
    attention: Attention = Attention()


class AnswerRequest(Model):
    """Answer what the agent asked. Result: `{"status", "problem"}`; with a problem it was answered, but once only."""

    cmd: Literal["answer"] = "answer"
    session: SessionId
    request: str
    decision: AnswerDecision
    text: str = Field(default="", description="the answer to a question; the reason of a denial, which the agent hears")
    line: str = Field(default="", description="for *always*: the line to write, as `preview_always` offered it")
    where: PolicyPlace = Field(default="repository", description="for *always*: whose file to write it in")
    attention: Attention = Attention()


class OpenRequest(Model):
    """Names one request of one session."""

    session: SessionId
    request: str


class AnswerRequests(Model):
    """Give one answer to like requests of several sessions; *always* writes one line.

    Result: `{"answered": n, "gone": [{"session", "request", "what"}, ...], "problem"}`.
    """

    cmd: Literal["answer_all"] = "answer_all"
    requests: tuple[OpenRequest, ...] = Field(min_length=1)
    decision: AnswerDecision
    text: str = ""
    line: str = ""
    where: PolicyPlace = "repository"
    attention: Attention = Attention()


class PreviewAlways(Model):
    """Ask what *always* could mean for a request, narrow to broad. Result: see `cockpit.approvals.types.Offers`."""

    cmd: Literal["preview_always"] = "preview_always"
    session: SessionId
    request: str


class Stop(Model):
    """Interrupt the agent; the session can be resumed."""

    cmd: Literal["stop"] = "stop"
    session: SessionId


class Resume(Model):
    """Go on with an interrupted, paused or failed session (a paused one gets its budget again)."""

    cmd: Literal["resume"] = "resume"
    session: SessionId
    text: str = ""
    attention: Attention = Attention()


class TypeKeys(Model):
    """Type into the terminal of an agent that has one: keys as a terminal sends them, or text to paste.

    Not journaled: it may be a password. Send the next ones when these are answered; commands under way have no order.
    """

    cmd: Literal["type_keys"] = "type_keys"
    session: SessionId
    data: str = Field(max_length=1 << 20, repr=False)
    is_paste: bool = False


class ResizeTerminal(Model):
    """Change the size of an agent's terminal."""

    cmd: Literal["resize_terminal"] = "resize_terminal"
    session: SessionId
    columns: int = Field(ge=20, le=300)
    rows: int = Field(ge=5, le=100)


class ShowTerminal(Model):
    """Have an agent's terminal send frames often for the next five seconds; they are pushed to those who watch."""

    cmd: Literal["show_terminal"] = "show_terminal"
    session: SessionId
    is_whole: bool = Field(default=False, description="begin with a whole screen")
    is_attached: bool = Field(default=False, description="a person has the keyboard: no turn ends meanwhile")


class ReviewChange(Model):
    """Have the agent review its change with its own means, as a turn of its own; for agents with the ability."""

    cmd: Literal["review_change"] = "review_change"
    session: SessionId
    instructions: str = ""


class Undo(Model):
    """Take back the person's last decision, while it has not landed. Result: `{"undone": kind, "session": id}`."""

    cmd: Literal["undo"] = "undo"


class ReviewFile(Model):
    """Mark a file of a change as reviewed; the mark holds while its content stays."""

    cmd: Literal["review_file"] = "review_file"
    session: SessionId
    path: str
    blob: str
    is_reviewed: bool = True


class GetDiff(Model):
    """Result: `{"text": unified diff, "tree": id, "base": id, "is_truncated": bool}` of the workspace as it is now."""

    cmd: Literal["get_diff"] = "get_diff"
    session: SessionId
    context: int = Field(default=3, ge=0, le=50)


class GetOutput(Model):
    """Result: `{"text": raw output}` of a check, by the id in its result."""

    cmd: Literal["get_output"] = "get_output"
    output: str


class GetEvents(Model):
    """Result: `{"envelopes": [...], "is_start": bool}`: the last events of a session before `before`, in order."""

    cmd: Literal["get_events"] = "get_events"
    session: SessionId
    before: int | None = None
    limit: int = Field(default=500, ge=1, le=5000)


class CollectGarbage(Model):
    """Reclaim workspaces of landed and rejected sessions. Result: a report of what was freed and what was kept."""

    cmd: Literal["gc"] = "gc"
    is_dry_run: bool = False


class GetStats(Model):
    """Result: `Stats` and the number of sessions by status: what a landed change costs in attention.

    `used` holds tokens and money: `total`, `days`, `tasks`, and how the `limits` of the fleet stand.
    """

    cmd: Literal["stats"] = "stats"


class Down(Model):
    """End the supervisor. Agents are stopped too; their sessions can be resumed later."""

    cmd: Literal["down"] = "down"
    keep_agents: bool = False


Command = Annotated[
    Hello
    | Subscribe
    | Watch
    | CreateTasks
    | Approve
    | Reject
    | Redirect
    | AnswerRequest
    | AnswerRequests
    | PreviewAlways
    | Stop
    | Resume
    | ReviewChange
    | TypeKeys
    | ResizeTerminal
    | ShowTerminal
    | Undo
    | ReviewFile
    | GetDiff
    | GetOutput
    | GetEvents
    | CollectGarbage
    | GetStats
    | Down
    | RuleCommand
    | MistakeCommand
    | ForgeCommand,
    Field(discriminator="cmd"),
]


class Request(Model):
    """One line from a client."""

    id: int
    command: Command


class ErrorInfo(Model):
    """What happened, what was kept, what to do next."""

    what: str
    kept: str = ""
    next: str = ""

    def __str__(self) -> str:
        return " ".join(part for part in (self.what, self.kept, self.next) if part)


class Reply(Model):
    """The answer to a request."""

    reply: int
    result: dict[str, Any] | None = None
    error: ErrorInfo | None = None


class Snapshot(Model):
    """The state as JSON text (see `cockpit.state.model.STATE`); events after its `seq` follow."""

    push: Literal["snapshot"] = "snapshot"
    state: str


class Happened(Model):
    """An event of the journal."""

    push: Literal["event"] = "event"
    envelope: Envelope


class Chatter(Model):
    """All that an unwatched session's chatter changes in its state."""

    session: SessionId
    version: int
    headline: str
    last_heard_at: float
    usage: Usage


class Digest(Model):
    """The sum of the chatter up to event `seq`: with it, the client's state equals the fold of all events up to it."""

    push: Literal["digest"] = "digest"
    seq: int
    sessions: tuple[Chatter, ...]
    days: dict[str, Usage] = Field(
        default_factory=dict, description="what was used on the latest days, of all sessions"
    )


class Progress(Model):
    """A delta of a watched session; may be missing."""

    push: Literal["progress"] = "progress"
    session: SessionId
    said: AgentEvent


class Ending(Model):
    """The supervisor ends against its will, and says why; the connection closes."""

    push: Literal["ending"] = "ending"
    reason: str


Push = Annotated[Snapshot | Happened | Digest | Progress | Ending, Field(discriminator="push")]

REQUEST: TypeAdapter[Request] = TypeAdapter(Request)
PUSH: TypeAdapter[Push] = TypeAdapter(Push, config=BUILT_WHEN_USED)
