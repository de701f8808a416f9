"""The supervisor's side of the native agent."""

from __future__ import annotations

from collections.abc import Mapping

from pydantic import ValidationError

from agents.base import Abilities, LaunchContext
from agents.lines import LineDriver
from agents.native.settings import NativeSettings


class NativeDriver(LineDriver):
    """Starts the native agent."""

    abilities = Abilities(continues_turn=True)
    module = "agents.native"

    def variables(self, settings: Mapping[str, object]) -> tuple[str, ...]:
        """Return the variables of the OpenAI client, and that of the key."""
        key = str(settings.get("api_key_env") or "OPENAI_API_KEY")
        return ("OPENAI_BASE_URL", "OPENAI_ORG_ID", "OPENAI_PROJECT_ID", key)

    def check_settings(self, context: LaunchContext) -> None:
        """Raise `ValueError` naming the first setting that is wrong."""
        try:
            settings = NativeSettings.model_validate(dict(context.settings))
        except ValidationError as error:
            first = error.errors(include_url=False)[0]
            where = ".".join(str(part) for part in first["loc"])
            raise ValueError(f"agent settings: {where + ': ' if where else ''}{first['msg']}") from None
        if settings.script is not None and not (context.workspace / settings.script).is_absolute():
            raise ValueError("agent settings: script: the workspace must be an absolute path")
