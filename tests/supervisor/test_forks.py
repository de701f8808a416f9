"""Sessions that begin from another one, and agents that review their own change."""

from __future__ import annotations

from pathlib import Path

import pytest

from agents.base import Abilities, Launch, LaunchContext
from cockpit.journal.types import CommandSent
from cockpit.protocol.client import CommandFailed
from cockpit.protocol.types import Approve, CreateTasks, ReviewChange, Stop
from cockpit.sessions.types import AgentMessage, Review, Send, Task, TurnStarted
from tests.supervisor.fake_driver import FakeDriver
from tests.supervisor.world import S, World, git


class Launches:
    """What agents were started with, and what they are said to be able to do."""

    def __init__(self, patch: pytest.MonkeyPatch) -> None:
        self.contexts: list[LaunchContext] = []
        self._patch = patch
        launch = FakeDriver.launch

        def noted(driver: FakeDriver, context: LaunchContext) -> Launch:
            self.contexts.append(context)
            return launch(driver, context)

        patch.setattr(FakeDriver, "launch", noted)

    def can(self, **abilities: bool) -> None:
        self._patch.setattr(FakeDriver, "abilities", Abilities(continues_turn=True, **abilities))


@pytest.fixture
def launches(monkeypatch: pytest.MonkeyPatch) -> Launches:
    return Launches(monkeypatch)


def said_to(events: list[CommandSent]) -> str:
    (first, *_) = [event.command for event in events if isinstance(event.command, Send)]
    return first.text


async def test_a_fork_begins_with_the_work_as_it_is_now(world: World, tmp_path: Path, launches: Launches) -> None:
    ana = await world.start()
    go = tmp_path / "go"
    one = await ana.task(f"write a.txt first\nwrite base.txt changed\nsay I wrote it\nwait {go}", title="letters")
    await ana.said(one, AgentMessage)
    two = await ana.task("write b.txt second", fork=one)
    ready = await ana.status(two, S.READY)
    assert (world.workspace(two) / "a.txt").read_text() == "first\n"
    assert (world.workspace(two) / "base.txt").read_text() == "changed\n"
    assert ready.change is not None
    assert [file.path for file in ready.change.files] == ["a.txt", "b.txt", "base.txt"]
    assert ana.session(one).status is S.WORKING, "the first one was not disturbed"
    words = said_to(await ana.kind(two, CommandSent))
    assert "agent: I wrote it" in words
    assert words.endswith("write b.txt second")
    assert launches.contexts[-1].fork == ""
    await ana.call(Approve(session=two))
    await ana.status(two, S.LANDED)
    assert git(world.repository, "show", "main:a.txt") == "first"
    go.touch()


async def test_an_agent_that_can_goes_on_with_a_copy_of_the_conversation(world: World, launches: Launches) -> None:
    launches.can(forks=True)
    ana = await world.start()
    one = await ana.task("write a.txt first\nsay I wrote it")
    await ana.status(one, S.READY)
    two = await ana.task("write b.txt second", fork=one)
    await ana.status(two, S.READY)
    assert launches.contexts[-1].fork == "t"
    words = said_to(await ana.kind(two, CommandSent))
    assert "I wrote it" not in words
    assert str(world.workspace(two)) in words


async def test_a_fork_of_what_has_landed_begins_at_the_target(world: World) -> None:
    ana = await world.start()
    one = await ana.task("write a.txt first")
    await ana.status(one, S.READY)
    await ana.call(Approve(session=one))
    await ana.status(one, S.LANDED)
    two = await ana.task("write b.txt second", fork=one)
    ready = await ana.status(two, S.READY)
    assert ready.change is not None
    assert [file.path for file in ready.change.files] == ["b.txt"]
    assert (world.workspace(two) / "a.txt").exists()


async def test_a_fork_of_nothing_is_refused(world: World) -> None:
    ana = await world.start()
    with pytest.raises(CommandFailed, match="no session"):
        await ana.call(CreateTasks(tasks=(Task(prompt="write a.txt x", fork="nobody"),)))


async def test_an_agent_reviews_its_change_and_is_ready_again(world: World, launches: Launches) -> None:
    launches.can(reviews=True)
    ana = await world.start()
    one = await ana.task("write a.txt first")
    await ana.status(one, S.READY)
    await ana.call(ReviewChange(session=one, instructions="look at the names"))
    (reviewed,) = await ana.said(one, AgentMessage)
    assert reviewed.text == "reviewed: look at the names"
    await ana.status(one, S.READY)
    sent = [event for event in await ana.kind(one, CommandSent) if isinstance(event.command, Review)]
    assert len(sent) == 1
    assert sent[0].author != "cockpit"


async def test_a_review_is_refused_where_there_is_none_or_the_agent_works(
    world: World, tmp_path: Path, launches: Launches
) -> None:
    ana = await world.start()
    one = await ana.task("write a.txt first")
    await ana.status(one, S.READY)
    with pytest.raises(CommandFailed, match="no review of its own"):
        await ana.call(ReviewChange(session=one))
    launches.can(reviews=True)
    two = await ana.task(f"wait {tmp_path / 'never'}")
    await ana.said(two, TurnStarted)
    with pytest.raises(CommandFailed, match="is working"):
        await ana.call(ReviewChange(session=two))
    await ana.call(Stop(session=two))
    await ana.status(two, S.INTERRUPTED)
