"""The running merge queue on a real repository."""

from __future__ import annotations

import asyncio

import pytest

from cockpit.journal.types import Landed, Noted, QueueBlocked, QueueLeft, QueueTested
from cockpit.types import CommitId
from tests.changes.merge_story import DyingRepository, Kill, Story
from tests.providers.git_story import git, write


async def test_a_change_lands_as_one_commit_of_the_tested_tree_and_the_checkout_follows(story: Story) -> None:
    entry = story.change("fix", {"new.txt": "new\n"})
    before = git(story.root, "rev-parse", "main").strip()
    await story.run_until_ended([entry])

    event = story.journal.landed()["fix"]
    assert git(story.root, "rev-parse", "main", "main^").split() == [event.commit, before]
    story.assert_only_tested_trees_landed()
    message = git(story.root, "log", "-1", "--format=%B", "main").strip()
    assert message == (
        "Do fix\n\nDo fix\nand do it well\n\n"
        f"Cockpit-Session: fix\nCockpit-Change: {entry.commit}\nCockpit-Checks: lint, tests"
    )
    assert (story.root / "new.txt").read_text() == "new\n"
    assert git(story.root, "status", "--porcelain") == ""


async def test_four_are_tested_side_by_side_and_the_second_that_fails_goes_back(story: Story) -> None:
    texts = {"a": "fine\n", "b": "BROKEN\n", "c": "fine\n", "d": "fine\n"}
    entries = [story.change(name, {f"{name}.txt": text}) for name, text in texts.items()]
    story.checks.gate = asyncio.Event()
    async with story.running(story.queue(window=4), entries):
        await story.checks.until_together(4)
        story.checks.gate.set()
        await story.journal.until(lambda: len(story.journal.landed()) + len(story.journal.left()) == 4)

    batches = sorted(event.batch for event in story.journal.tested()[:4])
    assert batches == [("a",), ("a", "b"), ("a", "b", "c"), ("a", "b", "c", "d")]
    assert story.checks.most_together == 4
    assert story.journal.of(Landed) == ["a", "c", "d"]
    assert story.log()[:3] == ["Do d", "Do c", "Do a"]
    left = story.journal.left()["b"]
    assert left.reason == "tests failed twice on the tree that would land"
    assert [finding.message for finding in left.findings] == ["b.txt is broken"]
    story.assert_only_tested_trees_landed()
    assert len(list((story.folder / "queue" / "trees").iterdir())) <= 5


async def test_of_two_that_conflict_the_second_goes_back_with_the_conflict(story: Story) -> None:
    entries = [story.change(name, {"f.txt": f"{name}\n"}) for name in ("first", "second")]
    await story.run_until_ended(entries)

    assert story.journal.of(Landed) == ["first"]
    left = story.journal.left()["second"]
    assert left.reason == "conflicts with main in f.txt"
    (finding,) = left.findings
    assert finding.path == "f.txt"
    assert "<<<<<<<" in finding.message
    assert "second" in finding.message
    assert finding.remediation.startswith("merge the current main into your change:")


async def test_a_dirty_checkout_blocks_landing_with_its_path_until_it_is_clean(story: Story) -> None:
    entries = [story.change(name, {f"{name}.txt": "x\n"}) for name in ("a", "b")]
    write(story.root, {"f.txt": "my own unfinished work\n"})
    async with story.running(story.queue(window=1), entries) as queue:
        await story.journal.until(lambda: len(story.journal.tested()) == 2 and bool(story.journal.blocked()))
        assert not story.journal.landed()
        reason = story.journal.blocked()["a"]
        assert str(story.root) in reason
        assert "f.txt" in reason
        assert "Commit, stash" in reason
        queue.poke()
        git(story.root, "checkout", "-q", "--", "f.txt")
        queue.poke()
        await story.journal.until(lambda: len(story.journal.landed()) == 2)

    assert story.journal.of(Landed) == ["a", "b"]
    assert story.journal.of(QueueBlocked).count("a") == 1, "people are told once"
    assert (story.root / "b.txt").exists()


async def test_a_poke_while_a_landing_is_being_refused_is_not_lost(story: Story) -> None:
    entry = story.change("a", {"a.txt": "x\n"})
    write(story.root, {"f.txt": "my own unfinished work\n"})
    repo = DyingRepository(story.repo, "done")
    async with story.running(story.queue(git=repo), [entry]) as queue:
        await asyncio.wait_for(repo.is_landing.wait(), 20)
        git(story.root, "checkout", "-q", "--", "f.txt")
        queue.poke()
        repo.go_on.set()
        await story.journal.until(lambda: bool(story.journal.landed()))
    assert story.journal.of(QueueBlocked) == ["a"], "it had been refused before the checkout was clean"


