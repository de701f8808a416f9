"""The supervisor dies in every way there is; agents, decisions and work outlive it."""

from __future__ import annotations

import asyncio
import os
import random
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from cockpit.journal.repo import Journal
from cockpit.journal.repo.row import Row
from cockpit.protocol.client import CommandFailed, SupervisorGone
from cockpit.protocol.types import Approve, Down, Redirect, Resume
from cockpit.providers.process_tree import find_marked
from cockpit.sessions.types import SessionStatus, Steered, Task, TurnStarted
from cockpit.supervisor.workspace import MARKER
from cockpit.types import SessionId
from tests.supervisor.world import Person, S, World, git, make_repository

ROOT = Path(__file__).parents[2]
DONE = (S.READY, S.LANDED)


class Child:
    """A supervisor in a process of its own."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.process: subprocess.Popen[bytes] | None = None

    async def start(self) -> Person:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "tests.supervisor.child", str(self.world.repository)], cwd=ROOT, env=dict(os.environ)
        )
        while True:
            try:
                return await self.world.person()
            except SupervisorGone:
                assert self.process.poll() is None
                await asyncio.sleep(0.01)

    async def end(self, signum: int) -> None:
        assert self.process is not None
        self.process.send_signal(signum)
        await asyncio.to_thread(self.process.wait, 20)


async def test_killed_at_random_moments_nothing_acknowledged_is_lost(tmp_path: Path, home: Path) -> None:
    world = World(make_repository(tmp_path / "repo"))
    child = Child(world)
    gates = tmp_path / "gates"
    gates.mkdir()
    ana = await child.start()
    turns = (f"write NAME.txt BAD\nwait {gates}/0", "write NAME.txt good\nflood 200")
    names = [f"s{n}" for n in range(5)]
    tasks = [Task(prompt="\n---\n".join(turns).replace("NAME", name), title=name) for name in names]
    sessions = await ana.tasks(*tasks)
    dice = random.Random(7)
    redirected: list[str] = []
    approved: set[str] = set()
    for crash in range(5):
        await _meddle(ana, sessions, dice, crash, redirected, approved)
        if crash == 2:
            (gates / "0").touch()
        await child.end(signal.SIGKILL)
        await ana.close()
        ana = await child.start()
        assert {s.id for s in ana.state.sessions.values()} == set(sessions)
        texts = {d.text for d in ana.state.decisions}
        assert set(redirected) <= texts
        assert approved <= {d.session for d in ana.state.decisions if d.kind == "approve"}
    await ana.until(lambda: all(ana.session(s).status in (*DONE, S.INTERRUPTED) for s in sessions))
    for one in sessions:
        if ana.session(one).status is S.INTERRUPTED:
            await ana.call(Redirect(session=one, text="go on"))
    await ana.until(lambda: all(ana.session(s).status in DONE for s in sessions))
    for one, name in zip(sessions, names, strict=True):
        seen = world.seen(one)
        assert len(seen) == len(set(seen))  # each command once
        workspace = ana.session(one).workspace
        assert workspace is not None
        assert git(world.repository, "show", f"{workspace.branch}:{name}.txt") == "good"
        if one in approved:
            assert ana.session(one).status is S.LANDED
    git(world.repository, "fsck", "--connectivity-only")
    await ana.call(Down())
    await ana.until(lambda: ana.is_over)
    assert child.process is not None
    assert await asyncio.to_thread(child.process.wait, 20) == 0
    for one in sessions:
        assert find_marked(MARKER, str(world.workspace(one))) == []
    await ana.close()


async def _meddle(
    ana: Person, sessions: list[SessionId], dice: random.Random, crash: int, redirected: list[str], approved: set[str]
) -> None:
    """Decide this and that for a random while."""
    async with asyncio.timeout(10):
        for number in range(dice.randrange(1, 6)):
            one = dice.choice(sessions)
            text = f"remark {crash}.{number}"
            try:
                if ana.session(one).status is SessionStatus.READY:
                    await ana.call(Approve(session=one))
                    approved.add(one)
                else:
                    await ana.call(Redirect(session=one, text=text))
                    redirected.append(text)
            except CommandFailed:
                pass  # it moved on meanwhile
            await asyncio.sleep(dice.random() * 0.15)


async def test_a_terminated_supervisor_leaves_agents_at_work(world: World, tmp_path: Path) -> None:
    ana = await world.start()
    go = tmp_path / "go"
    one = await ana.task(f"wait {go}\nwrite a.txt ok")
    await ana.said(one, TurnStarted)
    await world.kill()
    assert find_marked(MARKER, str(world.workspace(one)))
    go.touch()
    again = await world.start()
    ready = await again.status(one, S.READY)
    assert ready.run == 1
    assert ready.turn == 1


async def test_taking_down_ends_agents_and_says_so(world: World) -> None:
    ana = await world.start()
    one = await ana.task("deaf")
    await ana.until(lambda: one in ana.state.sessions and ana.session(one).headline == "deaf now")
    await ana.call(Down())
    await ana.until(lambda: ana.is_over)
    assert find_marked(MARKER, str(world.workspace(one))) == []
    assert world.serving is not None
    await world.serving
    again = await world.start()
    assert again.session(one).reason == "the cockpit was taken down"
    assert f"{one}:interrupted" in again.state.attention


async def test_an_agent_that_died_meanwhile_is_interrupted(world: World) -> None:
    ana = await world.start()
    gate = world.repository.parent / "gate"
    one = await ana.task(f"wait {gate}")
    await ana.said(one, TurnStarted)
    await world.kill()
    await _die(world, one)
    again = await world.start()
    interrupted = await again.status(one, S.INTERRUPTED)
    assert interrupted.reason.startswith("its agent ended")
    await again.call(Redirect(session=one, text="!write a.txt ok"))
    await again.said(one, Steered)
    gate.touch()
    await again.status(one, S.READY)


async def _die(world: World, session: SessionId) -> None:
    for pid in find_marked(MARKER, str(world.workspace(session))):
        os.kill(pid, signal.SIGKILL)


async def test_a_turn_that_was_cut_is_gone_on_with_and_not_begun_twice(world: World) -> None:
    ana = await world.start()
    gate = world.repository.parent / "gate"
    one = await ana.task(f"write a.txt ok\nwait {gate}")
    await ana.said(one, TurnStarted)
    await _die(world, one)
    await ana.status(one, S.INTERRUPTED)
    await ana.call(Resume(session=one))
    await ana.status(one, S.WORKING)
    gate.touch()
    ready = await ana.status(one, S.READY)
    assert ready.turn == 2 and ready.headline == "did turn 1"
    assert len(world.sent(one)) == 1  # the task, once


async def test_a_word_to_a_cut_turn_reaches_that_turn(world: World) -> None:
    ana = await world.start()
    gate = world.repository.parent / "gate"
    one = await ana.task(f"write a.txt ok\nwait {gate}")
    await ana.said(one, TurnStarted)
    await _die(world, one)
    await ana.status(one, S.INTERRUPTED)
    await ana.call(Redirect(session=one, text="!write b.txt too"))
    await ana.said(one, Steered)
    gate.touch()
    ready = await ana.status(one, S.READY)
    assert ready.headline == "did turn 1"
    assert (world.workspace(one) / "b.txt").exists()


async def test_rests_are_taken_up_as_they_were(world: World) -> None:
    ana = await world.start()
    one = await ana.task("write a.txt ok", title="ready")
    two = await ana.task("ask me", title="asks")
    await ana.status(one, S.READY)
    await ana.status(two, S.WAITING)
    before = set(ana.state.attention)
    await world.kill()
    again = await world.start()
    assert set(again.state.attention) == before
    await again.call(Approve(session=one))
    await again.status(one, S.LANDED)


@pytest.mark.parametrize(
    ("row", "refusal"),
    [
        (Row(at=1.0, kind="weather_changed", version=1, body='{"kind":"weather_changed"}'), ""),
        (Row(at=1.0, kind="agent", version=1, body='{"said":{"type":"sang"},"kind":"agent"}', session="s"), ""),
        (Row(at=1.0, kind="noted", version=9, body='{"kind":"noted","text":"x","v":9}'), "newer than 1"),
        (Row(at=1.0, kind="noted", version=1, body='{"kind":"noted"}'), "makes no sense"),
    ],
)
async def test_a_journal_of_a_newer_version_is_skipped_or_refused(world: World, row: Row, refusal: str) -> None:
    await asyncio.to_thread(world.paths.ensure)
    async with await Journal.open(world.paths.journal) as journal:
        await journal.append([row])
    if not refusal:
        ana = await world.start()
        assert any("1 events of a newer version" in note for note in ana.state.notes)
        return
    with pytest.raises(Exception, match=refusal):
        await world.start()
        assert world.serving is not None
        await world.serving
    world.paths.journal.unlink()
