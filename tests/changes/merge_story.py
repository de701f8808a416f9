"""A world for the running merge queue: a real repository, checks that read the files, and a journal to wait on."""

from __future__ import annotations

import asyncio
import shutil
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

from cockpit.changes.runtime import MergeQueue, QueueGit
from cockpit.changes.types import QueueEntry
from cockpit.checks.types import CheckOutcome, CheckResult, Finding
from cockpit.journal.types import Event, Landed, QueueBlocked, QueueLeft, QueueTested
from cockpit.providers.git import LandResult, Repository
from cockpit.providers.git import types as gt
from cockpit.sessions.types import Task
from cockpit.types import CommitId, SessionId, TreeId
from tests.providers.git_story import git, write


class Kill(BaseException):
    """The process dies here."""


class Journal:
    """Events as they reached the disk; a test waits until something is in it."""

    def __init__(self) -> None:
        self.events: list[tuple[str, Event]] = []
        self._news = asyncio.Condition()
        self.fail_on: type | None = None

    async def __call__(self, session: SessionId, event: Event) -> None:
        if self.fail_on is not None and isinstance(event, self.fail_on):
            raise Kill
        async with self._news:
            self.events.append((session, event))
            self._news.notify_all()

    async def until(self, is_there: Callable[[], bool]) -> None:
        async with asyncio.timeout(20), self._news:
            await self._news.wait_for(is_there)

    def of(self, kind: type[Event]) -> list[str]:
        return [session for session, event in self.events if isinstance(event, kind)]

    def landed(self) -> dict[str, Landed]:
        return {session: event for session, event in self.events if isinstance(event, Landed)}

    def left(self) -> dict[str, QueueLeft]:
        return {session: event for session, event in self.events if isinstance(event, QueueLeft)}

    def blocked(self) -> dict[str, str]:
        return {session: event.reason for session, event in self.events if isinstance(event, QueueBlocked)}

    def tested(self) -> list[QueueTested]:
        return [event for _, event in self.events if isinstance(event, QueueTested)]


@dataclass
class Checks:
    """Fails where a file says BROKEN; trees may be held until the test lets them go."""

    flaky: set[str] = field(default_factory=set)
    runs: Counter[str] = field(default_factory=Counter)
    together: int = 0
    most_together: int = 0
    gate: asyncio.Event | None = None
    fault: OSError | None = None
    fault_at_gate: OSError | None = None
    seen: dict[str, set[str]] = field(default_factory=dict)
    news: asyncio.Condition = field(default_factory=asyncio.Condition)

    async def until_together(self, count: int) -> None:
        """Wait until this many trees are being tested at the same time."""
        async with asyncio.timeout(20), self.news:
            await self.news.wait_for(lambda: self.together == count)

    async def __call__(
        self, tree: TreeId, directory: Path, session: SessionId, only: tuple[str, ...]
    ) -> tuple[CheckResult, ...]:
        if self.fault is not None:
            raise self.fault
        self.runs[tree] += 1
        self.together += 1
        self.most_together = max(self.most_together, self.together)
        async with self.news:
            self.news.notify_all()
        try:
            if self.gate is not None:
                await self.gate.wait()
            if (fault := self.fault_at_gate) is not None:
                self.fault_at_gate = None
                raise fault
            files = {path.name: path.read_text() for path in directory.iterdir() if path.is_file()}
            self.seen[tree] = set(files)
            bad = [name for name, text in files.items() if "BROKEN" in text]
            if session in self.flaky and not only:
                bad.append("nowhere")
            findings = tuple(Finding(check="tests", path=name, message=f"{name} is broken") for name in bad)
            outcome = CheckOutcome.FAILED if bad else CheckOutcome.PASSED
            lint = CheckResult(check="lint", tree=tree, outcome=CheckOutcome.PASSED)
            tests = CheckResult(check="tests", tree=tree, outcome=outcome, findings=findings)
            return (tests,) if only else (lint, tests)
        finally:
            self.together -= 1