async def test_a_poke_while_a_test_cannot_run_is_not_lost(story: Story) -> None:
    entry = story.change("a", {"a.txt": "x\n"})
    story.checks.gate = asyncio.Event()
    story.checks.fault_at_gate = OSError("No space left on device")
    async with story.running(story.queue(), [entry]) as queue:
        await story.checks.until_together(1)
        queue.poke()
        story.checks.gate.set()
        await story.journal.until(lambda: bool(story.journal.landed()))
    assert story.journal.of(QueueBlocked) == ["a"]


async def test_what_is_blocked_has_its_turn_however_much_else_happens(story: Story) -> None:
    entry = story.change("a", {"a.txt": "x\n"})
    story.checks.fault = OSError("No space left on device")
    queue = story.queue(retry_s=0.05)

    async def never_rest() -> None:
        while True:
            queue.resize(2)
            await asyncio.sleep(0)

    async with story.running(queue, [entry]):
        noise = asyncio.create_task(never_rest())
        await story.journal.until(lambda: bool(story.journal.blocked()))
        story.checks.fault = None
        await story.journal.until(lambda: bool(story.journal.landed()))
        noise.cancel()
        await asyncio.wait([noise])


async def test_the_person_moves_the_target_meanwhile_and_what_lands_was_tested_on_top_of_it(story: Story) -> None:
    entry = story.change("a", {"a.txt": "x\n"})
    story.checks.gate = asyncio.Event()
    async with story.running(story.queue(), [entry]):
        await story.journal.until(lambda: len(story.journal.tested()) == 1)
        write(story.root, {"person.txt": "hello\n"})
        git(story.root, "add", "person.txt")
        git(story.root, "commit", "-qm", "By hand")
        story.checks.gate.set()
        await story.journal.until(lambda: bool(story.journal.landed()))

    assert story.log()[:2] == ["Do a", "By hand"]
    event = story.journal.landed()["a"]
    assert {"a.txt", "person.txt"} <= story.checks.seen[event.tree]
    story.assert_only_tested_trees_landed()


@pytest.mark.parametrize("moment", ["before", "half-way", "after"])
async def test_killed_in_the_middle_of_landing_it_lands_once_and_is_reported_once(story: Story, moment: str) -> None:
    entries = [story.change(name, {f"{name}.txt": "x\n"}) for name in ("a", "b")]
    with pytest.raises(BaseExceptionGroup) as died:
        await story.queue(moment=moment).run(entries)
    assert died.group_contains(Kill)
    assert not story.journal.landed()

    await story.run_until_ended(entries)

    assert story.journal.of(Landed) == ["a", "b"]
    assert story.log()[:3] == ["Do b", "Do a", "Go on"]
    assert git(story.root, "status", "--porcelain") == "", "the checkout was brought along"
    story.assert_only_tested_trees_landed()


async def test_killed_before_the_journal_heard_of_it_and_the_person_goes_on_from_there(story: Story) -> None:
    entry = story.change("a", {"a.txt": "x\n"})
    story.journal.fail_on = Landed
    with pytest.raises(BaseExceptionGroup):
        await story.queue().run([entry])
    story.journal.fail_on = None
    git(story.root, "commit", "-q", "--allow-empty", "-m", "By hand")

    await story.run_until_ended([entry])

    assert story.journal.of(Landed) == ["a"]
    assert story.log()[:2] == ["By hand", "Do a"]
    assert not story.journal.left()


async def test_a_flaky_check_does_not_throw_a_good_change_out(story: Story) -> None:
    entry = story.change("a", {"a.txt": "x\n"})
    story.checks.flaky.add("a")
    await story.run_until_ended([entry])

    assert story.journal.of(Landed) == ["a"]
    (note,) = [event for _, event in story.journal.events if isinstance(event, Noted)]
    assert note.text.startswith("flaky: tests failed and then passed on the same tree")
    assert "flaky" in story.journal.landed()["a"].receipt.results[1].summary


async def test_a_change_that_is_withdrawn_leaves_and_the_rest_is_stacked_without_it(story: Story) -> None:
    entries = [story.change(name, {f"{name}.txt": "x\n"}) for name in ("a", "b")]
    story.checks.gate = asyncio.Event()
    async with story.running(story.queue(), entries) as queue:
        await story.journal.until(lambda: len(story.journal.tested()) == 2)
        assert await queue.withdraw(entries[0].session, "taken back by Ann")
        assert not await queue.withdraw(entries[0].session, "twice")
        story.checks.gate.set()
        await story.journal.until(lambda: bool(story.journal.landed()))
        assert not await queue.withdraw(entries[1].session, "too late")

    assert story.journal.left()["a"].reason == "taken back by Ann"
    assert story.journal.of(Landed) == ["b"]
    assert story.journal.of(QueueLeft) == ["a"]
    assert "a.txt" not in story.checks.seen[story.journal.landed()["b"].tree]


