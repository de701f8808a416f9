"""What the sessions of one supervisor share. Made once by the daemon, handed to everything it composes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from cockpit.checks.repo import CheckCache
from cockpit.checks.runtime import CheckRunner
from cockpit.config import Config
from cockpit.providers.clock import Clock
from cockpit.providers.git import Repository
from cockpit.providers.paths import Paths
from cockpit.providers.sandbox import Sandbox
from cockpit.sessions.spool_watch import SpoolWatcher
from cockpit.sessions.types import AgentEvent
from cockpit.supervisor.record import Record
from cockpit.types import SessionId

if TYPE_CHECKING:
    from cockpit.supervisor.landing import Landing


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
    progress: Callable[[SessionId, AgentEvent], None]
    landing: Landing = field(init=False)
    """The merge queues; set by the daemon, which makes them out of the other parts."""
