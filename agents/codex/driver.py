"""The supervisor's side of a codex agent."""

from __future__ import annotations

from collections.abc import Mapping

from agents.base import Abilities, LaunchContext
from agents.codex.settings import CodexSettings
from agents.environment import named
from agents.lines import LineDriver


class CodexDriver(LineDriver):
    """Starts the bridge to `codex app-server`."""

    abilities = Abilities(forks=True, reviews=True)
    module = "agents.codex"

    def variables(self, settings: Mapping[str, object]) -> tuple[str, ...]:
        """Return the variables of codex's own log-in and endpoint, and those that the settings refer to."""
        own = settings.get("api_key_env")
        return (
            *("OPENAI_API_KEY", "OPENAI_BASE_URL", "CODEX_API_KEY", "CODEX_HOME"),
            *((str(own),) if own else ()),
            *named(settings.get("env")),
        )

    def check_settings(self, context: LaunchContext) -> None:
        """Raise `ValueError` naming the first setting that is wrong."""
        CodexSettings.of(dict(context.settings))
