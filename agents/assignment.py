"""What one of our own agent processes is told when it starts: the launch context as JSON in one environment variable.

In the environment and not in a file, so that a driver stays free of input and output and an agent on another machine
starts the same way. The process takes the variable out of its environment before it runs anything.
"""

from __future__ import annotations

import os
from collections.abc import MutableMapping
from pathlib import Path
from typing import Any

from pydantic import Field

from agents.base import LaunchContext, McpAccess
from cockpit.sessions.types import Task
from cockpit.types import Model, SessionId

VARIABLE = "COCKPIT_ASSIGNMENT"
_LIMIT_BYTES = 120_000  # Linux refuses a single environment string of 128 KiB


class Check(Model):
    """One check of the repository, as far as an agent needs to know it."""

    name: str
    command: str | tuple[str, ...] = ""
    fix: str | tuple[str, ...] | None = None
    cwd: str = ""


class Assignment(Model):
    """Everything an agent process knows about its session."""

    session: SessionId
    task: Task
    workspace: Path
    scratch: Path
    memory: Path
    home: Path
    settings: dict[str, Any] = Field(default_factory=dict)
    env: dict[str, str] = Field(default_factory=dict)
    hidden: tuple[Path, ...] = ()
    role_text: str = ""
    checks: tuple[Check, ...] = ()
    resume: bool = False
    thread: str = ""
    fork: str = ""
    mcp: McpAccess | None = None

    @classmethod
    def of(cls, context: LaunchContext) -> Assignment:
        """Return the assignment of a launch context. Raises `ValueError` where its data has the wrong shape."""
        return cls(
            session=context.session,
            task=context.task,
            workspace=context.workspace,
            scratch=context.scratch,
            memory=context.memory,
            home=context.home,
            settings=dict(context.settings),
            env=dict(context.env),
            hidden=context.hidden,
            role_text=context.role_text,
            checks=tuple(Check.model_validate(dict(check)) for check in context.checks),
            resume=context.resume,
            thread=context.thread,
            fork=context.fork,
            mcp=context.mcp,
        )

    def to_env(self) -> dict[str, str]:
        """Return the variable that carries this assignment. Raises `ValueError` when it is too long for one."""
        text = self.model_dump_json()
        if len(text.encode()) > _LIMIT_BYTES:
            raise ValueError("the task, role text and settings are too long to start an agent with; shorten the prompt")
        return {VARIABLE: text}

    @classmethod
    def take(cls, environ: MutableMapping[str, str] = os.environ) -> Assignment:
        """Read and remove the variable. Raises `KeyError` when the process was not started by a driver."""
        return cls.model_validate_json(environ.pop(VARIABLE))
