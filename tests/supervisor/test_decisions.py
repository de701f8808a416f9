"""What people decide, in every state a session can be in."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from cockpit.journal.types import AttentionRaised, CommandSent, DecisionMade
from cockpit.protocol.client import CommandFailed
from cockpit.protocol.types import AnswerRequest, Approve, Attention, Redirect, Reject, Resume, Stop, Undo
from cockpit.sessions.types import AgentMessage, AnswerDecision, AttentionKind, TurnStarted
from tests.supervisor.world import CHECK, CONFIG, S, World, git, is_alive, make_repository, open_world

SLOW_MERGE = """
[checks.gate]
command = ["/bin/sh", "-c", "while [ ! -e {gate} ]; do sleep 0.02; done"]
parser = "exit-code"
when = "merge"
"""


def config_with_gate(gate: Path) -> str:
    return CONFIG + CHECK + SLOW_MERGE.replace("{gate}", str(gate))


async def test_a_redirect_steers_a_running_turn(world: World, tmp_path: Path) -> None:
    ana = await world.start()
    go = tmp_path / "go"
    one = await ana.task(f"wait {go}", "write never.txt no")
    await ana.said(one, TurnStarted)
    await ana.call(Redirect(session=one, text="!write a.txt steered", attention=Attention(looked_s=1, keys=4)))
    assert (await ana.said(one, AgentMessage))[0].text.startswith("steered")
    go.touch()
    ready = await ana.status(one, S.READY)
    assert ready.turn == 1
    assert (world.workspace(one) / "a.txt").read_text() == "steered\n"
    assert [c.command.op for c in await ana.kind(one, CommandSent, 2)][:2] == ["send", "steer"]


async def test_a_redirect_after_the_turn_gets_a_turn_of_its_own_before_any_check(world: World, tmp_path: Path) -> None:
    ana = await world.start()
    go = tmp_path / "go"
    one = await ana.task(f"wait {go}\nwrite a.txt first")
    await ana.said(one, TurnStarted)
    await ana.call(Redirect(session=one, text="!write b.txt second", after_turn=True))
    go.touch()
    ready = await ana.status(one, S.READY)
    assert ready.turn == 2
    assert ready.round == 1
    assert (world.workspace(one) / "b.txt").exists()


@pytest.mark.parametrize(
    ("turns", "status"),
    [
        (("write a.txt ok",), S.READY),
        (("say nothing",), S.PAUSED),  # it changed nothing
        (("fail for no reason",), S.FAILED),
        (("exit 3",), S.INTERRUPTED),
    ],
)
async def test_a_redirect_resumes_an_agent_at_rest(world: World, turns: tuple[str, ...], status: S) -> None:
    ana = await world.start()
    one = await ana.task(*turns)
    await ana.status(one, status)
    assert len(ana.state.attention) == 1
    await ana.call(Redirect(session=one, text="!write b.txt more", attention=Attention(keys=1)))
    await ana.until(lambda: ana.session(one).status is S.READY and ana.session(one).turn >= 2)
    assert (world.workspace(one) / "b.txt").read_text() == "more\n"
    assert ana.session(one).run == 2
    assert ana.state.stats.keys == 1
    seen = world.seen(one)
    assert len(seen) == len(set(seen))


async def test_a_redirect_cancels_checks(tmp_path: Path, home: Path) -> None:
    slow = '[checks.slow]\ncommand = ["/bin/sh", "-c", "test -e b.txt || sleep 60"]\nparser = "exit-code"\n'
    async with open_world(make_repository(tmp_path / "repo", CONFIG + slow)) as world:
        ana = await world.start()
        one = await ana.task("write a.txt ok")
        await ana.until(lambda: one in ana.state.sessions and ana.session(one).running_checks)
        await ana.call(Redirect(session=one, text="!write b.txt more"))
        ready = await ana.status(one, S.READY)
        assert ready.turn == 2


async def test_what_is_said_before_the_agent_begins_is_told_with_the_task(world: World) -> None:
    world.repository.joinpath("cockpit.toml").write_text(CONFIG.replace("8", "1"))
    ana = await world.start()
    first = await ana.task("ask me")
    await ana.status(first, S.WAITING)
    second = await ana.task("write a.txt plain")
    await ana.status(second, S.QUEUED)
    await ana.call(Redirect(session=second, text="!write b.txt said early"))
    await ana.call(AnswerRequest(session=first, request="me", decision=AnswerDecision.ONCE))
    await ana.status(second, S.READY)
    assert (world.workspace(second) / "b.txt").exists()


async def test_approval_is_bound_to_a_commit_and_undone_while_it_is_tested(tmp_path: Path, home: Path) -> None:
    gate = tmp_path / "gate"
    async with open_world(make_repository(tmp_path / "repo", config_with_gate(gate))) as world:
        ana = await world.start()
        one = await ana.task("write a.txt ok")
        ready = await ana.status(one, S.READY)
        with pytest.raises(CommandFailed, match="no longer the one"):
            await ana.call(Approve(session=one, commit="0" * 40))
        assert not ana.state.decisions
        await ana.call(Approve(session=one, commit=ready.commit))
        await ana.until(lambda: ana.state.queue and ana.state.queue[0].status == "testing")
        assert (await ana.call(Undo()))["undone"] == "approve"
        assert (await ana.status(one, S.READY)).reason == "approval undone"
        assert not ana.state.queue
        assert [item.kind for item in ana.state.attention.values()] == [AttentionKind.READY]
        await ana.call(Approve(session=one, commit=ready.commit))
        gate.touch()
        await ana.status(one, S.LANDED)
        with pytest.raises(CommandFailed, match="already"):
            await ana.call(Undo())


async def test_a_redirect_takes_a_change_out_of_the_queue_first(tmp_path: Path, home: Path) -> None:
    gate = tmp_path / "gate"
    async with open_world(make_repository(tmp_path / "repo", config_with_gate(gate))) as world:
        ana = await world.start()
        one = await ana.task("write a.txt ok")
        await ana.status(one, S.READY)
        await ana.call(Approve(session=one))
        await ana.status(one, S.LANDING)
        await ana.call(Redirect(session=one, text="!write b.txt more"))
        await ana.until(lambda: ana.session(one).status is S.READY and ana.session(one).turn == 2)
        assert not ana.state.queue
        assert git(world.repository, "rev-list", "--count", "main") == "1"
        gate.touch()


async def test_a_rejected_change_keeps_its_branch_and_what_was_not_committed(world: World, tmp_path: Path) -> None:
    ana = await world.start()
    one = await ana.task(f"write a.txt half\nspawn\nwait {tmp_path / 'gate'}")
    daemon = world.workspace(one) / "daemon.pid"
    await ana.said(one, TurnStarted)
    while not (daemon.exists() and daemon.read_text()):
        await asyncio.sleep(0.01)
    await ana.call(Reject(session=one, reason="no"))
    rejected = await ana.status(one, S.REJECTED)
    assert rejected.workspace is not None
    assert git(world.repository, "show", f"{rejected.workspace.branch}:a.txt") == "half"
    assert not is_alive(int(daemon.read_text()))
    assert not ana.state.attention
    assert ana.state.stats.rejected == 1
    assert (await ana.call(Undo()))["undone"] == "reject"
    await ana.status(one, S.INTERRUPTED)
    assert ana.state.stats.rejected == 0
    await ana.call(Redirect(session=one, text="!write b.txt rest"))
    (tmp_path / "gate").touch()
    await ana.status(one, S.READY)


async def test_an_undone_rejection_of_a_clean_change_is_ready_again(world: World) -> None:
    ana = await world.start()
    one = await ana.task("write a.txt ok")
    await ana.status(one, S.READY)
    await ana.call(Reject(session=one))
    await ana.status(one, S.REJECTED)
    await ana.call(Undo())
    await ana.status(one, S.READY)
    await ana.call(Approve(session=one))
    await ana.status(one, S.LANDED)


async def test_an_answer_goes_on_and_is_charged_once(world: World) -> None:
    ana = await world.start()
    one = await ana.task("ask colour\nwrite a.txt blue")
    await ana.status(one, S.WAITING)
    assert [item.request for item in ana.state.attention.values()] == ["colour"]
    answer = AnswerRequest(
        session=one, request="colour", decision=AnswerDecision.ONCE, text="blue", attention=Attention(keys=7)
    )
    await ana.call(answer)
    await ana.status(one, S.READY)
    assert ana.state.stats.keys == 7
    with pytest.raises(CommandFailed, match="no longer open"):
        await ana.call(answer)


async def test_a_deaf_agent_is_ended_within_its_grace(world: World) -> None:
    ana = await world.start()
    one = await ana.task("deaf")
    await ana.until(lambda: one in ana.state.sessions and ana.session(one).headline == "deaf now")
    await ana.call(Stop(session=one))
    stopped = await ana.status(one, S.INTERRUPTED)
    assert stopped.reason.startswith("stopped by")
    await ana.call(Resume(session=one, text="!write a.txt ok"))
    await ana.status(one, S.READY)


async def test_a_failed_decision_leaves_no_trace(world: World) -> None:
    ana = await world.start()
    one = await ana.task("fail now")
    await ana.status(one, S.FAILED)
    world.repository.joinpath("cockpit.toml").write_text(CONFIG.replace("fake", "other"))
    await ana.until(lambda: "other" in ana.state.agents)
    with pytest.raises(CommandFailed, match="no agent"):
        await ana.call(Redirect(session=one, text="go on"))
    assert not await ana.kind(one, DecisionMade, 0)
    assert ana.session(one).status is S.FAILED
    assert [item.kind for item in ana.state.attention.values()] == [AttentionKind.FAILED]
    assert len(await ana.kind(one, AttentionRaised)) == 1


async def test_unattended_approval_is_narrowed_by_the_task(world: World) -> None:
    ana = await world.start()
    one = await ana.task("write a.txt ok", paths=("docs/**",))
    await ana.status(one, S.READY)
    with pytest.raises(CommandFailed, match=r"a\.txt is not among"):
        await ana.call(Approve(session=one, policy="clean"))
    with pytest.raises(CommandFailed, match="allows no unattended"):
        await ana.call(Approve(session=one, policy="policy"))
    assert not ana.state.decisions
