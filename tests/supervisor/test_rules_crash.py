"""A rule is accepted while the supervisor dies: the decision holds, and is carried out once."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from cockpit.protocol.client import SupervisorGone
from cockpit.protocol.rules import RetireRule
from cockpit.protocol.types import Undo
from cockpit.types import SessionId
from tests.supervisor.rules_child import MOMENT
from tests.supervisor.test_crash import ROOT, Child
from tests.supervisor.test_rules import accepting
from tests.supervisor.world import CONFIG, Person, S, World, git, make_repository


async def started(world: World, moment: str) -> tuple[Person, subprocess.Popen[bytes]]:
    """Start a supervisor that is going to die at a moment of the decision."""
    command = [sys.executable, "-m", "tests.supervisor.rules_child", str(world.repository)]
    process = subprocess.Popen(command, cwd=ROOT, env={**os.environ, MOMENT: moment})
    while True:
        try:
            return await world.person(), process
        except (SupervisorGone, TimeoutError):  # it is on its way, however busy the machine is
            assert process.poll() is None
            await asyncio.sleep(0.01)


def steers(world: World, session: SessionId) -> int:
    """Return how often the agent was spoken to in the middle of a turn."""
    file = world.paths.spool / session / "memory" / "seen"
    return sum(line.endswith(" steer") for line in file.read_text().splitlines())


@pytest.mark.parametrize(
    "moment", ["before", "after", "before, and somebody else moves the branch", "in force", "told"]
)
async def test_a_decision_on_a_rule_outlives_the_supervisor(tmp_path: Path, home: Path, moment: str) -> None:
    world = World(make_repository(tmp_path / "repo", CONFIG))
    gate = tmp_path / "gate"
    ana, process = await started(world, moment.partition(",")[0])
    turns = (f"write a.py print(1)\nwait {gate}", "write a.py log.info(1)")
    sessions = [await ana.task(*turns, title=f"offends {n}") for n in range(2)]
    await ana.until(lambda: all(ana.session(one).change for one in sessions))
    with contextlib.suppress(SupervisorGone):  # once it is in force, the answer may be quicker than the end
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
        await ana.until(lambda one=one: [f.code for f in ana.session(one).findings] == ["no-print"])  # type: ignore[misc]
        await ana.until(lambda one=one: not ana.session(one).rule_news)  # type: ignore[misc]
    gate.touch()
    for one in sessions:
        await ana.status(one, S.READY)
    assert (await ana.call(Undo()))["undone"] == "rule"
    assert not (world.repository / ".cockpit").exists()
    for one in sessions:
        assert steers(world, one) == 1
    assert ana.state.rules.books["no-print"].fired == 2
    await child.end(signal.SIGTERM)
    await ana.close()


@pytest.mark.parametrize("moment", ["in force", "told"])
async def test_who_was_ready_is_checked_again_after_the_crash(tmp_path: Path, home: Path, moment: str) -> None:
    world = World(make_repository(tmp_path / "repo", CONFIG))
    ana, process = await started(world, moment)
    turns = ("write a.py print(1)", "write a.py log.info(1)")
    sessions = [await ana.task(*turns, title=f"offends {n}") for n in range(2)]
    for one in sessions:
        await ana.status(one, S.READY)
    with contextlib.suppress(SupervisorGone):
        await ana.call(accepting())
    assert await asyncio.to_thread(process.wait, 20) == -signal.SIGKILL
    await ana.close()
    child = Child(world)
    ana = await child.start()
    for one in sessions:
        await ana.until(lambda one=one: ana.session(one).status is S.READY and ana.session(one).turn == 2)  # type: ignore[misc]
        assert git(world.workspace(one), "show", "HEAD:a.py") == "log.info(1)"
    await child.end(signal.SIGTERM)
    await ana.close()


@pytest.mark.parametrize("moment", ["before", "after"])
@pytest.mark.parametrize("command", [RetireRule(rule="no-print"), Undo()])
async def test_what_takes_a_rule_out_of_force_outlives_the_supervisor(
    tmp_path: Path, home: Path, moment: str, command: RetireRule | Undo
) -> None:
    world = World(make_repository(tmp_path / "repo", CONFIG))
    child = Child(world)
    ana = await child.start()
    await ana.call(accepting())
    await child.end(signal.SIGTERM)
    await ana.close()
    ana, process = await started(world, moment)
    with pytest.raises(SupervisorGone):
        await ana.call(command)
    assert await asyncio.to_thread(process.wait, 20) == -signal.SIGKILL
    await ana.close()
    ana = await child.start()
    await ana.until(lambda: ana.state.rules.books["no-print"].is_retired)
    assert not ana.state.rules.under_way
    assert git(world.repository, "rev-list", "--count", "main", "--", ".cockpit") == "2"
    one = await ana.task("write a.py print(1)")
    await ana.status(one, S.READY)
    await child.end(signal.SIGTERM)
    await ana.close()
