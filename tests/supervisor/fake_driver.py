"""The driver of the fake agent, and how it gets behind the real seam under the name of the native one."""

from __future__ import annotations

import sys
from pathlib import Path

from agents import registry
from agents.base import Abilities, Launch, LaunchContext
from agents.lines import LineDriver

PROGRAM = Path(__file__).with_name("fake_agent.py")


class FakeDriver(LineDriver):
    abilities = Abilities(continues_turn=True)
    module = "none"

    def launch(self, context: LaunchContext) -> Launch:
        env = {"FAKE_MEMORY": str(context.memory), "FAKE_SCRIPT": context.task.prompt}
        return Launch((sys.executable, "-I", "-S", str(PROGRAM)), env)


def register() -> None:
    """Let `driver = "native"` mean the fake agent, in this process."""
    registry._MAKERS["native"] = FakeDriver
