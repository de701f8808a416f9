"""The `[checks]` section of cockpit.toml: which commands judge a change, on what, and when."""

from __future__ import annotations

import re
from enum import StrEnum
from pathlib import PurePosixPath

from pydantic import Field, field_validator, model_validator

from cockpit.checks.types import Command, When
from cockpit.types import Model


class Parser(StrEnum):
    """How a check's output becomes findings."""

    SARIF = "sarif"
    JUNIT = "junit"
    RUFF_JSON = "ruff-json"
    MYPY = "mypy"
    PYRIGHT_JSON = "pyright-json"
    ESLINT_JSON = "eslint-json"
    JSON = "json"
    REGEX = "regex"
    EXIT_CODE = "exit-code"


PATTERN_GROUPS = frozenset({"path", "line", "column", "code", "message", "severity"})
"""Named groups that the pattern of a regex parser may have."""


def _inside(value: str) -> str:
    """Return a path relative to the workspace, refusing one that leaves it."""
    path = PurePosixPath(value)
    if path.is_absolute() or ".." in path.parts:
        raise ValueError("must be relative to the repository and stay inside it")
    return "" if str(path) == "." else str(path)


class CheckConfig(Model, extra="forbid"):
    """One check: a command whose verdict decides whether a change is clean."""

    name: str = Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.:-]*$", max_length=60, description="what people call it")
    command: Command = Field(description="what to run, without a shell unless it is `bash -c`")
    inputs: tuple[str, ...] = Field(
        default=("**",),
        min_length=1,
        description="globs of the files its verdict depends on (`!glob` leaves some out); never run twice on the same",
    )
    parser: Parser = Field(default=Parser.EXIT_CODE, description="how its output becomes findings")
    pattern: str = Field(
        default="",
        description="for the regex parser: each match is a finding, from the groups "
        "path, line, column, code, message, severity",
    )
    report: str = Field(default="", description="file the tool writes its report to; empty: standard output")
    timeout_s: float = Field(default=600, gt=0, le=86400, description="seconds until it is stopped and called broken")
    fix: Command | None = Field(default=None, description="command that repairs what a machine can repair")
    when: When = Field(default=When.TURN, description="the first moment it runs; it runs at every later one too")
    cwd: str = Field(default="", description="folder to run in, relative to the repository")
    env: dict[str, str] = Field(default_factory=dict, description="variables to set; part of the cache key")
    network: bool = Field(default=False, description="let it reach the network; off because it runs what agents wrote")
    hint: str = Field(default="", description="how to fix what it finds; told to the agent with every new finding")
    cost_s: float | None = Field(
        default=None, ge=0, description="expected seconds, until it has been measured: the cheapest run first"
    )

    @field_validator("cwd", "report")
    @classmethod
    def _stays_inside(cls, value: str) -> str:
        return _inside(value)

    @field_validator("inputs")
    @classmethod
    def _inputs_stay_inside(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for glob in value:
            if not glob.removeprefix("!"):
                raise ValueError("an input glob is empty")
            _inside(glob.removeprefix("!"))
        if all(glob.startswith("!") for glob in value):
            raise ValueError('only leaves files out: put "**" first')
        return value

    @model_validator(mode="after")
    def _pattern_fits_parser(self) -> CheckConfig:
        if self.parser is not Parser.REGEX:
            if self.pattern:
                raise ValueError(f'pattern has no meaning for parser "{self.parser}": use parser = "regex"')
            return self
        if not self.pattern:
            raise ValueError('parser "regex" needs a pattern with named groups, at least (?P<message>...)')
        try:
            groups = set(re.compile(self.pattern, re.MULTILINE).groupindex)
        except re.error as error:
            raise ValueError(f"pattern is not a regular expression: {error}") from error
        if unknown := groups - PATTERN_GROUPS:
            raise ValueError(f"pattern has unknown groups {sorted(unknown)}; known: {sorted(PATTERN_GROUPS)}")
        if not groups & {"message", "code", "path"}:
            raise ValueError("pattern needs a named group message, code or path")
        return self
