"""A world for the pure merge queue: trees are sets of changes, and what is true of them is known."""

from __future__ import annotations

from dataclasses import dataclass, field
from random import Random

from cockpit.changes.service.queue import Land, Leave, Queue, Stack, Stacked, Trial, Unmergeable
from cockpit.changes.types import QueueEntry
from cockpit.checks.types import CheckOutcome, CheckResult, Finding
from cockpit.types import CommitId, SessionId, TreeId


def tree_id(content: frozenset[str]) -> TreeId:
    return TreeId("+".join(sorted(content)) or "empty")


def result(tree: TreeId, check: str, *, passed: bool) -> CheckResult:
    outcome = CheckOutcome.PASSED if passed else CheckOutcome.FAILED
    findings = () if passed else (Finding(check=check, message="wrong"),)
    return CheckResult(check=check, tree=tree, outcome=outcome, findings=findings)


@dataclass
class World:
    """Repository, checks and person, played by a seeded random. It checks the invariant at every landing."""

    random: Random
    window: int = 4
    bad: set[str] = field(default_factory=set)
    bad_pairs: set[frozenset[str]] = field(default_factory=set)
    conflicts: set[frozenset[str]] = field(default_factory=set)
    flake_rate: float = 0.0
    is_dirty: bool = False
    is_disturbed: bool = True
    """Whether somebody pushes to the target now and then, just as a change is to land."""

    def __post_init__(self) -> None:
        self.content: dict[str, frozenset[str]] = {"base": frozenset()}
        self.tip = CommitId("base")
        self.queue = Queue(self.window, self.tip, tree_id(frozenset()))
        self.entered: list[str] = []
        self.landed: list[str] = []
        self.left: dict[str, str] = {}
        self.passed_trees: set[TreeId] = set()
        self.runs = 0
        self.running: dict[tuple[TreeId, tuple[str, ...]], Trial] = {}

    # what a person does

    def enter(self, name: str) -> None:
        self.entered.append(name)
        self.queue.enter(QueueEntry(session=SessionId(name), commit=CommitId(name), target="main", since=0))

    def withdraw(self, name: str) -> None:
        if self.queue.leave(SessionId(name)):
            self.left[name] = "withdrawn"

    def push(self, name: str) -> None:
        self.tip = self._commit(self.content[self.tip] | {name})

    def _commit(self, content: frozenset[str]) -> CommitId:
        commit = CommitId(f"c{len(self.content)}")
        self.content[commit] = content
        return commit

    def act(self) -> None:
        """Let one thing happen."""
        action = self.random.random()
        if action < 0.08 and self.queue.entries:
            self.withdraw(self.random.choice(self.queue.entries).session)
        elif action < 0.13:
            self.push(f"push{len(self.content)}")
        elif action < 0.20:
            self.is_dirty = not self.is_dirty
        elif action < 0.25:
            self.queue.poke()
        elif action < 0.28:
            self.queue.retest()
            self.running.clear()
        else:
            self.finish_test()

    def is_at_fault(self, name: str) -> bool:
        """Whether anything speaks against this change."""
        return name in self.bad or any(name in pair for pair in self.bad_pairs | self.conflicts)

    # what the runtime would do

    def advance(self) -> None:
        self.queue.target_at(self.tip, tree_id(self.content[self.tip]))
        for _ in range(1000):
            step = self.queue.step()
            if step is None:
                break
            match step:
                case Stack():
                    self.queue.merged(step, self._merge(step))
                case Leave():
                    assert step.reason
                    self.left[step.entry.session] = step.reason
                    self.queue.out(step)
                case Land():
                    self._land(step)
        else:
            raise AssertionError("the queue does not come to rest")
        wanted = {(trial.tree, trial.only): trial for trial in self.queue.trials()}
        assert len(wanted) <= self.window
        self.running = wanted

    def _merge(self, step: Stack) -> Stacked | Unmergeable:
        content, name = self.content[step.parent], str(step.entry.commit)
        if any(frozenset((name, other)) in self.conflicts for other in content):
            return Unmergeable("conflict", (Finding(check="merge", message="conflict"),))
        if name in content:
            return Unmergeable("already there")
        assert tree_id(content) == step.parent_tree
        merged = content | {name}
        return Stacked(tree_id(merged), self._commit(merged))

    def _land(self, step: Land) -> None:
        if self.is_disturbed and self.random.random() < 0.05:
            self.push(f"push{len(self.content)}")
        if step.tip != self.tip:
            self.queue.target_at(self.tip, tree_id(self.content[self.tip]))
            return
        if self.is_dirty:
            self.queue.refused(step)
            return
        for change in step.changes:
            content = self.content[self.tip] | {str(change.entry.commit)}
            assert tree_id(content) == change.tree
            assert change.tree in self.passed_trees, "a tree landed that had not passed"
            assert change.verdict.receipt("", 0.0).is_clean
            self.tip = self._commit(content)
            self.landed.append(str(change.entry.session))
            self.queue.drop(change.entry)
        self.queue.target_at(self.tip, step.changes[-1].tree)

    def finish_test(self) -> None:
        if not self.running:
            return
        key = self.random.choice(sorted(self.running))
        trial = self.running.pop(key)
        self.runs += 1
        content = frozenset(trial.tree.split("+"))
        is_good = not content & self.bad and not any(pair <= content for pair in self.bad_pairs)
        passed = is_good and self.random.random() >= self.flake_rate
        verdict = self.queue.tested(trial, (result(trial.tree, "tests", passed=passed),))
        if verdict is not None and verdict.is_passed:
            self.passed_trees.add(trial.tree)

    def settle(self) -> None:
        """Let everything come to its end."""
        self.is_dirty = False
        for _ in range(4000):
            self.queue.poke()
            self.advance()
            if not self.queue.entries:
                return
            assert self.running, "entries are left and nothing is being tested"
            self.finish_test()
        raise AssertionError("the queue does not come to an end")
