"""Checks, findings and results."""

from __future__ import annotations

from enum import StrEnum

from pydantic import Field

from cockpit.types import Model, TreeId


class When(StrEnum):
    """When a check runs. A later moment includes the checks of the earlier ones."""

    TURN = "turn"  # after every agent turn
    HUMAN = "human"  # before a human is asked to decide
    MERGE = "merge"  # on the exact tree that will land


class Severity(StrEnum):
    """How bad a finding is. Only errors stop a change."""

    ERROR = "error"
    WARNING = "warning"
    NOTE = "note"


class Finding(Model):
    """One thing that is wrong, and how to put it right."""

    check: str = Field(description="name of the check that found it")
    message: str
    path: str = Field(default="", description="relative to the workspace; empty: the change as a whole")
    line: int | None = None
    column: int | None = None
    code: str = Field(default="", description="the tool's own code, such as F401")
    severity: Severity = Severity.ERROR
    remediation: str = Field(default="", description="how to fix it")
    fingerprint: str = Field(default="", description="same mistake, same fingerprint, across lines and sessions")
    instance: str = Field(default="", description="same occurrence, same instance, across rounds")


class CheckOutcome(StrEnum):
    """How a check ended."""

    PASSED = "passed"
    FAILED = "failed"
    BROKEN = "broken"  # the check itself could not run: timeout, missing tool, unreadable report


class CheckResult(Model):
    """What one check said about one tree."""

    check: str
    tree: TreeId
    outcome: CheckOutcome
    findings: tuple[Finding, ...] = ()
    exit_code: int | None = None
    duration_s: float = 0.0
    is_cached: bool = Field(default=False, description="the same inputs had been checked before")
    output: str = Field(default="", description="id under which the raw output is kept")
    summary: str = Field(default="", description="one line for people")


class Receipt(Model):
    """Proof that a tree is clean: which checks, on which content, with which result."""

    tree: TreeId
    commit: str = ""
    results: tuple[CheckResult, ...] = Field(description="without their findings' text where they passed")
    at: float = Field(description="epoch seconds")

    @property
    def is_clean(self) -> bool:
        """Return whether every check passed on this very tree."""
        return all(r.outcome is CheckOutcome.PASSED and r.tree == self.tree for r in self.results)
