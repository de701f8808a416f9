"""Checks, findings and results."""

from __future__ import annotations

import re
import shlex
from enum import StrEnum
from typing import Annotated

from pydantic import BeforeValidator, Field

from cockpit.types import Model, TreeId

_SHELL_TOKEN = re.compile(r"[();<>|&]+")
_ASSIGNMENT = re.compile(r"[A-Za-z_][A-Za-z0-9_]*=")


def split_command(value: object) -> object:
    """Split a command line into its arguments; a list is taken as it is.

    There is no shell: unquoted shell syntax is refused rather than passed on as an argument.

    Raises:
        ValueError: with the cure, when the line is empty, has an open quote or needs a shell.
    """
    if not isinstance(value, str):
        return value
    shell = shlex.shlex(value, posix=False, punctuation_chars=True)
    shell.whitespace_split = True
    shell.commenters = ""
    try:
        argv = shlex.split(value)
        operators = [token for token in shell if _SHELL_TOKEN.fullmatch(token)]
    except ValueError as error:
        raise ValueError(f"cannot be split into arguments: {error}") from error
    if operators:
        raise ValueError(f'no shell runs it, so `{operators[0]}` has no meaning: write ["bash", "-c", "..."]')
    if not argv:
        raise ValueError("is empty")
    if _ASSIGNMENT.match(argv[0]):
        raise ValueError(f"begins with a variable (`{argv[0]}`): put it under env")
    return argv


Command = Annotated[
    tuple[Annotated[str, Field(pattern=r"^[^\x00]*$")], ...], Field(min_length=1), BeforeValidator(split_command)
]
"""A program and its arguments; in TOML one line (split as a shell would, but run without one) or a list."""


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
    total: int = Field(default=0, description="findings the tool reported; more than len(findings) when cut")


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
