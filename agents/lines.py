"""The driver of agents that speak our own events: one JSON line a command, one JSON line an event."""

from __future__ import annotations

import sys

from pydantic import BaseModel, TypeAdapter, ValidationError

from agents.assignment import Assignment
from agents.base import Driver, Launch, LaunchContext
from agents.settings import read
from cockpit.sessions.types import AgentCommand, AgentEvent, AgentNotice

_EVENT: TypeAdapter[AgentEvent] = TypeAdapter(AgentEvent)
_SHOWN_CHARS = 300


class LineDriver(Driver):
    """Starts `python -m <module>` and exchanges JSON lines with it."""

    module: str
    """The module that is the agent's process."""

    settings: type[BaseModel]
    """What its section of cockpit.toml is read into."""

    def check_settings(self, context: LaunchContext) -> None:
        """Raise `ValueError` with a message for people when the settings are unusable."""
        read(self.settings, context.settings)

    def launch(self, context: LaunchContext) -> Launch:
        """Return the process to start, its assignment in the environment."""
        self.check_settings(context)
        # -P: it starts in the work tree, whose modules must not stand in for ours.
        return Launch((sys.executable, "-P", "-m", self.module), Assignment.of(context).to_env())

    def encode(self, command: AgentCommand) -> bytes:
        """Return the command as one line of JSON."""
        return command.model_dump_json().encode() + b"\n"

    def decode(self, line: bytes) -> list[AgentEvent]:
        """Return the event of one line; what is not an event becomes a notice that shows its beginning."""
        if not line.strip():
            return []
        try:
            return [_EVENT.validate_json(line)]
        except ValidationError:
            shown = line[:_SHOWN_CHARS].decode("utf-8", "replace").strip()
            return [AgentNotice(level="warning", text=f"the agent printed something that is no event: {shown}")]
