"""The sections of cockpit.toml about sessions: how many, how they are set up, which agents."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from typing import Literal

from pydantic import Field, field_validator, model_validator

from cockpit.checks.types import Command
from cockpit.costs.types import Price
from cockpit.sessions.types import Budget
from cockpit.types import Model


def _default_parallel() -> int:
    return max(2, os.cpu_count() or 2)


class ReadyConfig(Model, extra="forbid"):
    """How to tell that the app answers: exactly one of port, url and regex."""

    port: int | str | None = Field(
        default=None, description="accepts connections: a number, or the variable of a leased port such as `PORT`"
    )
    url: str = Field(default="", description="answers with a status below 500; `$PORT` stands for the leased port")
    regex: str = Field(default="", description="is found in the app's output")

    @model_validator(mode="after")
    def _is_one(self) -> ReadyConfig:
        if sum((self.port is not None, bool(self.url), bool(self.regex))) != 1:
            raise ValueError("needs exactly one of port, url and regex")
        return self

    @field_validator("regex")
    @classmethod
    def _compiles(cls, value: str) -> str:
        try:
            re.compile(value)
        except re.error as error:
            raise ValueError(f"is not a regular expression: {error}") from error
        return value


class AppConfig(Model, extra="forbid"):
    """The program under development, run once per workspace for as long as the workspace lives."""

    command: Command = Field(description="starts the app; it finds its port in the variable PORT")
    ready: ReadyConfig | None = Field(default=None, description="when it counts as started; none: at once")
    timeout_s: float = Field(default=60, gt=0, description="seconds it may take to become ready")


class SessionsConfig(Model, extra="forbid"):
    """How sessions and their workspaces are run."""

    max_parallel: int = Field(
        default_factory=_default_parallel,
        ge=1,
        description="agents at work at the same time; further tasks wait",
        json_schema_extra={"default_text": "number of cores, at least 2"},
    )
    stall_minutes: float = Field(
        default=5, gt=0, description="minutes of silence after which an agent is shown as stalled"
    )
    setup: Command | None = Field(
        default=None, description="run once in a new workspace, such as installing dependencies"
    )
    setup_timeout_s: float = Field(default=900, gt=0, description="seconds the set-up command may take")
    app: AppConfig | None = Field(default=None, description="the app to keep running in each workspace")
    copy_files: tuple[str, ...] = Field(
        default=(),
        alias="copy",
        description="globs of files that git does not keep (such as `.env`) to copy into new workspaces",
    )


class BudgetConfig(Budget, extra="forbid"):
    """How far a session may go before it pauses and asks, unless its task says otherwise. 0 means no limit."""

    @field_validator("*", mode="before")
    @classmethod
    def _zero_is_no_limit(cls, value: object) -> object:
        return None if value == 0 and not isinstance(value, bool) else value


class AgentConfig(Model, extra="allow"):
    """One agent that tasks may name. What is not listed here belongs to its driver."""

    driver: Literal["native", "mechanic", "codex", "acp", "terminal"] = Field(
        default="native", description="what speaks to it"
    )
    command: tuple[str, ...] = Field(
        default=(), description="starts it, as a list of words; empty: the driver's usual one"
    )
    model: str = Field(default="", description="the model it is to use; empty: its own default")
    mode: str = Field(default="", description="the mode it is to work in, by the agent's own name for it")
    env: dict[str, str] = Field(
        default_factory=dict, description="variables for it; `$NAME` stands for the cockpit's own variable of that name"
    )
    budget: BudgetConfig | None = Field(default=None, description="limits of its sessions; none: those of `[budget]`")
    price: Price | None = Field(default=None, description="of its model, in place of `[prices]`")
    cost: Literal["agent", "table"] = Field(
        default="agent", description="whose word counts on what a call costs: its own, where it has one, or the prices"
    )

    @property
    def settings(self) -> Mapping[str, object]:
        """What its driver is told: what was written, but the driver's name, the budget and the price."""
        common = {name: getattr(self, name) for name in ("command", "model", "mode", "env")}
        return {**(self.model_extra or {}), **{name: value for name, value in common.items() if value}}
