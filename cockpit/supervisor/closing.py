"""The end of a session: its agent, its app and all they started are ended; its work stays, on its branch."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING

from cockpit.journal.errors import JournalError
from cockpit.journal.types import ChangeCommitted, Noted
from cockpit.providers.git import GitError
from cockpit.providers.process_tree import kill_marked
from cockpit.supervisor.rounds import measure
from cockpit.supervisor.workspace import MARKER
from cockpit.types import CommitId, TreeId

if TYPE_CHECKING:
    from cockpit.supervisor.session import SessionLoop

log = logging.getLogger(__name__)


async def wind_up(loop: SessionLoop) -> None:
    """End everything that runs for a session. What cannot be ended is noted."""
    if not loop.state.has_exited:
        await loop.agent.stop()
    await loop.workspace.close()
    await end_stragglers(loop)


async def end_stragglers(loop: SessionLoop) -> None:
    """End what the session's processes have left behind, wherever it went."""
    workspace = loop.state.workspace
    if workspace is None:
        return
    try:
        # The path is marked, not the session's name: sessions of other repositories may have the same one.
        await asyncio.to_thread(kill_marked, workspace.path, marker=MARKER)
    except (TimeoutError, OSError) as error:
        loop.services.record.add(loop.id, Noted(text=f"processes were left behind: {error}", level="warning"))


async def keep_work(loop: SessionLoop) -> None:
    """Commit what is not committed yet on the session's branch, so that closing the session loses nothing."""
    state = loop.state
    if state.workspace is None:
        return
    try:
        worktree = await loop.workspace.worktree()
        if not await worktree.is_dirty():
            return
        tree = TreeId(await worktree.snapshot())
        await measure(loop.services, loop.id, worktree, tree)
        message = f"Unfinished: {state.name[:60]}\n\nCockpit-Session: {state.id}\n"
        commit = CommitId(await worktree.commit(message, tree))
        await loop.services.record.add(loop.id, ChangeCommitted(commit=commit, tree=tree))
    except JournalError:
        raise
    except (GitError, OSError) as error:
        text = f"uncommitted work stays in {state.workspace.path}: {error}"
        loop.services.record.add(loop.id, Noted(text=text, level="warning"))
