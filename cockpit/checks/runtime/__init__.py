"""What runs: the commands of checks, on workspaces, confined and cancellable."""

from cockpit.checks.runtime.runner import CheckRunner, Confine, RunProcess
from cockpit.checks.runtime.target import Target

__all__ = ["CheckRunner", "Confine", "RunProcess", "Target"]