async def test_a_change_that_the_target_already_has_leaves_with_the_reason(story: Story) -> None:
    entry = story.change("a", {"a.txt": "x\n"})
    git(story.root, "merge", "-q", "--no-edit", "cockpit/a")
    await story.run_until_ended([entry])
    assert story.journal.left()["a"].reason == "main already contains everything it changes"


async def test_what_cannot_be_tested_now_is_blocked_and_tried_again(story: Story) -> None:
    entry = story.change("a", {"a.txt": "x\n"})
    story.checks.fault = OSError("No space left on device")
    async with story.running(story.queue(), [entry]) as queue:
        await story.journal.until(lambda: bool(story.journal.blocked()))
        assert story.journal.blocked()["a"] == "cannot be tested now: No space left on device"
        story.checks.fault = None
        queue.poke()
        await story.journal.until(lambda: bool(story.journal.landed()))


async def test_a_target_that_does_not_exist_and_a_commit_that_does_not_exist_are_said(story: Story) -> None:
    entry = story.change("a", {"a.txt": "x\n"})
    lost = entry.model_copy(update={"session": "lost", "commit": CommitId("1" * 40)})
    git(story.root, "checkout", "-q", "-b", "elsewhere")
    git(story.root, "branch", "-m", "main", "trunk")
    async with story.running(story.queue(), [entry, lost]) as queue:
        await story.journal.until(lambda: len(story.journal.blocked()) == 2)
        assert "no branch main" in story.journal.blocked()["a"]
        git(story.root, "branch", "-m", "trunk", "main")
        queue.poke()
        await story.journal.until(lambda: bool(story.journal.landed()))
        await story.journal.until(lambda: bool(story.journal.left()))
    assert story.journal.left()["lost"].reason == "its commit 111111111111 is gone from the repository"
    assert story.journal.of(Landed) == ["a"]


async def test_new_checks_test_everything_again_and_a_smaller_window_stops_the_excess(story: Story) -> None:
    entries = [story.change(name, {f"{name}.txt": "x\n"}) for name in ("a", "b")]
    story.checks.gate = asyncio.Event()
    async with story.running(story.queue(window=2), entries) as queue:
        await story.checks.until_together(2)
        queue.resize(1)
        queue.retest()
        await story.journal.until(lambda: len(story.journal.tested()) == 3)
        await story.checks.until_together(1)
        story.checks.gate.set()
        await story.journal.until(lambda: len(story.journal.landed()) == 2)
    assert story.checks.runs[story.journal.landed()["a"].tree] == 2


async def test_stopped_while_testing_it_leaves_nothing_half_done_and_goes_on_later(story: Story) -> None:
    entry = story.change("a", {"a.txt": "x\n"})
    story.checks.gate = asyncio.Event()
    async with story.running(story.queue(), [entry]):
        await story.journal.until(lambda: bool(story.journal.of(QueueTested)))
    assert story.checks.together == 0
    assert story.log()[0] == "Go on"
    story.checks.gate.set()
    await story.run_until_ended([entry])
    assert story.journal.of(Landed) == ["a"]


async def test_stopped_while_landing_it_brings_the_landing_to_its_end(story: Story) -> None:
    entry = story.change("a", {"a.txt": "x\n"})
    repo = DyingRepository(story.repo, "while")
    task = asyncio.create_task(story.queue(git=repo).run([entry]))
    await asyncio.wait_for(repo.is_landing.wait(), 20)
    task.cancel()
    asyncio.get_running_loop().call_soon(repo.go_on.set)
    with pytest.raises(asyncio.CancelledError):
        await task
    assert story.journal.of(Landed) == ["a"]
    assert story.log()[0] == "Do a"
    assert not (story.folder / "queue" / "landing.json").exists()


async def test_a_change_withdrawn_while_it_lands_has_landed(story: Story) -> None:
    entry = story.change("a", {"a.txt": "x\n"})
    repo = DyingRepository(story.repo, "while")
    async with story.running(story.queue(git=repo), [entry]) as queue:
        await asyncio.wait_for(repo.is_landing.wait(), 20)
        asyncio.get_running_loop().call_soon(repo.go_on.set)
        assert not await queue.withdraw(entry.session, "undo")
    assert story.journal.of(Landed) == ["a"]
    assert not story.journal.left()
