"""The supervisor's side of an agent that speaks ACP."""

from __future__ import annotations

from agents.acp.settings import read
from agents.base import Abilities, LaunchContext
from agents.lines import LineDriver


class AcpDriver(LineDriver):
    """Starts the bridge to an ACP agent."""

    abilities = Abilities(forks=True)
    module = "agents.acp"

    def check_settings(self, context: LaunchContext) -> None:
        """Raise `ValueError` naming the first setting that is wrong."""
        read(dict(context.settings))
