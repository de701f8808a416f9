"""The supervisor's side of a codex agent."""

from __future__ import annotations

from collections.abc import Mapping

from agents.base import Abilities, Probe
from agents.codex.settings import INSTALL, NEEDED, CodexSettings
from agents.environment import named
from agents.lines import LineDriver
from agents.probe import greeting
from agents.settings import read
from cockpit import __version__


class CodexDriver(LineDriver):
    """Starts the bridge to `codex app-server`."""

    abilities = Abilities(forks=True, reviews=True, continues_turn=True)
    module = "agents.codex"
    settings = CodexSettings

    def variables(self, settings: Mapping[str, object]) -> tuple[str, ...]:
        """Return the variables of codex's own log-in and endpoint, and those that the settings refer to."""
        own = settings.get("api_key_env")
        return (
            *("OPENAI_API_KEY", "OPENAI_BASE_URL", "CODEX_API_KEY", "CODEX_HOME"),
            *((str(own),) if own else ()),
            *named(settings.get("env")),
        )

    def probe(self, settings: Mapping[str, object]) -> Probe:
        """Return how to greet `codex app-server`."""
        own = read(CodexSettings, settings)
        return Probe(
            argv=(*own.argv(), "app-server"),
            hello=greeting({"clientInfo": {"name": "cockpit", "title": "Cockpit", "version": __version__}}),
            env=own.env,
            home={"CODEX_HOME": ""},
            install=INSTALL,
            log_in="" if own.base_url else "`codex login`, or OPENAI_API_KEY",
            oldest=NEEDED,
            keys=("OPENAI_API_KEY", "CODEX_API_KEY", *([own.api_key_env] if own.api_key_env else [])),
            log_ins=(".codex/auth.json",),
        )
