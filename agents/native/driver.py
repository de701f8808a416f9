"""The supervisor's side of the native agent."""

from __future__ import annotations

from collections.abc import Mapping

from agents.base import Abilities
from agents.lines import LineDriver
from agents.native.settings import NativeSettings


class NativeDriver(LineDriver):
    """Starts the native agent."""

    abilities = Abilities(continues_turn=True)
    module = "agents.native"
    settings = NativeSettings

    def variables(self, settings: Mapping[str, object]) -> tuple[str, ...]:
        """Return the variables of the OpenAI client, and that of the key."""
        key = str(settings.get("api_key_env") or "OPENAI_API_KEY")
        return ("OPENAI_BASE_URL", "OPENAI_ORG_ID", "OPENAI_PROJECT_ID", key)
