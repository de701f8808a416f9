"""Which agents of cockpit.toml cannot be started here, because their program is not on this machine."""

from __future__ import annotations

from agents.probe import missing
from agents.registry import driver
from cockpit.config import Config
from cockpit.sessions.config import AgentConfig


def missing_agents(config: Config) -> tuple[str, ...]:
    """Return the names of the agents whose program is not there. Blocks for as long as a look into PATH takes."""
    return tuple(name for name, agent in config.agents.items() if missing_program(agent))


def missing_program(agent: AgentConfig) -> str:
    """Return that the agent's program is not on this machine, and how to get it; empty: it is, or it needs none."""
    try:
        probe = driver(agent.driver).probe(agent.settings)
    except ValueError:
        return ""  # settings that are wrong are told when it is started
    return missing(probe) if probe is not None else ""
