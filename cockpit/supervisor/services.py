"""What the sessions of one supervisor share. Made once by the daemon, handed to everything it composes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from cockpit.checks.repo import CheckCache
from cockpit.checks.runtime import CheckRunner
from cockpit.checks.runtime.runner import RunProcess
from cockpit.config import Config
from cockpit.providers.clock import Clock
from cockpit.providers.git import Repository
from cockpit.providers.paths import Paths
from cockpit.providers.sandbox import Sandbox
from cockpit.sessions.runtime.spool_watch import SpoolWatcher
from cockpit.sessions.types import AgentEvent
from cockpit.supervisor.record import Record
from cockpit.types import SessionId

if TYPE_CHECKING:
    from cockpit.supervisor.approvals import Approvals
    from cockpit.supervisor.landing import Landing
    from cockpit.supervisor.memory import Memory
    from cockpit.supervisor.rules.decisions import RuleDecisions
    from cockpit.supervisor.rules.in_force import RulesInForce
    from cockpit.supervisor.senses import Senses


OWNER_MARKER = "COCKPIT_OWNER"
"""Variable that names the supervisor in each process that is its own (checks, set-up, apps), agents excepted: what a
crash of ours leaves behind is found by it, and ended by the next supervisor."""


@dataclass(slots=True)
class Services:
    """The shared parts. `config` is replaced when cockpit.toml changes."""

    record: Record
    config: Config
    repository: Repository
    paths: Paths
    clock: Clock
    sandbox: Sandbox
    checks: CheckRunner
    spools: SpoolWatcher
    outputs: CheckCache
    run: RunProcess
    """Runs a command whose processes are found again after a crash of ours."""
    progress: Callable[[SessionId, AgentEvent], None]
    is_watched: Callable[[SessionId], bool]
    fleet_used_up: str = ""
    """Which limit of the fleet is reached, for people; empty: none. Judged by the daemon."""
    approvals: Approvals = field(init=False)
    """What is answered without a human; set by the daemon, like the merge queues."""
    landing: Landing = field(init=False)
    """The merge queues; set by the daemon, which makes them out of the other parts."""
    rules: RulesInForce = field(init=False)
    """The rules that changes are held to; set by the daemon."""
    memory: Memory = field(init=False)
    """What is known of mistakes and remarks; set by the daemon, like the merge queues."""
    rule_decisions: RuleDecisions = field(init=False)
    """Puts people's decisions on rules on the branch; set by the daemon."""
    senses: Senses = field(init=False)
    """The tools that agents are given; set by the daemon, like the merge queues."""

    def marked(self, env: Mapping[str, str]) -> dict[str, str]:
        """Return the environment of a process that must not outlive the supervisor for long."""
        return {**env, OWNER_MARKER: owner(self.paths)}


def owner(paths: Paths) -> str:
    """Return what marks the processes of this repository's supervisor, whichever process that is."""
    return str(paths.state)
