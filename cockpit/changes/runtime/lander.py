"""Moves the target branch to tested trees, and finds out how a move ended that was cut off."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path

from cockpit.changes.runtime.intent import IntentFile, Landing
from cockpit.changes.runtime.ports import QueueGit
from cockpit.changes.service.message import landing_message
from cockpit.changes.service.queue import Land
from cockpit.changes.types import QueueEntry
from cockpit.journal.types import Landed
from cockpit.providers.clock import Clock
from cockpit.providers.git import types as gt
from cockpit.providers.git.errors import CommandFailed
from cockpit.sessions.types import Task
from cockpit.types import SessionId

_NO_SUCH_OBJECT = 128
"""Git's exit code for a commit that it does not have; one that landed, it has."""


class Lander:
    """Lands on one branch, one landing at a time, with a note on disk from before the move until it is reported."""

    def __init__(
        self, target: str, git: QueueGit, task_of: Callable[[SessionId], Task], intent: Path, clock: Clock
    ) -> None:
        """Prepare to land on `target`, keeping the note of a landing under way in the file `intent`."""
        self._target = target
        self._git = git
        self._task_of = task_of
        self._intent = IntentFile(intent)
        self._clock = clock
        self._is_settled = False

    @property
    def is_settled(self) -> bool:
        """Whether it is known, and reported, how the last landing ended; not so after a start."""
        return self._is_settled

    async def prepare(self, step: Land) -> Landing:
        """Make the commits that land, each of its tested tree, the first upon the tip; and note down what will happen.

        Raises:
            GitError: a commit could not be made.
            OSError: the note could not be written.
        """
        changes: list[tuple[QueueEntry, Landed]] = []
        parent = step.tip
        for change in step.changes:
            entry = change.entry
            receipt = change.verdict.receipt("", self._clock.now())
            message = landing_message(self._task_of(entry.session), entry, (result.check for result in receipt.results))
            parent = await self._git.commit_tree(change.tree, (parent,), message)
            receipt = receipt.model_copy(update={"commit": parent})
            changes.append((entry, Landed(target=self._target, commit=parent, tree=change.tree, receipt=receipt)))
        landing = Landing(base=step.tip, changes=tuple(changes))
        await asyncio.to_thread(self._intent.write, landing)
        self._is_settled = False
        return landing

    async def move(self, landing: Landing) -> gt.LandResult:
        """Move the branch by compare-and-swap from the tip that the trees were stacked on; a clean checkout follows.

        Raises:
            GitError: it is not known whether the branch moved; `outcome` finds out.
        """
        return await self._git.land(self._target, landing.base, landing.tip)

    async def cut_off(self) -> Landing | None:
        """Return the landing whose end is not known, if there is one."""
        return None if self._is_settled else await asyncio.to_thread(self._intent.read)

    async def outcome(self, landing: Landing) -> gt.Landed | None:
        """Return what became of a landing, having brought along checkouts that it left half-way. None: nothing moved.

        Raises:
            GitError: git cannot tell now.
        """
        tip = await self._git.branch_tip(self._target)
        try:
            if tip is None or await self._git.merge_base(landing.tip, tip) != landing.tip:
                return None
        except CommandFailed as error:
            if error.code == _NO_SUCH_OBJECT:
                return None
            raise
        again = await self.move(landing) if tip == landing.tip else None
        return again if isinstance(again, gt.Landed) else gt.Landed(landing.tip)

    async def settled(self) -> None:
        """Take the note away: the landing is over, and the journal knows how it ended."""
        if not self._is_settled:
            await asyncio.to_thread(self._intent.clear)
            self._is_settled = True
