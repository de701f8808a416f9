"""Follows files: workspaces, so that the diff is live while an agent types, and cockpit.toml.

cockpit.toml is read from the person's own checkout only. A session that edits it, or `.cockpit/`, changes nothing for
anybody before its change has landed and the checkout has followed; and nothing lands such a change unattended.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TYPE_CHECKING

from cockpit.config import USER_CONFIG, reload
from cockpit.config.load import FILE_NAME
from cockpit.journal.errors import JournalError
from cockpit.journal.types import ConfigBroken
from cockpit.sessions.types import SessionStatus
from cockpit.supervisor.rounds import measure
from cockpit.supervisor.signals import PolicyChanged
from cockpit.types import SessionId, TreeId

if TYPE_CHECKING:
    from cockpit.supervisor.daemon import Supervisor

log = logging.getLogger(__name__)

DEBOUNCE_MS = 300
WITHOUT_WATCHER_S = 5.0
"""How often is looked by hand after a watcher has failed (no watch left, its folder removed)."""
_LOOKS = 12
_LIVE = (SessionStatus.WORKING, SessionStatus.WAITING)


async def watch_config(supervisor: Supervisor) -> None:
    """Take over cockpit.toml whenever it changes; one that is broken is told, and the last good one stays."""
    from watchfiles import awatch

    services = supervisor.services
    root, user = services.repository.root, services.paths.config
    names = {root / FILE_NAME, user / USER_CONFIG}

    async def follow() -> None:
        await asyncio.to_thread(user.mkdir, parents=True, exist_ok=True)
        await reload_config(supervisor)  # it may have changed while nobody watched
        async for _ in awatch(root, user, recursive=False, watch_filter=lambda _change, path: Path(path) in names):
            await reload_config(supervisor)

    await _for_ever(follow, lambda: reload_config(supervisor))


async def reload_config(supervisor: Supervisor) -> None:
    """Read the configuration again; a good one is in force at once, a broken one is told."""
    services = supervisor.services
    before = services.config
    config, error = await asyncio.to_thread(
        reload, before, services.repository.root, services.paths.config / USER_CONFIG
    )
    shown = services.record.state.config_error
    if error is not None:
        if shown != str(error):
            services.record.add(None, ConfigBroken(error=str(error)))
        return
    if config == before and not shown:
        return
    services.config = config
    await supervisor.tell_config()
    supervisor.start_queued()
    services.landing.reconfigured(before)
    if config.policy != before.policy:
        for loop in supervisor.loops.values():
            loop.post(PolicyChanged())


async def watch_workspaces(supervisor: Supervisor) -> None:
    """Measure a workspace's change whenever its files do, while its agent works."""
    from watchfiles import DefaultFilter, awatch

    folder = supervisor.services.paths.workspaces
    relevant = DefaultFilter(ignore_dirs=(*DefaultFilter.ignore_dirs, "target", "dist", ".tox", ".ruff_cache"))

    async def follow() -> None:
        await asyncio.to_thread(folder.mkdir, parents=True, exist_ok=True)
        async for changes in awatch(folder, watch_filter=relevant, debounce=DEBOUNCE_MS, step=50):
            for name in {Path(path).relative_to(folder).parts[:1] for _, path in changes}:
                if name:
                    await _measure(supervisor, SessionId(name[0]))
            if not await asyncio.to_thread(folder.is_dir):
                raise FileNotFoundError(f"{folder} was removed")

    async def look() -> None:
        for session in list(supervisor.loops):
            await _measure(supervisor, session)

    await _for_ever(follow, look)


async def _for_ever(follow: Callable[[], Awaitable[None]], look: Callable[[], Awaitable[None]]) -> None:
    """Follow; when the watcher fails, look by hand for a while and try again."""
    while True:
        try:
            await follow()
        except JournalError:
            raise
        except Exception as error:  # the edge of a watcher: what it shows gets slower, nothing else changes
            log.warning("a watcher failed, looking every %.0f s instead: %s", WITHOUT_WATCHER_S, error)
        for _ in range(_LOOKS):
            await asyncio.sleep(WITHOUT_WATCHER_S)
            try:
                await look()
            except JournalError:
                raise
            except Exception:  # the same edge: it looks again in a while
                log.warning("cannot look", exc_info=True)


async def _measure(supervisor: Supervisor, session: SessionId) -> None:
    """Measure a session whose agent is at work. What goes wrong is met again, and told, when its turn is checked."""
    loop = supervisor.loops.get(session)
    if loop is None or loop.state.status not in _LIVE or loop.state.workspace is None:
        return
    try:
        worktree = await loop.workspace.worktree()
        tree = TreeId(await worktree.snapshot())
        if loop.state.status in _LIVE:
            await measure(supervisor.services, session, worktree, tree)
    except JournalError:
        raise
    except Exception as error:  # the edge of a look: it is measured again when its turn is checked
        log.info("cannot measure %s: %s", session, error)
