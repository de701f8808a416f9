"""`cockpit gc`: reclaims the disk of sessions that are over, and says what it kept and why."""

from __future__ import annotations

import asyncio
import shutil
from typing import TYPE_CHECKING, Any

from cockpit.journal.types import WorkspaceRemoved
from cockpit.providers.git import GitError, WouldLose
from cockpit.sessions.types import FINAL

if TYPE_CHECKING:
    from cockpit.supervisor.daemon import Supervisor


async def collect(supervisor: Supervisor, *, is_dry_run: bool) -> dict[str, Any]:
    """Remove the worktrees of landed and rejected sessions. Work that is on no branch is kept, and named."""
    services = supervisor.services
    sizes = await services.repository.disk_use()
    freed_bytes = 0
    removed: list[str] = []
    kept: list[dict[str, str]] = []
    for worktree in await services.repository.list_worktrees():
        state = next((s for s in services.record.state.sessions.values() if s.id == worktree.session), None)
        size_bytes = sizes[worktree.session].size_bytes if worktree.session in sizes else 0
        if state is None or state.status not in FINAL:
            why = "belongs to no session of this journal" if state is None else f"its session is {state.status}"
            kept.append({"session": worktree.session, "why": why})
            continue
        try:
            if await worktree.is_dirty():
                kept.append({"session": worktree.session, "why": "it holds work that was never committed"})
                continue
            if not is_dry_run:
                # Every commit stays on the session's branch, so nothing is lost with the folder.
                await services.repository.remove_worktree(worktree, force=True)
                scratch = services.paths.data / "scratch" / worktree.session
                await asyncio.to_thread(shutil.rmtree, scratch, ignore_errors=True)
                await services.record.add(state.id, WorkspaceRemoved(freed_bytes=size_bytes))
        except (WouldLose, GitError) as error:
            kept.append({"session": worktree.session, "why": str(error)})
            continue
        removed.append(worktree.session)
        freed_bytes += size_bytes
    return {"removed": removed, "kept": kept, "freed_bytes": freed_bytes, "is_dry_run": is_dry_run}
