"""Drives the merge queue of one target branch: stacks, tests, lands, and tells the journal before it goes on."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterable
from pathlib import Path

from cockpit.changes.runtime.directories import DirectoryPool
from cockpit.changes.runtime.intent import Landing
from cockpit.changes.runtime.lander import Lander
from cockpit.changes.runtime.ports import Check, OnEvent, QueueGit
from cockpit.changes.service.message import blocked_reason, conflict_findings, conflict_reason
from cockpit.changes.service.queue import Land, Leave, Queue, Stack, Stacked, Trial, Unmergeable
from cockpit.changes.types import QueueEntry
from cockpit.checks.types import CheckResult
from cockpit.journal.types import Noted, QueueBlocked, QueueLeft, QueueTested
from cockpit.providers.clock import Clock, SystemClock
from cockpit.providers.git import types as gt
from cockpit.providers.git.errors import GitError, UnknownRevision
from cockpit.providers.text import clean_line
from cockpit.providers.uncut import to_its_end
from cockpit.sessions.types import Task
from cockpit.types import CommitId, SessionId, TreeId

_log = logging.getLogger(__name__)

_TrialKey = tuple[TreeId, tuple[str, ...]]


class MergeQueue:
    """The merge queue of one target branch.

    `run` owns every task and ends only by cancellation or by an error of the journal. Landing is never cut in half: a
    cancelled queue first brings a landing under way, and its events, to their end. After a crash a new queue is given
    the entries that the journal still holds and finds out by itself which of them have landed.
    """

    def __init__(
        self,
        target: str,
        *,
        git: QueueGit,
        check: Check,
        on_event: OnEvent,
        task_of: Callable[[SessionId], Task],
        folder: Path,
        window: int,
        retry_s: float = 30.0,
        clock: Clock | None = None,
    ) -> None:
        """Prepare the queue; nothing happens before `run`.

        Args:
            target: Branch that changes land on.
            git: The repository.
            check: Runs the checks on a tree.
            on_event: Puts an event into the journal; awaited before anything that builds on it.
            task_of: Tells the task of a session, for the message of its commit.
            folder: Holds the testing directories and the note of a landing under way; this queue's own, and kept.
            window: Trees tested at the same time.
            retry_s: Seconds after which what is blocked is tried again without a `poke`.
            clock: What the time is.
        """
        self._target = target
        self._git = git
        self._check = check
        self._on_event = on_event
        self._directories = DirectoryPool(folder / "trees")
        self._lander = Lander(target, git, task_of, folder / "landing.json", clock or SystemClock())
        self._retry_s = retry_s
        self._queue = Queue(max(1, window), CommitId(""), TreeId(""))
        self._running: dict[_TrialKey, asyncio.Task[None]] = {}
        self._wake = asyncio.Event()
        self._pokes = 0
        self._pokes_heeded = 0
        self._look_again_at: float | None = None
        self._turn = asyncio.Lock()

    @property
    def target(self) -> str:
        """The branch that changes land on."""
        return self._target

    @property
    def entries(self) -> tuple[QueueEntry, ...]:
        """What is in the queue, in landing order."""
        return self._queue.entries

    def enter(self, entry: QueueEntry) -> None:
        """Append an approved change. The journal must hold its approval and `QueueEntered` already."""
        self._queue.enter(entry)
        self._wake.set()

    async def withdraw(self, session: SessionId, reason: str) -> bool:
        """Take a change back. Returns False when it is not queued (any more): it has landed or left.

        A landing under way is waited for, so the answer is final.
        """
        async with self._turn:
            # a landing that a crash cut off is settled first: what has landed cannot be taken back
            if session not in self._queue or not await self._settle() or session not in self._queue:
                return False
            await self._on_event(session, QueueLeft(reason=reason))
            self._queue.leave(session)
        self._wake.set()
        return True

    def poke(self) -> None:
        """Something may have changed (the target, its checkout, disk space): look again now.

        What is being tried at this moment may have looked before the change, so it is tried again after it.
        """
        self._pokes += 1
        self._wake.set()

    def retest(self) -> None:
        """Other checks are in force: test everything queued anew. Unchanged checks are answered by their cache."""
        for task in self._running.values():
            task.cancel()
        self._running.clear()
        self._queue.retest()
        self._wake.set()

    def resize(self, window: int) -> None:
        """Test up to `window` trees at the same time from now on."""
        self._queue.window = max(1, window)
        self._wake.set()

    async def run(self, entries: Iterable[QueueEntry] = ()) -> None:
        """Work until cancelled.

        Args:
            entries: What the journal holds in the queue at the start, in landing order.
        """
        early = self._queue.entries  # what was approved since stands behind what the journal holds
        for entry in early:
            self._queue.leave(entry.session)
        for entry in (*entries, *early):
            self._queue.enter(entry)
        async with asyncio.TaskGroup() as group:
            while True:
                self._wake.clear()
                self._heed_pokes()
                async with self._turn:
                    await self._advance()
                self._schedule(group)
                await self._rest()

    def _heed_pokes(self) -> None:
        if self._pokes_heeded != self._pokes:
            self._pokes_heeded = self._pokes
            self._queue.poke()

    async def _rest(self) -> None:
        """Wait for news; with entries waiting, no longer than until it is time to look by ourselves."""
        now = asyncio.get_running_loop().time()
        if not self._queue.entries:
            self._look_again_at = None
        elif self._look_again_at is None:
            self._look_again_at = now + self._retry_s
        try:
            # however much news there is, what is blocked has its turn
            if self._look_again_at is not None and now >= self._look_again_at:
                raise TimeoutError
            async with asyncio.timeout_at(self._look_again_at):
                await self._wake.wait()
        except TimeoutError:
            self._look_again_at = None
            self._pokes += 1

    # one step after the other

    async def _advance(self) -> None:
        """Do everything that can be done without waiting for a test."""
        if not await self._settle() or not self._queue.entries or not await self._look_at_target():
            return
        while (step := self._queue.step()) is not None:
            match step:
                case Stack():
                    await self._stack(step)
                case Leave():
                    await self._on_event(step.entry.session, QueueLeft(reason=step.reason, findings=step.findings))
                    self._queue.out(step)
                case Land():
                    await to_its_end(self._land(step))
                    if not self._lander.is_settled:
                        return

    async def _look_at_target(self) -> bool:
        """Find out where the target is: somebody may have moved it. Returns False when there is nothing to land on."""
        try:
            tip = await self._git.branch_tip(self._target)
            if tip is not None and tip != self._queue.tip:
                self._queue.target_at(tip, await self._git.tree_of(tip))
        except GitError as error:
            await self._block_all(f"the branch {self._target} cannot be read: {clean_line(str(error))}")
            return False
        if tip is None:
            await self._block_all(f"there is no branch {self._target} to land on; create it, and this lands by itself")
        return tip is not None

    async def _stack(self, step: Stack) -> None:
        session = step.entry.session
        try:
            await self._git.tree_of(step.entry.commit)
        except UnknownRevision:
            self._queue.merged(step, Unmergeable(f"its commit {step.entry.commit[:12]} is gone from the repository"))
            return
        except GitError as error:
            await self._block(session, f"cannot be read now: {clean_line(str(error))}", is_stuck=True)
            return
        try:
            result = await self._git.merge_trees(step.parent, step.entry.commit)
            if result.tree is None:
                reason = conflict_reason(self._target, result.conflicts)
                outcome: Stacked | Unmergeable = Unmergeable(reason, conflict_findings(self._target, result.conflicts))
            elif result.tree == step.parent_tree:
                outcome = Unmergeable(f"{self._target} already contains everything it changes")
            else:
                message = f"Stacked for testing: {session}\n"
                commit = await self._git.commit_tree(result.tree, (step.parent,), message)
                outcome = Stacked(result.tree, commit)
        except GitError as error:
            await self._block(
                session, f"cannot be merged onto {self._target} now: {clean_line(str(error))}", is_stuck=True
            )
            return
        self._queue.merged(step, outcome)

    async def _land(self, step: Land) -> None:
        """Move the target to the tested trees, one commit for each change, and report them.

        The branch moves by compare-and-swap from the tip that the trees were stacked on, so one that somebody moved is
        left as it is.
        """
        try:
            landing = await self._lander.prepare(step)
            outcome = await self._lander.move(landing)
        except (GitError, OSError) as error:
            if await self._settle() and step.changes[0].entry.session in self._queue:
                await self._refused(step, f"cannot land: {clean_line(str(error))}")
            await self._look_at_target()
            return
        match outcome:
            case gt.Landed():
                await self._report(landing, outcome.left_behind)
                self._queue.target_at(landing.tip, step.changes[-1].tree)
            case gt.CheckoutBlocked():
                await self._refused(step, blocked_reason(self._target, outcome))
            case gt.TargetMoved() | gt.NotFastForward():
                if not await self._look_at_target() or self._queue.tip == step.tip:
                    await self._refused(step, f"{self._target} is being moved by somebody else")
        await self._lander.settled()

    async def _report(self, landing: Landing, left_behind: Iterable[Path] = ()) -> None:
        """Tell the journal what landed, of each change once: what it has heard of is not queued any more."""
        for entry, event in landing.changes:
            if self._queue.has(entry):
                await self._on_event(entry.session, event)
                self._queue.drop(entry)
        for checkout in left_behind:
            text = f"the checkout at {clean_line(str(checkout))} could not follow {self._target}"
            await self._on_event(landing.changes[-1][0].session, Noted(text=text, level="warning"))

    async def _settle(self) -> bool:
        """Find out how a landing ended that was cut off, by a crash or by git. False: git cannot tell now."""
        if (landing := await self._lander.cut_off()) is not None:
            try:
                outcome = await self._lander.outcome(landing)
            except GitError as error:
                await self._block_all(f"cannot tell whether a change has landed: {clean_line(str(error))}")
                return False
            if outcome is not None:
                await self._report(landing, outcome.left_behind)
        await self._lander.settled()
        return True

    async def _refused(self, step: Land, reason: str) -> None:
        self._queue.refused(step)
        if len(step.changes) == 1:
            await self._block(step.changes[0].entry.session, reason)

    async def _block(self, session: SessionId, reason: str, *, is_stuck: bool = False) -> None:
        is_new = self._queue.stuck(session, reason) if is_stuck else self._queue.block(session, reason)
        if is_new:
            await self._on_event(session, QueueBlocked(reason=reason))

    async def _block_all(self, reason: str) -> None:
        for entry in self._queue.entries:
            await self._block(entry.session, reason)

    # tests, side by side

    def _schedule(self, group: asyncio.TaskGroup) -> None:
        """Let exactly the wanted tests run."""
        wanted: dict[_TrialKey, Trial] = {(trial.tree, trial.only): trial for trial in self._queue.trials()}
        for key in self._running.keys() - wanted.keys():
            self._running.pop(key).cancel()
        for key, trial in wanted.items():
            if key not in self._running:
                self._running[key] = group.create_task(self._try(key, trial), name=f"merge queue: {trial.session}")

    async def _try(self, key: _TrialKey, trial: Trial) -> None:
        try:
            async with self._directories.take() as directory:
                self._queue.testing(trial)
                await self._on_event(trial.session, QueueTested(batch=trial.batch, tree=trial.tree))
                results = await self._results(trial, directory)
            if results is not None and (verdict := self._queue.tested(trial, results)) is not None and verdict.flaky:
                text = f"flaky: {', '.join(verdict.flaky)} failed and then passed on the same tree {trial.tree[:12]}"
                await self._on_event(trial.session, Noted(text=text, level="warning"))
        finally:
            if self._running.get(key) is asyncio.current_task():
                del self._running[key]
            self._wake.set()

    async def _results(self, trial: Trial, directory: Path) -> tuple[CheckResult, ...] | None:
        """Run the checks. None: they could not be run at all, which says nothing about the change."""
        pokes = self._pokes
        try:
            await self._git.materialise(trial.tree, directory)
            return await self._check(trial.tree, directory, trial.session, trial.only)
        except Exception as error:  # the edge of a task: one test that cannot run must not end the queue
            _log.warning("cannot test %s of %s", trial.tree, trial.session, exc_info=error)
            said = clean_line(str(error)) or type(error).__name__
            await self._block(trial.session, f"cannot be tested now: {said}", is_stuck=True)
            if self._pokes != pokes:  # what was in the way may be gone since
                self.poke()
            return None
