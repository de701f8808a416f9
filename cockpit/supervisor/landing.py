"""Between the sessions and the merge queues: one queue for each branch that changes land on."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from cockpit.changes.runtime import MergeQueue
from cockpit.changes.types import QueueEntry
from cockpit.checks.runtime import Target
from cockpit.checks.types import CheckResult, When
from cockpit.config import Config
from cockpit.journal.errors import JournalError
from cockpit.journal.types import (
    AttentionRaised,
    AttentionResolved,
    Event,
    Landed,
    Noted,
    QueueBlocked,
    QueueEntered,
    QueueLeft,
    QueueTested,
)
from cockpit.sessions.types import AttentionItem, AttentionKind, SessionStatus, Task
from cockpit.supervisor.rounds import target_of
from cockpit.supervisor.rules.in_force import CHECK as RULES
from cockpit.supervisor.rules.in_force import Looked
from cockpit.supervisor.services import Services
from cockpit.supervisor.set_up import set_up
from cockpit.supervisor.signals import HasLanded, LeftQueue, Signal
from cockpit.types import CommitId, SessionId, TreeId

if TYPE_CHECKING:
    from cockpit.supervisor.session import SessionLoop

log = logging.getLogger(__name__)

Post = Callable[[SessionId, Signal], None]
REPAIR_S = 5.0
"""Rest before a queue that failed inside is made anew."""


class Landing:
    """Runs the merge queues and tells sessions what became of their changes."""

    def __init__(self, services: Services, post: Post, tasks: asyncio.TaskGroup) -> None:
        """Queues are made when they are first needed."""
        self._services, self._post, self._tasks = services, post, tasks
        self._queues: dict[str, MergeQueue] = {}

    def take_up(self) -> None:
        """Go on with what the journal holds in the queues."""
        by_target: dict[str, list[QueueEntry]] = {}
        for entry in self._services.record.state.queue:
            by_target.setdefault(entry.target, []).append(entry)
        for target, entries in by_target.items():
            self._queue(target, entries)

    async def enter(self, loop: SessionLoop, commit: str, *with_it: Event) -> None:
        """Put a session's change, with the decision that led to it, into its target's queue; on disk on return."""
        workspace = loop.state.workspace
        assert workspace is not None
        entered = QueueEntered(commit=CommitId(commit), target=workspace.base)
        await loop.move(SessionStatus.LANDING, "", *with_it, entered)
        entry = next(e for e in self._services.record.state.queue if e.session == loop.id)
        self._queue(workspace.base).enter(entry)

    async def withdraw(self, session: SessionId, reason: str) -> bool:
        """Take a change back. Returns whether it was still in the queue; else it has landed or left."""
        entry = next((e for e in self._services.record.state.queue if e.session == session), None)
        return entry is not None and await self._queue(entry.target).withdraw(session, reason)

    def poke(self) -> None:
        """Something may have changed for what is blocked: look again."""
        for queue in self._queues.values():
            queue.poke()

    def retest(self, target: str) -> None:
        """Other rules are in force for a branch (empty: for all): what waits to land on it is tested anew."""
        for name, queue in self._queues.items():
            if target in ("", name):
                queue.retest()
                queue.poke()

    def reconfigured(self, before: Config) -> None:
        """Other settings are in force: other checks mean that everything queued is tested anew."""
        config = self._services.config
        for queue in self._queues.values():
            queue.resize(config.merge.window)
            if (config.checks, config.sessions.setup) != (before.checks, before.sessions.setup):
                queue.retest()
            queue.poke()

    def _queue(self, target: str, entries: list[QueueEntry] | None = None) -> MergeQueue:
        if target in self._queues:
            return self._queues[target]
        self._queues[target] = queue = self._made(target)
        self._tasks.create_task(self._keep(target, queue, entries or []), name=f"merge queue of {target}")
        return queue

    async def _keep(self, target: str, queue: MergeQueue, entries: list[QueueEntry]) -> None:
        """Run a queue. One that fails inside is made anew from what the journal holds."""
        while True:
            try:
                await queue.run(entries)
            except* JournalError:
                raise
            except* Exception as errors:  # the edge of the queue's task
                log.exception("the merge queue of %s failed", target)
                text = f"the merge queue of {target} failed and begins again: {errors.exceptions[0]}"
                self._services.record.add(None, Noted(text=text, level="error"))
            await asyncio.sleep(REPAIR_S)
            queue = self._queues[target] = self._made(target)
            entries = [entry for entry in self._services.record.state.queue if entry.target == target]

    def _made(self, target: str) -> MergeQueue:
        services = self._services
        return MergeQueue(
            target,
            git=services.repository,
            check=self._check,
            on_event=self._on_event,
            task_of=self._task_of,
            folder=services.paths.data / "landing" / target.replace("/", "-"),
            window=services.config.merge.window,
            clock=services.clock,
        )

    def _task_of(self, session: SessionId) -> Task:
        return self._services.record.state.sessions[session].task

    async def _check(
        self, tree: TreeId, directory: Path, session: SessionId, only: tuple[str, ...]
    ) -> tuple[CheckResult, ...]:
        services = self._services
        # Filling a folder removes what git does not keep, so what the checks need is made again.
        await set_up(services, directory, services.paths.data / "landing" / "scratch", {})
        target = replace(await target_of(services, directory, tree), is_pristine=True)
        checks = services.config.checks
        if only:
            checks = tuple(check for check in checks if check.name in only)
        judged = await self._judged(tree, session, target) if not only or RULES in only else ()
        return (*await services.checks.run(checks, When.MERGE, target, is_rerun=bool(only)), *judged)

    async def _judged(self, tree: TreeId, session: SessionId, target: Target) -> tuple[CheckResult, ...]:
        """Hold what would land to the rules in force on the branch that it lands on."""
        services = self._services
        entry = next((one for one in services.record.state.queue if one.session == session), None)
        tip = None if entry is None else await services.repository.branch_tip(entry.target)
        if entry is None or tip is None:
            return ()
        stats = await services.repository.diff_stat(tip, tree)
        changed = {path for one in stats for path in (one.path, one.old_path) if path}
        verdict = await services.rules.check(
            entry.target, tree, Looked(target.root, target.files, changed, target), tip
        )
        return () if verdict is None else (verdict.result(tree),)

    async def _on_event(self, session: SessionId, event: Event) -> None:
        await self._services.record.add(session, event, *self._attention(session, event))
        match event:
            case Landed():
                self._post(session, HasLanded())
            case QueueLeft():
                self._post(session, LeftQueue(event.reason, event.findings))
            case _:
                pass

    def _attention(self, session: SessionId, event: Event) -> list[Event]:
        """Return what a person has to see of it: a change that waits for them, or does so no longer."""
        now = self._services.clock.now()
        item_id = f"{session}:{AttentionKind.BLOCKED}"
        item = self._services.record.state.attention.get(item_id)
        if isinstance(event, QueueBlocked):
            since = item.since if item is not None else now
            raised = AttentionItem(
                id=item_id, session=session, kind=AttentionKind.BLOCKED, title=event.reason, since=since
            )
            return [AttentionRaised(item=raised)]
        if item is not None and isinstance(event, QueueTested | QueueLeft):
            return [AttentionResolved(item=item_id, how="no longer blocked", waited_s=max(0.0, now - item.since))]
        return []
