"""The supervisor's side of the native agent."""

from __future__ import annotations

from pydantic import ValidationError

from agents.base import Abilities, LaunchContext
from agents.lines import LineDriver
from agents.native.settings import NativeSettings


class NativeDriver(LineDriver):
    """Starts the native agent."""

    abilities = Abilities(continues_turn=True)
    module = "agents.native"

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
