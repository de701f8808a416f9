"""The pure merge queue against a model: whatever happens, only tested trees land, in order, and everything ends."""

from __future__ import annotations

from random import Random

from hypothesis import given, settings
from hypothesis import strategies as st

from cockpit.changes.service.queue import Land, Leave
from cockpit.changes.types import QueueEntry, QueueStatus
from cockpit.types import CommitId, SessionId, TreeId
from tests.changes.queue_world import World, result


def _world(seed: int, window: int, breakage: float, flakes: float) -> tuple[World, list[str]]:
    random = Random(seed)
    world = World(random, window, flake_rate=flakes)
    names = [f"s{n:02}" for n in range(random.randint(1, 12))]
    world.bad = {name for name in names if random.random() < breakage}
    for name in names:
        other = random.choice(names)
        kind = random.random()
        if other != name and kind < 0.2:
            (world.conflicts if kind < 0.1 else world.bad_pairs).add(frozenset((name, other)))
    return world, names


@settings(max_examples=150, deadline=None)
@given(st.integers(0, 2**32), st.integers(1, 6), st.sampled_from([0.0, 0.1, 0.5]), st.sampled_from([0.0, 0.05, 0.3]))
def test_whatever_happens_only_tested_trees_land_in_order_and_everything_ends(
    seed: int, window: int, breakage: float, flakes: float
) -> None:
    world, waiting = _world(seed, window, breakage, flakes)
    for _ in range(80):
        if waiting and world.random.random() < 0.25:
            world.enter(waiting.pop(0))
        world.act()
        world.advance()
    for name in waiting:
        world.enter(name)
    world.settle()

    assert sorted([*world.landed, *world.left]) == sorted(world.entered)
    assert world.landed == [name for name in world.entered if name in world.landed], "landed out of order"
    assert not world.bad & set(world.landed)
    if not flakes:
        innocent = [name for name, why in world.left.items() if why != "withdrawn" and not world.is_at_fault(name)]
        assert not innocent, "thrown out though nothing is wrong with them"


def test_the_second_of_four_fails_and_the_others_land_without_being_tested_one_by_one() -> None:
    world = World(Random(1), window=4, bad={"b"})
    for name in "abcd":
        world.enter(name)
    world.advance()
    assert [key[0] for key in world.running] == ["a", "a+b", "a+b+c", "a+b+c+d"]

    world.settle()

    assert world.landed == ["a", "c", "d"]
    assert world.left == {"b": "tests failed twice on the tree that would land"}


def test_the_rest_is_stacked_anew_as_soon_as_one_has_failed() -> None:
    world = World(Random(1), window=4, bad={"a"})
    for name in "abc":
        world.enter(name)
    world.advance()
    first = world.running[TreeId("a"), ()]
    world.queue.tested(first, (result(TreeId("a"), "tests", passed=False),))
    world.advance()

    assert list(world.running) == [("a", ("tests",)), ("b", ()), ("b+c", ())]
    assert not world.left, "one rerun decides"


def test_one_rerun_tells_flaky_from_broken_and_both_results_are_kept() -> None:
    world = World(Random(1))
    world.enter("a")
    world.advance()
    trial = world.running[TreeId("a"), ()]
    world.queue.tested(trial, (result(trial.tree, "lint", passed=True), result(trial.tree, "tests", passed=False)))
    (again,) = world.queue.trials()
    assert again.only == ("tests",)
    verdict = world.queue.tested(again, (result(trial.tree, "tests", passed=True),))

    assert verdict is not None
    assert verdict.flaky == ("tests",)
    receipt = verdict.receipt("c", 1.0)
    assert receipt.is_clean
    assert [r.check for r in receipt.results] == ["lint", "tests"]
    assert receipt.results[1].summary == "flaky: passed when run again (first: failed)"
    assert isinstance(world.queue.step(), Land)


def test_a_result_about_another_tree_proves_nothing() -> None:
    world = World(Random(1))
    world.enter("a")
    world.advance()
    (trial,) = world.queue.trials()
    verdict = world.queue.tested(trial, (result(TreeId("other"), "tests", passed=True),))
    assert verdict is not None
    assert not verdict.is_passed


def test_a_change_that_conflicts_only_with_one_before_it_waits_for_its_fate() -> None:
    world = World(Random(1), conflicts={frozenset("ab")})
    world.enter("a")
    world.enter("b")
    world.advance()
    assert not world.left
    world.withdraw("a")
    world.settle()
    assert world.landed == ["b"]


def test_a_dirty_checkout_stops_landing_but_not_testing() -> None:
    world = World(Random(1), window=1, is_dirty=True)
    for name in "abc":
        world.enter(name)
    for _ in range(3):
        world.advance()
        world.finish_test()
    world.advance()
    assert world.passed_trees == {"a", "a+b", "a+b+c"}
    assert not world.landed
    world.is_dirty = False
    world.queue.poke()
    world.advance()
    assert world.landed == ["a", "b", "c"]
    assert world.runs == 3


def test_a_landing_that_was_refused_is_tried_with_the_first_change_alone() -> None:
    world = World(Random(1), window=2, is_dirty=True)
    for name in "ab":
        world.enter(name)
    world.advance()
    for trial in list(world.running.values()):
        world.queue.tested(trial, (result(trial.tree, "tests", passed=True),))
    both = world.queue.step()
    assert isinstance(both, Land)
    world.queue.refused(both)
    alone = world.queue.step()
    assert isinstance(alone, Land)
    assert [change.entry.session for change in alone.changes] == ["a"]
    world.queue.refused(alone)
    assert world.queue.step() is None


def test_a_change_thrown_out_is_tested_again_when_it_is_approved_again() -> None:
    world = World(Random(1), bad={"a"})
    world.enter("a")
    world.settle()
    assert world.left
    world.bad.clear()
    world.enter("a")
    world.settle()
    assert world.landed == ["a"]


def test_a_session_that_enters_another_commit_gives_up_its_place() -> None:
    world = World(Random(1))
    for name in "ab":
        world.enter(name)
    old = world.queue.entries[0]
    newer = QueueEntry(session=SessionId("a"), commit=CommitId("a2"), target="main", since=1)
    world.queue.enter(newer)
    world.queue.enter(newer)
    assert [entry.commit for entry in world.queue.entries] == ["b", "a2"]
    world.queue.out(Leave(old, "late"))
    assert len(world.queue.entries) == 2, "what is said of the old commit does not hold for the new one"


def test_what_could_not_be_tested_rests_until_something_changes() -> None:
    world = World(Random(1))
    for name in "ab":
        world.enter(name)
    world.advance()
    assert world.queue.stuck(SessionId("a"), "disk full")
    assert not world.queue.stuck(SessionId("a"), "disk full"), "people are told once"
    assert world.queue.entries[0].status is QueueStatus.BLOCKED
    world.advance()
    assert list(world.running) == [("b", ())], "the others go on without it"
    world.queue.poke()
    assert [entry.session for entry in world.queue.entries] == ["b", "a"]
    world.settle()
    assert world.landed == ["b", "a"]
