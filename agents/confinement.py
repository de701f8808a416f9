"""How the commands of our own agents are confined: their sandbox and the environment they see."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from agents.assignment import Assignment
from cockpit.providers.process_tree import SESSION_MARKER
from cockpit.providers.sandbox import Policy, Sandbox, scrubbed_env

_GO_THERE = 'cd "$1" && shift && exec "$@"'


class Confinement:
    """Wraps the commands of one session."""

    def __init__(self, assignment: Assignment, sandbox: Sandbox) -> None:
        """Confine to the workspace and the scratch folder; neither the agent's memory nor what is hidden is seen."""
        assignment.scratch.mkdir(parents=True, exist_ok=True)
        self._sandbox = sandbox
        self._workspace = assignment.workspace
        self._scratch = assignment.scratch
        self._hidden = (*assignment.hidden, assignment.memory)
        marker = {SESSION_MARKER: os.environ[SESSION_MARKER]} if SESSION_MARKER in os.environ else {}
        self.env = scrubbed_env({**marker, **assignment.env, "TMPDIR": str(assignment.scratch)})

    @property
    def is_active(self) -> bool:
        """Whether commands are really confined."""
        return self._sandbox.is_active

    @property
    def description(self) -> str:
        """How, for people; empty where they are not."""
        return self._sandbox.describe() if self._sandbox.is_active else ""

    @property
    def problem(self) -> str:
        """Why commands are not confined; empty where they are."""
        return "" if self._sandbox.is_active else self._sandbox.describe()

    def wrap(
        self, argv: Sequence[str], cwd: Path, *, network: bool = False, writable: Sequence[Path] = ()
    ) -> list[str]:
        """Return the command line that runs `argv` confined in `cwd`, or `argv` itself where there is no sandbox.

        Raises `cockpit.providers.sandbox.SandboxError` when a writable folder is not there.
        """
        policy = Policy(
            workspace=self._workspace,
            tmp=self._scratch,
            writable=tuple(writable),
            hidden=self._hidden,
            network=network,
        )
        # The sandbox begins in the workspace's root, wherever it was started.
        there = ["/bin/sh", "-c", _GO_THERE, "sh", str(cwd)] if cwd != self._workspace else []
        return self._sandbox.wrap([*there, *argv], policy)
