"""Tasks, sessions and workspaces."""

from __future__ import annotations

from enum import StrEnum

from pydantic import Field

from cockpit.types import CommitId, Model, SessionId


class Budget(Model):
    """How far a session may go before it pauses and asks. None means no limit."""

    rounds: int | None = Field(default=8, ge=1, description="agent turns, counting the ones that fix findings")
    minutes: float | None = Field(default=60, gt=0, description="wall-clock minutes of agent work")
    tokens: int | None = Field(default=None, ge=1, description="input and output tokens together")
    cost_usd: float | None = Field(default=None, gt=0, description="US dollars, where the cost is known")


class Task(Model):
    """What a human asked for."""

    prompt: str = Field(min_length=1, description="what to do, in the person's words")
    title: str = Field(default="", description="one line for lists; empty: the first line of the prompt")
    role: str = Field(default="engineer", description="name of a role file in agents/roles/")
    agent: str = Field(default="", description="name under [agents] in cockpit.toml; empty: the default agent")
    base: str = Field(default="", description="ref to start from and to land on; empty: the current branch")
    budget: Budget | None = Field(default=None, description="None: the budget of cockpit.toml")
    paths: tuple[str, ...] = Field(default=(), description="globs that an unattended approval may touch")
    fork: str = Field(default="", description="id of the session whose conversation and work it begins from")

    def headline(self) -> str:
        """Return the one line that stands for this task in lists."""
        return self.title or self.prompt.strip().splitlines()[0][:120]


class SessionStatus(StrEnum):
    """Where a session stands. The value is what people read."""

    QUEUED = "queued"  # waits for a free place
    PREPARING = "preparing"  # worktree, ports, set-up command
    WORKING = "working"  # the agent's turn runs
    CHECKING = "checking"  # checks run on what the turn left
    WAITING = "waiting"  # the agent asked something only a human can answer
    PAUSED = "paused"  # a budget is used up; asks whether to go on
    INTERRUPTED = "interrupted"  # its agent died or was stopped; one key resumes it
    READY = "ready"  # clean, with a receipt: approve, redirect or reject
    LANDING = "landing"  # approved; in the merge queue
    LANDED = "landed"
    REJECTED = "rejected"
    FAILED = "failed"  # could not go on, with the reason


ACTIVE = frozenset({SessionStatus.PREPARING, SessionStatus.WORKING, SessionStatus.CHECKING, SessionStatus.WAITING})
"""States that hold one of the parallel places."""

FINAL = frozenset({SessionStatus.LANDED, SessionStatus.REJECTED})
"""States that nothing but an undo leaves."""


class Usage(Model):
    """Tokens and money that were used: of a session, a day, or in all. None is unknown, never zero."""

    input_tokens: int = 0
    cached_tokens: int = 0
    output_tokens: int = 0
    context_used: int | None = None
    context_window: int | None = None
    cost_usd: float | None = Field(default=None, description="of the calls whose cost is known; None: of none is it")
    unpriced_calls: int = Field(default=0, description="calls whose cost nobody knows; it is not in the sum")

    @property
    def tokens(self) -> int:
        """The tokens that budgets count: read and written, cached ones too."""
        return self.input_tokens + self.output_tokens


class WorkspaceInfo(Model):
    """A git worktree with what was leased for it."""

    session: SessionId
    path: str
    branch: str
    base: str = Field(description="branch that the change lands on")
    base_commit: CommitId
    ports: tuple[int, ...] = ()
