"""Starts real agent processes by fork from one process that has imported everything once.

Each import of the model's SDK takes more than a second. What runs in the child is the agent's own entry point.
"""

from __future__ import annotations

import importlib
import os
import sys
from pathlib import Path

from openai._models import construct_type
from openai.types.chat import ChatCompletionChunk
from openai.types.responses import ResponseStreamEvent

from agents.native.endpoint import _connect
from agents.start import start

SERVE = {
    "agents.acp": "agents.acp.agent",
    "agents.native": "agents.native.agent",
    "agents.mechanic": "agents.mechanic",
    "agents.terminal": "agents.terminal.agent",
}

for _module in (*SERVE.values(), "agents.acp.conversation", "agents.scripted.server"):
    importlib.import_module(_module)

# Building the types of its events takes the SDK as long again.
construct_type(type_=ResponseStreamEvent, value={"type": "response.output_text.delta", "delta": ""})
construct_type(type_=ChatCompletionChunk, value={"id": "", "choices": []})
_connect("http://127.0.0.1:1/v1", "none", 1)


def run(module: str, env: dict[str, str], folder: Path) -> None:
    """Become the agent: its standard streams are named pipes and a file in `folder`."""
    os.setsid()
    os.dup2(os.open(folder / "stdin", os.O_RDWR), 0)
    os.dup2(os.open(folder / "stdout", os.O_WRONLY), 1)
    os.dup2(os.open(folder / "stderr", os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600), 2)
    os.environ.update(env)
    sys.stderr = os.fdopen(2, "w", buffering=1, closefd=False)
    sys.exit(start(importlib.import_module(SERVE[module]).serve))
