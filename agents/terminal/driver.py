"""The supervisor's side of a program in a terminal."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from pydantic import ValidationError

from agents.base import Abilities, LaunchContext
from agents.environment import named
from agents.lines import LineDriver
from agents.terminal.settings import TerminalSettings


class TerminalDriver(LineDriver):
    """Starts the program's terminal. It promises only what can be kept without a protocol: a screen, and keys."""

    abilities = Abilities(steers=False, resumes=False, asks=False, has_screen=True)
    module = "agents.terminal"

    def variables(self, settings: Mapping[str, object]) -> tuple[str, ...]:
        """Return which of our variables its own `env` names."""
        return named(settings.get("env"))

    def check_settings(self, context: LaunchContext) -> None:
        """Raise `ValueError` naming the first setting that is wrong."""
        try:
            settings = TerminalSettings.model_validate(dict(context.settings))
        except ValidationError as error:
            first = error.errors(include_url=False)[0]
            where = ".".join(str(part) for part in first["loc"])
            raise ValueError(f"agent settings: {where + ': ' if where else ''}{first['msg']}") from None
        self.abilities = replace(self.abilities, resumes=bool(settings.resume))
