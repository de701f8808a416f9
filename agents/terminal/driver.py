"""The supervisor's side of a program in a terminal."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from agents.base import Abilities, LaunchContext, Probe
from agents.environment import named
from agents.lines import LineDriver
from agents.settings import read
from agents.terminal.settings import TerminalSettings


class TerminalDriver(LineDriver):
    """Starts the program's terminal. It promises only what can be kept without a protocol: a screen, and keys."""

    abilities = Abilities(steers=False, resumes=False, asks=False, has_screen=True)
    module = "agents.terminal"
    settings = TerminalSettings

    def variables(self, settings: Mapping[str, object]) -> tuple[str, ...]:
        """Return which of our variables its own `env` names."""
        return named(settings.get("env"))

    def probe(self, settings: Mapping[str, object]) -> Probe:
        """Return which program to look for: what it would do when it is merely started, nobody knows."""
        own = read(TerminalSettings, settings)
        return Probe(argv=own.command, env=own.env)

    def check_settings(self, context: LaunchContext) -> None:
        """Raise `ValueError` naming the first setting that is wrong."""
        self.abilities = replace(self.abilities, resumes=bool(read(TerminalSettings, context.settings).resume))
