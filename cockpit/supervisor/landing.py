"""Between the sessions and the merge queues: one queue for each branch that changes land on."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from cockpit.changes.runtime import MergeQueue
from cockpit.changes.types import QueueEntry
from cockpit.checks.types import CheckResult, When
from cockpit.journal.types import Event, Landed, Noted, QueueBlocked, QueueEntered, QueueLeft
from cockpit.sessions.types import SessionStatus, Task
from cockpit.supervisor.rounds import target_of
from cockpit.supervisor.services import Services
from cockpit.supervisor.signals import HasLanded, LeftQueue, Signal
from cockpit.types import CommitId, SessionId, TreeId

if TYPE_CHECKING:
    from cockpit.supervisor.session import SessionLoop

Post = Callable[[SessionId, Signal], None]


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

    async def enter(self, loop: SessionLoop, commit: str) -> None:
        """Put a session's change into its target's queue; on disk when this returns."""
        workspace = loop.state.workspace
        assert workspace is not None
        entered = QueueEntered(commit=CommitId(commit), target=workspace.base)
        await loop.move(SessionStatus.LANDING, "", entered)
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

    def _queue(self, target: str, entries: list[QueueEntry] | None = None) -> MergeQueue:
        if target in self._queues:
            return self._queues[target]
        services = self._services
        queue = MergeQueue(
            target,
            git=services.repository,
            check=self._check,
            on_event=self._on_event,
            task_of=self._task_of,
            folder=services.paths.data / "landing" / target.replace("/", "-"),
            window=services.config.merge.window,
            clock=services.clock,
        )
        self._queues[target] = queue
        self._tasks.create_task(queue.run(entries or ()), name=f"merge queue of {target}")
        return queue

    def _task_of(self, session: SessionId) -> Task:
        return self._services.record.state.sessions[session].task

    async def _check(
        self, tree: TreeId, directory: Path, session: SessionId, only: tuple[str, ...]
    ) -> tuple[CheckResult, ...]:
        services = self._services
        target = await target_of(services, directory, tree)
        checks = services.config.checks
        if only:
            checks = tuple(check for check in checks if check.name in only)
        return await services.checks.run(checks, When.MERGE, target, is_rerun=bool(only))

    async def _on_event(self, session: SessionId, event: Event) -> None:
        await self._services.record.add(session, event)
        match event:
            case Landed():
                self._post(session, HasLanded())
            case QueueLeft():
                self._post(session, LeftQueue(event.reason, event.findings))
            case QueueBlocked():
                await self._services.record.add(session, Noted(text=event.reason, level="warning"))
            case _:
                pass
