"""What an agent has heard of findings, and when it may be said that it changed nothing about them."""

from __future__ import annotations

from pathlib import Path

import pytest

from agents import registry
from agents.base import Abilities
from cockpit.journal.types import ChangeMeasured, CheckFinished, CommandSent, FindingsSent
from cockpit.journal.types.rules import RuleTold
from cockpit.protocol.types import Redirect
from cockpit.sessions.types import Send, Steer
from tests.supervisor.fake_driver import FakeDriver
from tests.supervisor.test_rules import accepting, write_rule
from tests.supervisor.world import CHECK, CONFIG, S, git, make_repository, open_world

GATED = """
[checks.slow]
command = ["/bin/sh", "-c", "until [ -e {gate} ]; do sleep 0.02; done"]
parser = "exit-code"
"""


async def test_a_finding_told_as_a_turn_ends_gets_a_turn_of_its_own(tmp_path: Path, home: Path) -> None:
    gate = tmp_path / "gate"
    async with open_world(make_repository(tmp_path / "repo", CONFIG + CHECK)) as world:
        ana = await world.start()
        session = await ana.task("write a.py print(1)", f"wait {gate}", "write a.py log.info(1)")
        await ana.status(session, S.READY)
        await ana.call(Redirect(session=session, text="look at it once more"))
        await ana.status(session, S.WORKING)
        await ana.call(accepting())
        (first,) = await ana.kind(session, FindingsSent)
        assert first.is_steered
        gate.touch()  # the turn ends with nothing changed
        second = (await ana.kind(session, FindingsSent, 2))[1]
        assert [finding.code for finding in second.new] == ["no-print"]  # in full, as if for the first time
        await ana.until(lambda: ana.session(session).status is S.READY and ana.session(session).turn == 3)
        assert ana.session(session).told == ()


async def test_an_agent_that_does_nothing_in_a_turn_of_its_own_is_stopped(tmp_path: Path, home: Path) -> None:
    gate = tmp_path / "gate"
    async with open_world(make_repository(tmp_path / "repo", CONFIG + CHECK)) as world:
        ana = await world.start()
        session = await ana.task(f"write a.py print(1)\nwait {gate}", "say no", "say no")
        await ana.kind(session, ChangeMeasured)
        await ana.call(accepting())
        await ana.kind(session, FindingsSent)
        gate.touch()
        state = await ana.status(session, S.PAUSED)
        assert "changed nothing about them" in state.reason
        assert state.turn == 2
        assert len(await ana.kind(session, FindingsSent)) == 2


async def test_findings_of_a_round_that_a_crash_cut_off_are_told_in_full(tmp_path: Path, home: Path) -> None:
    gate = tmp_path / "gate"
    repository = make_repository(tmp_path / "repo", CONFIG + GATED.format(gate=gate))
    write_rule(repository)
    git(repository, "add", "-A")
    git(repository, "commit", "-q", "-m", "a rule")
    async with open_world(repository) as world:
        ana = await world.start()
        session = await ana.task("write a.py print(1)", "write a.py log.info(1)")
        (result,) = [event.result for event in await ana.kind(session, CheckFinished)]
        assert result.check == "rules"
        await world.kill()
        await ana.close()
        ana = await world.start()
        gate.touch()
        (sent,) = await ana.kind(session, FindingsSent)
        assert [finding.code for finding in sent.new] == ["no-print"]
        await ana.status(session, S.READY)
        (mistake,) = ana.state.mistakes.values()
        assert (mistake.fingerprint, mistake.sessions) == ("rules:no-print", (session,))


class Unsteerable(FakeDriver):
    """An agent that hears nothing in the middle of a turn, as a plain program in a terminal."""

    abilities = Abilities(steers=False, continues_turn=True)


async def test_an_agent_that_cannot_be_steered_hears_of_a_rule_with_its_next_turn(
    tmp_path: Path, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(registry._MAKERS, "native", Unsteerable)
    gate = tmp_path / "gate"
    async with open_world(make_repository(tmp_path / "repo", CONFIG)) as world:
        ana = await world.start()
        session = await ana.task(f"write a.py print(1)\nwait {gate}", "write a.py log.info(1)")
        await ana.kind(session, ChangeMeasured)
        await ana.call(accepting())
        await ana.until(lambda: ana.state.rules.books["no-print"].fired == 1)
        assert not [one for one in ana.events if isinstance(one.event, FindingsSent)]
        gate.touch()
        await ana.status(session, S.READY)
        (_task, told) = [event.command.text for event in await ana.kind(session, CommandSent) if is_message(event)]
        assert "a.py" in told
        assert [line for line in told.splitlines() if line.startswith("- no-print: ")] == [
            "- no-print: print() loses its context Do this: use log.info() Good: log.info(1)"
        ]
        assert (await ana.kind(session, RuleTold))[0].rules == ("no-print",)


def is_message(event: CommandSent) -> bool:
    return isinstance(event.command, Send | Steer)
