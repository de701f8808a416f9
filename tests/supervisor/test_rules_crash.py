"""A rule is accepted while the supervisor dies: the decision holds, and is carried out once."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from cockpit.journal.types import FindingsSent
from cockpit.protocol.client import SupervisorGone
from cockpit.protocol.types import Undo
from tests.supervisor.rules_child import MOMENT
from tests.supervisor.test_crash import ROOT, Child
from tests.supervisor.test_rules import accepting
from tests.supervisor.world import CONFIG, Person, S, World, git, make_repository


async def started(world: World, moment: str) -> tuple[Person, subprocess.Popen[bytes]]:
    """Start a supervisor that is going to die when it moves a branch."""
    command = [sys.executable, "-m", "tests.supervisor.rules_child", str(world.repository)]
    process = subprocess.Popen(command, cwd=ROOT, env={**os.environ, MOMENT: moment})
    while True:
        try:
            return await world.person(), process
        except SupervisorGone:
            assert process.poll() is None
            await asyncio.sleep(0.01)


@pytest.mark.parametrize("moment", ["before", "after", "before, and somebody else moves the branch"])
async def test_a_decision_on_a_rule_outlives_the_supervisor(tmp_path: Path, home: Path, moment: str) -> None:
    world = World(make_repository(tmp_path / "repo", CONFIG))
    gate = tmp_path / "gate"
    ana, process = await started(world, moment.partition(",")[0])
    turns = (f"write a.py print(1)\nwait {gate}", "write a.py log.info(1)")
    sessions = [await ana.task(*turns, title=f"offends {n}") for n in range(2)]
    await ana.until(lambda: all(ana.session(one).change for one in sessions))
    with pytest.raises(SupervisorGone):
        await ana.call(accepting())
    assert await asyncio.to_thread(process.wait, 20) == -signal.SIGKILL
    await ana.close()
    if "somebody" in moment:
        git(world.repository, "commit", "-q", "--allow-empty", "-m", "meanwhile")
    child = Child(world)
    ana = await child.start()
    await ana.until(lambda: ana.state.rules.done)
    assert not ana.state.rules.under_way
    assert git(world.repository, "log", "--format=%s", "main", "--", ".cockpit/rules").count("\n") == 0
    assert "no-print" in git(world.repository, "show", "main:.cockpit/rules/no-print.yml")
    for one in sessions:  # told in the middle of the turn, which goes on until the gate opens
        sent = [f.code for event in await ana.kind(one, FindingsSent) for f in event.new]
        assert sent == ["no-print"]
    gate.touch()
    for one in sessions:
        await ana.status(one, S.READY)
    assert (await ana.call(Undo()))["undone"] == "rule"
    assert not (world.repository / ".cockpit").exists()
    await child.end(signal.SIGTERM)
    await ana.close()
