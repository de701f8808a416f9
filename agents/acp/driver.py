"""The supervisor's side of an agent that speaks ACP."""

from __future__ import annotations

from collections.abc import Mapping

from agents.acp.profiles import profile_of
from agents.acp.settings import AcpSettings
from agents.base import Abilities, Probe
from agents.environment import named
from agents.lines import LineDriver
from agents.probe import greeting
from agents.settings import read


class AcpDriver(LineDriver):
    """Starts the bridge to an ACP agent."""

    abilities = Abilities(forks=True, continues_turn=True)
    module = "agents.acp"
    settings = AcpSettings

    def variables(self, settings: Mapping[str, object]) -> tuple[str, ...]:
        """Return the variables of the agent's own log-in and endpoint, and those that the settings refer to."""
        command = settings.get("command")
        words = [str(word) for word in command] if isinstance(command, list | tuple) else []
        key = settings.get("api_key_env")
        return (*profile_of(words).variables, *((str(key),) if key else ()), *named(settings.get("env")))

    def probe(self, settings: Mapping[str, object]) -> Probe:
        """Return how to greet the agent."""
        own = read(AcpSettings, settings)
        profile = profile_of(own.command)
        return Probe(
            argv=own.command,
            hello=greeting({"protocolVersion": 1, "clientCapabilities": {}}),
            env={**profile.env, **own.env},
            home=profile.home,
            install=profile.install,
            log_in="" if own.base_url else profile.log_in,
            node_major=profile.node_major,
            keys=tuple(name for name in profile.variables if name.endswith(("_KEY", "_TOKEN"))),
            log_ins=tuple(profile.log_ins),
        )
