"""The seam between the fleet screen and the panes of its detail side.

A pane is a Textual widget that shows one session at a time. It is given the store to pull from and a way to ask the
supervisor (`Supervisor.call`) when it is made, draws nothing of its own accord, and never knows its neighbours: what a
person wants done goes up as a message.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol, runtime_checkable

from textual.message import Message

from cockpit.protocol.types import Command
from cockpit.screens.store import Store
from cockpit.sessions.types import LineComment
from cockpit.state.model import SessionState
from cockpit.types import SessionId


class Supervisor(Protocol):
    """Who carries out commands. Panes use it to read (`GetEvents`, `GetDiff`, `GetOutput`) and to mark files."""

    async def call(self, command: Command) -> dict[str, Any]:
        """Return the result. Raises `CommandFailed` or `SupervisorGone`."""
        ...


@runtime_checkable
class Pane(Protocol):
    """One tab of the detail side. Only the pane that is seen is shown sessions and flushed."""

    def show(self, session: SessionId | None) -> None:
        """Turn to a session; None: there is nothing to show. Called whenever the subject or the tab changes."""
        ...

    def flush(self, store: Store) -> None:
        """Repaint what changed in the store since the last flush; called about ten times a second while seen."""
        ...


@runtime_checkable
class Selective(Protocol):
    """A pane that has something to show of some sessions only; of others it has no tab."""

    def suits(self, session: SessionState | None) -> bool:
        """Return whether it has something to show."""
        ...


@runtime_checkable
class Files(Protocol):
    """A pane whose content is divided into files."""

    def step_file(self, step: int) -> None:
        """Go to the next (+1) or previous (-1) file."""
        ...


@dataclass
class CommentsWritten(Message):
    """A person gathered line comments and wants them sent to the agent; the screen asks for the words around them.

    After they were sent, the screen calls `discard_comments` of the pane that posted this.
    """

    session: SessionId
    comments: tuple[LineComment, ...]


@runtime_checkable
class Commented(Protocol):
    """A pane that keeps line comments until they are sent."""

    def discard_comments(self, session: SessionId) -> None:
        """Forget the comments: they were sent."""
        ...


@dataclass
class Trouble(Message):
    """Something a person should read: what happened, what was kept, what to do next."""

    what: str
    kept: str = ""
    next: str = ""
