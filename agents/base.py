"""The driver seam: what the supervisor needs of any agent, whatever its protocol.

A driver does no input or output of its own. The agent is a process under the runner: its output is appended to a
spool, which the supervisor follows by byte offset and hands to `decode` line by line; what `encode` returns is written
to the agent's input, once per command id. So a driver can be replayed from a recorded spool, and its state, where it
has any, is a fold of that spool.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path

from cockpit.sessions.types import AgentCommand, AgentEvent, Task
from cockpit.types import SessionId


@dataclass(frozen=True, slots=True)
class McpAccess:
    """Where the cockpit's own tools are served to this session (MCP, streamable HTTP), and its secret."""

    url: str
    token: str
    """Bearer token that names the session; worth nothing for any other."""


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
    home: Path
    """Folder of this agent's own configuration, shared by its sessions in this repository; the user's is left alone."""
    settings: Mapping[str, object]
    """The agent's section of cockpit.toml (`[agents.<name>]`), but what every agent has (driver, budget)."""
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
    thread: str = ""
    """The agent's own id of the conversation to resume, as it said itself (`AgentReady.thread`)."""
    fork: str = ""
    """The agent's own id of another session's conversation, to begin from a copy of it."""
    mcp: McpAccess | None = None


@dataclass(frozen=True, slots=True)
class Launch:
    """How to start the agent's process."""

    argv: tuple[str, ...]
    env: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Probe:
    """How to find out, without a model or a network, whether an agent can work on this machine."""

    argv: tuple[str, ...]
    """Starts the program as the driver does."""
    hello: bytes = b""
    """The first line of its protocol, answered with one that has the same `id`; empty: it has none."""
    env: Mapping[str, str] = field(default_factory=dict)
    """Variables for it, beyond those that its driver names."""
    home: Mapping[str, str] = field(default_factory=dict)
    """Variables that lead it to a configuration of its own, with the path below that folder."""
    install: str = ""
    """How to get it, for people."""
    log_in: str = ""
    """How to log in, for people; empty: it needs no log-in, or nothing is known of it."""
    oldest: tuple[int, ...] = ()
    """The first version that the driver can speak to; empty: any."""
    node_major: int = 0
    """The oldest Node.js that runs it; 0: any, or none is needed."""
    keys: tuple[str, ...] = ()
    """Variables of which each one is a log-in."""
    log_ins: tuple[str, ...] = ()
    """Files below the person's home of which each one is a log-in."""


@dataclass(frozen=True, slots=True)
class Abilities:
    """What an agent can do; the screen offers nothing else."""

    steers: bool = True
    resumes: bool = True
    forks: bool = False
    """It can begin from a copy of another session's conversation."""
    asks: bool = True
    reviews: bool = False
    """It carries out `Review`."""
    has_screen: bool = False
    """It is a program in a terminal: it shows `TerminalScreen`s and takes keys, and says little else."""
    continues_turn: bool = False
    """When it is resumed it goes on by itself with a turn that its end cut off."""

    def names(self) -> tuple[str, ...]:
        """Return the names of what it can do."""
        return tuple(one.name for one in fields(self) if getattr(self, one.name))


class Driver(ABC):
    """Speaks one agent's protocol for one session."""

    abilities = Abilities()

    def variables(self, settings: Mapping[str, object]) -> tuple[str, ...]:
        """Return which variables of our environment the agent needs: its own key and endpoint, and no other secret."""
        return ()

    def probe(self, settings: Mapping[str, object]) -> Probe | None:
        """Return how to find out whether the agent can work; None: it is ours, and has no program to look for.

        Raises `ValueError` with a message for people when the settings are unusable.
        """
        return None

    @abstractmethod
    def launch(self, context: LaunchContext) -> Launch:
        """Return the process to start. Raises `ValueError` with a message for people when the settings are unusable."""

    @abstractmethod
    def encode(self, command: AgentCommand) -> bytes:
        """Return what to write to the agent's input for a command (whole lines)."""

    @abstractmethod
    def decode(self, line: bytes) -> list[AgentEvent]:
        """Return the events that one line of output means. Never raises: nonsense becomes an `AgentNotice`."""
