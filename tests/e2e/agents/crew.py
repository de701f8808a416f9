"""The real agents as data: their section of cockpit.toml, and what is known of each."""

from __future__ import annotations

from dataclasses import dataclass

from cockpit.sessions.types import SteerOutcome
from tests.e2e.agents.bed import Model


@dataclass(frozen=True, slots=True)
class Hand:
    """One real agent."""

    name: str
    section: str
    """Its settings, without the endpoint."""
    steered: SteerOutcome
    """What becomes of a redirect while a command runs."""
    is_told_at_once: bool = True
    """It hears why something was denied while it works on, not after that."""
    asks_before_edits: bool = True
    remembers_cut_calls: bool = True
    """A tool call that was interrupted is part of its conversation."""
    needs_origin: bool = False
    """Its endpoint is the server's root: the protocol says the version itself."""

    def settings(self, model: Model) -> str:
        """Return its section of cockpit.toml, pointed at a scripted model."""
        endpoint = model.origin if self.needs_origin else model.url
        return f'[agents.{self.name}]\n{self.section}\nbase_url = "{endpoint}"\n'


CREW = (
    Hand(
        "codex",
        'driver = "codex"\nmodel = "gpt-5.5"\nmode = "untrusted"',
        SteerOutcome.INJECTED,
    ),
    Hand(
        "claude",
        'driver = "acp"\ncommand = ["claude-agent-acp"]',
        SteerOutcome.INJECTED,
        needs_origin=True,
    ),
    Hand(
        "gemini",
        'driver = "acp"\ncommand = ["gemini", "--acp"]\nmodel = "gemini-2.5-pro"',
        SteerOutcome.QUEUED,
        is_told_at_once=False,
        remembers_cut_calls=False,
        needs_origin=True,
    ),
    Hand(
        "opencode",
        'driver = "acp"\ncommand = ["opencode", "acp"]\nmodel = "scripted"',
        SteerOutcome.INJECTED,
        is_told_at_once=False,
    ),
    Hand(
        "codex_acp",
        'driver = "acp"\ncommand = ["codex-acp"]\nmodel = "gpt-5.5"',
        SteerOutcome.INJECTED,
        asks_before_edits=False,
    ),
)
