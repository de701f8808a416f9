"""A long step of a session (preparing, checking), run beside its loop so that a person is always heard."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Coroutine
from typing import Any

from cockpit.journal.errors import JournalError
from cockpit.supervisor.signals import Signal, StepFailed

log = logging.getLogger(__name__)


class Step:
    """At most one step at a time; its result, or why it failed, comes through the session's inbox."""

    def __init__(self, name: str, tasks: asyncio.TaskGroup, post: Callable[[Signal], None]) -> None:
        """Nothing runs yet; `tasks` owns what will."""
        self._name, self._tasks, self._post = name, tasks, post
        self._task: asyncio.Task[None] | None = None

    def begin(self, work: Callable[[], Coroutine[Any, Any, Signal]]) -> None:
        """Begin a step; the one before is over or was cancelled. `work` is not called when it is cancelled at once."""
        self._task = self._tasks.create_task(self._guarded(work), name=f"step of {self._name}")

    async def cancel(self) -> None:
        """End the step under way, if there is one, and wait until it is gone; its result is not told any more."""
        task, self._task = self._task, None
        if task is not None and not task.done():
            task.cancel()
            await asyncio.wait({task})

    async def _guarded(self, work: Callable[[], Coroutine[Any, Any, Signal]]) -> None:
        try:
            self._post(await work())
        except JournalError:
            raise  # nothing may happen that is not on disk: the supervisor ends
        except Exception as error:  # the edge of a step: told to the person as the session's failure
            log.warning("%s: a step failed", self._name, exc_info=True)
            self._post(StepFailed(reason_of(error)))


def reason_of(error: BaseException) -> str:
    """Return what went wrong, for people; of several errors the first."""
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return str(error) or type(error).__name__