class DyingRepository:
    """The real repository, in a process that dies at one moment of a landing, or waits there."""

    def __init__(self, repo: Repository, moment: str) -> None:
        self._repo = repo
        self._moment = moment
        self.branch_tip = repo.branch_tip
        self.tree_of = repo.tree_of
        self.merge_base = repo.merge_base
        self.merge_trees = repo.merge_trees
        self.commit_tree = repo.commit_tree
        self.materialise = repo.materialise

        self.is_landing = asyncio.Event()
        self.go_on = asyncio.Event()

    async def land(self, branch: str, expected_old: gt.CommitId, new: gt.CommitId) -> LandResult:
        if self._moment == "before":
            raise Kill
        if self._moment == "half-way":
            git(self._repo.root, "update-ref", f"refs/heads/{branch}", new, expected_old)
            raise Kill
        if self._moment == "while":
            self.is_landing.set()
            await self.go_on.wait()
        done = await self._repo.land(branch, expected_old, new)
        if self._moment == "done":
            self.is_landing.set()
            await self.go_on.wait()
        if self._moment == "after":
            raise Kill
        return done


@dataclass
class Story:
    """A repository with sessions' changes on branches, and the queue that lands them."""

    root: Path
    folder: Path
    repo: Repository
    journal: Journal
    checks: Checks
    entries: dict[str, QueueEntry] = field(default_factory=dict)

    def change(self, name: str, files: dict[str, str], base: str = "main") -> QueueEntry:
        """Commit a session's change on its own branch, in a worktree of its own."""
        place = self.folder / f"work-{name}"
        git(self.root, "worktree", "add", "-q", "-b", f"cockpit/{name}", str(place), base)
        write(place, files)
        git(place, "add", "-A")
        git(place, "commit", "-qm", f"wip {name}")
        commit = CommitId(git(place, "rev-parse", "HEAD").strip())
        entry = QueueEntry(session=SessionId(name), commit=commit, target="main", since=1.0)
        self.entries[name] = entry
        return entry

    def queue(
        self, *, window: int = 4, moment: str = "", git: QueueGit | None = None, retry_s: float = 600.0
    ) -> MergeQueue:
        return MergeQueue(
            "main",
            git=git or (DyingRepository(self.repo, moment) if moment else self.repo),
            check=self.checks,
            on_event=self.journal,
            task_of=lambda session: Task(prompt=f"Do {session}\nand do it well"),
            folder=self.folder / "queue",
            window=window,
            retry_s=retry_s,
        )

    @asynccontextmanager
    async def running(self, queue: MergeQueue, entries: Iterable[QueueEntry] = ()) -> AsyncIterator[MergeQueue]:
        task = asyncio.create_task(queue.run(entries))
        try:
            yield queue
        finally:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task

    async def run_until_ended(self, entries: Iterable[QueueEntry], *, window: int = 4) -> None:
        wanted = {entry.session for entry in entries}
        async with self.running(self.queue(window=window), entries):
            await self.journal.until(lambda: wanted <= {*self.journal.landed(), *self.journal.left()})

    def log(self) -> list[str]:
        return git(self.root, "log", "--first-parent", "--format=%s", "main").splitlines()

    def show(self, path: str) -> str:
        return git(self.root, "show", f"main:{path}")

    def assert_only_tested_trees_landed(self) -> None:
        for event in self.journal.landed().values():
            assert git(self.root, "rev-parse", f"{event.commit}^{{tree}}").strip() == event.tree
            assert event.receipt.is_clean
            assert event.receipt.tree == event.tree
            assert event.receipt.commit == event.commit
            assert self.checks.runs[event.tree]


@asynccontextmanager
async def merge_story(template: Path, folder: Path) -> AsyncIterator[Story]:
    root = folder / "r"
    shutil.copytree(template, root, symlinks=True)
    repo = await Repository.open(root, folder / "state")
    yield Story(root, folder, repo, Journal(), Checks())
