"""Starts real agent processes by fork from one process that has imported everything once.

Each import of the model's SDK takes more than a second. What runs in the child is the agent's own entry point.
"""

from __future__ import annotations

import importlib
import os
import sys
from pathlib import Path

import openai.resources.chat.completions
import openai.resources.responses  # noqa: F401 - imported for the children

from agents.start import start

SERVE = {"agents.native": "agents.native.agent", "agents.mechanic": "agents.mechanic"}


def run(module: str, env: dict[str, str], folder: Path) -> None:
    """Become the agent: its standard streams are named pipes and a file in `folder`."""
    os.setsid()
    os.dup2(os.open(folder / "stdin", os.O_RDWR), 0)
    os.dup2(os.open(folder / "stdout", os.O_WRONLY), 1)
    os.dup2(os.open(folder / "stderr", os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600), 2)
    os.environ.update(env)
    sys.stderr = os.fdopen(2, "w", buffering=1, closefd=False)
    sys.exit(start(importlib.import_module(SERVE[module]).serve))
