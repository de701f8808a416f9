"""The screen's connection with its supervisor: kept up as long as the screen lives, opened again when it breaks."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from typing import Any

from pydantic import ValidationError

from cockpit.protocol.client import Client, CommandFailed, SupervisorGone
from cockpit.protocol.types import PROTOCOL, Command, Hello, Snapshot, Subscribe, Watch
from cockpit.providers.paths import Paths
from cockpit.providers.resident import ResidentError, ensure_supervisor
from cockpit.screens.store import LinkStatus, Store
from cockpit.types import SessionId

_log = logging.getLogger(__name__)

FIRST_RETRY_S = 0.1
LAST_RETRY_S = 2.0
RESTART_SHOWN_S = 8.0


class Link:
    """Feeds a store from a supervisor's socket and carries commands to it."""

    def __init__(self, store: Store, paths: Paths, person: str) -> None:
        self._store, self._paths, self._person = store, paths, person
        self._may_restart = False
        self._client: Client | None = None
        self._watching: tuple[SessionId, ...] = ()
        self._pid = 0
        self._watch_changed = asyncio.Event()

    async def run(self) -> None:
        """Stay connected until cancelled."""
        wait_s = FIRST_RETRY_S
        while True:
            try:
                async with await Client.connect(self._paths.supervisor_socket) as client:
                    await self._follow(client)
                    wait_s = FIRST_RETRY_S
            except (SupervisorGone, CommandFailed):
                pass  # the header says so below, and the next attempt is due
            finally:
                self._client = None
            if self._store.link is not LinkStatus.FOREIGN:
                self._store.stands(LinkStatus.GONE if self._pid else LinkStatus.CONNECTING)
            await asyncio.sleep(wait_s)
            await self._restart_what_crashed()
            wait_s = min(wait_s * 2, LAST_RETRY_S)

    async def _restart_what_crashed(self) -> None:
        """Start the supervisor again, once after each time that it was there, if it has not ended in good order.

        One that ends in good order takes its socket with it, and stays ended: a person wanted that.
        """
        if not self._may_restart or not self._paths.supervisor_socket.exists():
            return
        self._may_restart = False
        try:
            await asyncio.to_thread(ensure_supervisor, self._paths)
        except ResidentError as error:
            _log.warning("the supervisor could not be started again: %s", error)

    async def call(self, command: Command) -> dict[str, Any]:
        """Send a command and return its result.

        Raises:
            CommandFailed: the supervisor refused it, and says why.
            SupervisorGone: there is no connection; nothing was done.
        """
        client = self._client
        if client is None:
            raise SupervisorGone("not connected with the supervisor")
        return await client.call(command)

    def watch(self, sessions: Sequence[SessionId]) -> None:
        """Ask for the progress of these sessions only."""
        wanted = tuple(sessions)
        if wanted == self._watching:
            return
        self._watching = wanted
        self._store.watch(wanted)
        self._watch_changed.set()

    async def _follow(self, client: Client) -> None:
        greeting = await client.call(Hello(client=f"screen of {self._person}"))
        if greeting.get("protocol") != PROTOCOL:
            self._store.stands(LinkStatus.FOREIGN)
            return
        pid = int(greeting.get("pid", 0))
        is_restart = bool(self._pid) and pid != self._pid
        self._pid = pid
        self._may_restart = True
        await client.call(Subscribe())
        self._client = client
        self._watch_changed.set()
        async with asyncio.TaskGroup() as tasks:
            side = [tasks.create_task(self._keep_watch(client))]
            try:
                async for push in client.pushes():
                    self._store.take(push)
                    if len(side) == 1 and isinstance(push, Snapshot):
                        side.append(tasks.create_task(self._announce(is_restart)))
            except ValidationError:
                self._store.stands(LinkStatus.FOREIGN)
            finally:
                for task in side:
                    task.cancel()

    async def _announce(self, is_restart: bool) -> None:
        if is_restart:
            self._store.stands(LinkStatus.RESTARTED)
            await asyncio.sleep(RESTART_SHOWN_S)
        self._store.stands(LinkStatus.LIVE)

    async def _keep_watch(self, client: Client) -> None:
        while True:
            await self._watch_changed.wait()
            self._watch_changed.clear()
            try:
                await client.call(Watch(sessions=self._watching))
            except (SupervisorGone, CommandFailed):
                return  # the connection's end is noticed by its reader; a session that is gone has no progress
