"""Follows files: workspaces, so that the diff is live while an agent types, and cockpit.toml."""

from __future__ import annotations

import asyncio
import logging
from pathlib import Path
from typing import TYPE_CHECKING

from cockpit.config import reload
from cockpit.config.load import FILE_NAME
from cockpit.journal.types import ConfigBroken
from cockpit.providers.git import GitError
from cockpit.sessions.types import SessionStatus
from cockpit.supervisor.rounds import measure
from cockpit.types import SessionId, TreeId

if TYPE_CHECKING:
    from cockpit.supervisor.daemon import Supervisor

log = logging.getLogger(__name__)

USER_CONFIG = "config.toml"
"""The person's own settings, in their configuration folder."""
DEBOUNCE_MS = 300
_LIVE = (SessionStatus.WORKING, SessionStatus.WAITING)


async def watch_config(supervisor: Supervisor) -> None:
    """Take over cockpit.toml whenever it changes; one that is broken is told, and the last good one stays."""
    from watchfiles import awatch

    services = supervisor.services
    root, user = services.repository.root, services.paths.config
    await asyncio.to_thread(user.mkdir, parents=True, exist_ok=True)
    names = {root / FILE_NAME, user / USER_CONFIG}
    async for _ in awatch(root, user, recursive=False, watch_filter=lambda _change, path: Path(path) in names):
        config, error = await asyncio.to_thread(reload, services.config, root, user / USER_CONFIG)
        services.config = config
        if error is not None:
            services.record.add(None, ConfigBroken(error=str(error)))
        else:
            await supervisor.tell_config()
            supervisor.start_queued()
            services.landing.poke()


async def watch_workspaces(supervisor: Supervisor) -> None:
    """Measure a workspace's change whenever its files do, while its agent works."""
    from watchfiles import DefaultFilter, awatch

    services = supervisor.services
    folder = services.paths.workspaces
    await asyncio.to_thread(folder.mkdir, parents=True, exist_ok=True)
    relevant = DefaultFilter(ignore_dirs=(*DefaultFilter.ignore_dirs, "target", "dist", ".tox", ".ruff_cache"))
    async for changes in awatch(folder, watch_filter=relevant, debounce=DEBOUNCE_MS, step=50):
        touched = {Path(path).relative_to(folder).parts[:1] for _, path in changes}
        for parts in touched:
            if parts:
                await _measure(supervisor, SessionId(parts[0]))


async def _measure(supervisor: Supervisor, session: SessionId) -> None:
    loop = supervisor.loops.get(session)
    if loop is None or loop.state.status not in _LIVE:
        return
    try:
        worktree = await loop.workspace.worktree()
        tree = TreeId(await worktree.snapshot())
        await measure(supervisor.services, session, worktree, tree)
    except GitError as error:
        log.info("cannot measure %s: %s", session, error)
