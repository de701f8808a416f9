"""The settings of a program in a terminal: its `[agents.<name>]` section of cockpit.toml."""

from __future__ import annotations

import re
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, field_validator

from agents.terminal.keys import sequence


class Patterns(BaseModel):
    r"""Regular expressions that tell from the screen's text what the program does.

    The text has a line for every row, without spaces at their ends and without empty rows at the end; `^` and `$` match
    at every row, `\Z` at the end. When several match, *waiting* counts before *working*, and that before *idle*.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    working: str = Field(default="", description="it is at work, whatever else the screen shows")
    waiting: str = Field(default="", description="it waits for a person at a prompt of its own: a permission, a choice")
    idle: str = Field(default="", description="it is done and takes the next message; empty: told by silence")

    @field_validator("working", "waiting", "idle")
    @classmethod
    def _compiles(cls, value: str) -> str:
        try:
            re.compile(value)
        except re.error as error:
            raise ValueError(f"{value!r} is no regular expression: {error}") from None
        return value


class TerminalSettings(BaseModel):
    """What a program in a terminal can be told."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    driver: str = "terminal"
    command: tuple[str, ...] = Field(min_length=1, description="the program and its arguments")
    resume: tuple[str, ...] = Field(
        default=(), description="the command that goes on with its last conversation; empty: it begins anew"
    )
    env: dict[str, str] = Field(default_factory=dict, description="more variables; `$NAME` stands for one of ours")
    columns: int = Field(default=120, ge=20, le=300)
    rows: int = Field(default=40, ge=5, le=100)
    confine: bool = Field(default=True, description="run it in the sandbox: it writes to its workspace alone")
    network: bool = Field(default=True, description="it may use the network, as it must to reach its model")
    writable: tuple[Path, ...] = Field(
        default=(), description="more folders it may write to, such as that of its settings"
    )
    submit: str = Field(default="enter", description="keys that send what was typed")
    interrupt: str = Field(default="ctrl+c", description="keys that end what it does")
    leave: str = Field(default="", description="keys that end the program politely, such as `/exit enter`")
    patterns: Patterns = Patterns()
    hold_ms: int = Field(default=300, ge=0, le=60_000, description="how long a state must last before it counts")
    settle_ms: int = Field(
        default=1500, ge=0, le=60_000, description="how long *idle* must last after a message, before it began to work"
    )
    quiet_s: float = Field(
        default=5.0, gt=0, le=3600, description="silence that counts as idle where no pattern for it is set"
    )
    start_s: float = Field(
        default=30.0, gt=0, le=600, description="how long a message waits for the program to be idle"
    )

    @field_validator("submit", "interrupt", "leave")
    @classmethod
    def _are_keys(cls, value: str) -> str:
        sequence(value)
        return value
