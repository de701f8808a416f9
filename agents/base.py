"""The driver seam: what the supervisor needs of any agent, whatever its protocol.

A driver does no input or output of its own. The agent is a process under the runner: its output is appended to a
spool, which the supervisor follows by byte offset and hands to `decode` line by line; what `encode` returns is written
to the agent's input, once per command id. So a driver can be replayed from a recorded spool, and its state, where it
has any, is a fold of that spool.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from cockpit.sessions.types import AgentCommand, AgentEvent, Task
from cockpit.types import SessionId


@dataclass(frozen=True, slots=True)
class LaunchContext:
    """Everything a driver may use to start an agent in a workspace."""

    session: SessionId
    task: Task
    workspace: Path
    scratch: Path
    """The session's own temporary folder (its TMPDIR); writable, outside the workspace."""
    memory: Path
    """Folder where the agent keeps its conversation, so that it can be resumed; never visible to its commands."""
    settings: Mapping[str, object]
    """The agent's section of cockpit.toml (`[agents.<name>]`)."""
    env: Mapping[str, str]
    """Ports and other leases of the workspace."""
    hidden: tuple[Path, ...] = ()
    """What commands must not see: the journal, other workspaces."""
    role_text: str = ""
    """Instructions of the task's role."""
    checks: tuple[Mapping[str, object], ...] = ()
    """The checks of the repository as plain data: name, command, fix, cwd."""
    resume: bool = False
    """Go on with the conversation in `memory` instead of beginning one."""


@dataclass(frozen=True, slots=True)
class Launch:
    """How to start the agent's process."""

    argv: tuple[str, ...]
    env: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Abilities:
    """What an agent can do; the screen offers nothing else."""

    steers: bool = True
    resumes: bool = True
    asks: bool = True
    needs_model: bool = True
    continues_turn: bool = False
    """When it is resumed it goes on by itself with a turn that its end cut off."""


class Driver(ABC):
    """Speaks one agent's protocol for one session."""

    abilities = Abilities()

    @abstractmethod
    def launch(self, context: LaunchContext) -> Launch:
        """Return the process to start. Raises `ValueError` with a message for people when the settings are unusable."""

    @abstractmethod
    def encode(self, command: AgentCommand) -> bytes:
        """Return what to write to the agent's input for a command (whole lines)."""

    @abstractmethod
    def decode(self, line: bytes) -> list[AgentEvent]:
        """Return the events that one line of output means. Never raises: nonsense becomes an `AgentNotice`."""
