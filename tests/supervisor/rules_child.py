"""`python -m tests.supervisor.rules_child REPOSITORY`: a supervisor that dies right before or after a branch moves."""

from __future__ import annotations

import os
import runpy
import signal
from typing import Any

from cockpit.providers.git import Repository
from tests.supervisor import fake_driver

MOMENT = "DIE_AT"

_land = Repository.land


async def _dying(self: Repository, *words: Any) -> Any:
    if os.environ[MOMENT] == "before":
        os.kill(os.getpid(), signal.SIGKILL)
    await _land(self, *words)
    os.kill(os.getpid(), signal.SIGKILL)


if __name__ == "__main__":
    setattr(Repository, "land", _dying)  # noqa: B010 - the moment of death is the test
    fake_driver.register()
    runpy.run_module("cockpit.supervisor", run_name="__main__", alter_sys=True)
