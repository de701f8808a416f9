"""What the cockpit's tools say to agents, and what stands behind them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from pydantic import Field

from cockpit.checks.types import CheckOutcome
from cockpit.types import Model, SessionId

Tell = Callable[[int, int, str], None]
"""Is told how far a tool is: steps done, steps in all, and in words. Must not block."""


@dataclass(frozen=True, slots=True)
class Picture:
    """An image for agents that can see; tools return it as it is, and the server passes it through unchanged."""

    data: bytes
    format: str = "png"
    """What follows `image/` in its media type."""


@dataclass(frozen=True, slots=True)
class Words:
    """What a tool says; `ok` is False where it could not do what it was asked for."""

    text: str
    ok: bool = True


class FindingSaid(Model):
    """One finding, as an agent is told of it."""

    file: str = Field(default="", description="relative to the workspace; empty: the change as a whole")
    line: int | None = None
    what: str
    code: str = ""
    fix: str = ""


class CheckSaid(Model):
    """What one check said."""

    check: str
    outcome: CheckOutcome
    summary: str = ""
    hint: str = ""
    findings: tuple[FindingSaid, ...] = ()
    not_shown: int = Field(default=0, description="further findings, left out for room")


class ChecksSaid(Model):
    """What the checks said of the workspace."""

    passed: bool
    says: str
    checks: tuple[CheckSaid, ...]


class CheckListed(Model):
    """A check that will judge the work."""

    name: str
    command: str
    when: str


class TaskSaid(Model):
    """What a session is to do, and how far it may go."""

    task: str
    said_since: tuple[str, ...] = Field(default=(), description="what people said later, oldest first; it counts more")
    base_branch: str = ""
    branch: str = ""
    checks: tuple[CheckListed, ...] = ()
    budget_left: dict[str, float] = Field(default_factory=dict, description="only what is limited")
    open_findings: tuple[FindingSaid, ...] = ()
    findings_not_shown: int = 0


class RuleListed(Model):
    """A rule that every change is held to."""

    id: str
    message: str
    fix: str = ""


class RulesSaid(Model):
    """The rules of the repository."""

    rules: tuple[RuleListed, ...] = ()
    says: str


class RuleExplained(Model):
    """One rule, with what is needed to keep it."""

    id: str
    message: str
    fix: str = ""
    why: str = ""
    stops: bool = Field(default=False, description="a change that is against it cannot land")
    files: tuple[str, ...] = Field(default=(), description="globs of the files it looks at; none: all")
    not_files: tuple[str, ...] = ()
    good: tuple[str, ...] = ()
    bad: tuple[str, ...] = ()


class DoneReport(Model):
    """What an agent says it has done; shown as its word, beside what was checked."""

    summary: str
    evidence: tuple[str, ...] = ()


class Host(Protocol):
    """What stands behind the tools: acts for one session, in its own workspace, and nowhere else.

    Each method raises `SenseRefused` with words for the agent when it does not do what it is asked for.
    """

    def admit(self, token: str) -> SessionId:
        """Return whose token it is. Raises `SenseRefused` when it is nobody's, or its session is over."""
        ...

    async def run_checks(self, session: SessionId, names: tuple[str, ...], tell: Tell) -> ChecksSaid:
        """Run checks on the workspace as it is now; all that are due where none are named."""
        ...

    async def ask_human(self, session: SessionId, question: str, options: tuple[str, ...]) -> Words:
        """Ask the human, and wait for the answer."""
        ...

    async def report_done(self, session: SessionId, summary: str, evidence: tuple[str, ...]) -> None:
        """Keep what the agent says it has done."""
        ...

    def task_of(self, session: SessionId) -> TaskSaid:
        """Return what the session is to do."""
        ...

    async def rules_of(self, session: SessionId) -> RulesSaid:
        """Return the rules that its work must keep."""
        ...

    async def rule_of(self, session: SessionId, rule: str) -> RuleExplained:
        """Return one of them, with examples."""
        ...

    def note(self, session: SessionId, text: str) -> None:
        """Show what the agent is at, in one line."""
        ...
