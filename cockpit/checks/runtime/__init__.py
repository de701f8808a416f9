"""What runs: the commands of checks, on workspaces, confined and cancellable."""

from cockpit.checks.runtime.runner import CheckRunner, Completed, Confine, RunProcess
from cockpit.checks.runtime.target import Target

__all__ = ["CheckRunner", "Completed", "Confine", "RunProcess", "Target"]
