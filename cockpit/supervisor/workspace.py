"""A session's workspace: git worktree, branch, leased ports, set-up command, running copy of the app."""

from __future__ import annotations

import asyncio
import shutil
import socket
from pathlib import Path

from cockpit.checks.types import Finding
from cockpit.journal.types import Noted, WorkspaceReady
from cockpit.providers.git import CommitId as GitCommit
from cockpit.providers.git import Worktree
from cockpit.providers.process_tree import kill_marked
from cockpit.providers.text import clean, clean_line
from cockpit.sessions.types import FINAL, WorkspaceInfo
from cockpit.supervisor.app import App
from cockpit.supervisor.conflicts import conflict
from cockpit.supervisor.fork import beginning_of
from cockpit.supervisor.services import Services
from cockpit.supervisor.set_up import WorkspaceError, set_up
from cockpit.types import CommitId, SessionId

PORTS = 3
"""Ports leased for each workspace: PORT, and COCKPIT_PORT_0 to COCKPIT_PORT_2."""
MARKER = "COCKPIT_WORKSPACE"
"""Variable that names the workspace in each of its processes. Unlike a session's name, a path belongs to one only."""
_COPY_LIMIT = 1000


class Workspace:
    """Makes, adopts and equips the workspace of one session."""

    def __init__(self, services: Services, session: SessionId) -> None:
        """Nothing is made yet."""
        self._services = services
        self._session = session
        self._worktree: Worktree | None = None
        self._app = App(services, session)

    async def prepare(self) -> WorkspaceInfo:
        """Make the workspace, or adopt what an interrupted preparation left. Raises `GitError` or `WorkspaceError`."""
        services = self._services
        state = services.record.state.sessions[self._session]
        info = state.workspace
        if info is None:
            begin = await beginning_of(services, state, await self._target(state.task.base))
            path = services.paths.workspaces / self._session
            await asyncio.to_thread(kill_marked, str(path), marker=MARKER)  # a set-up that outlived a crash
            self._worktree = await services.repository.add_worktree(
                self._session, path, f"cockpit/{self._session}", begin.start
            )
            info = WorkspaceInfo(
                session=self._session,
                path=str(path),
                branch=self._worktree.branch,
                base=begin.target,
                base_commit=begin.base,
                ports=self._lease_ports(),
            )
            await self._equip(info)
            await services.record.add(self._session, WorkspaceReady(workspace=info))
        await self.adopt()
        return info

    async def adopt(self) -> None:
        """Take over a workspace that exists, and start its app; one whose folder is gone is made again."""
        info = self._info()
        is_gone = not await asyncio.to_thread(Path(info.path).is_dir)
        await asyncio.to_thread(self._scratch.mkdir, mode=0o700, parents=True, exist_ok=True)
        self._worktree = await self._services.repository.add_worktree(
            self._session, Path(info.path), info.branch, GitCommit(info.base_commit)
        )
        if is_gone:
            text = (
                f"its folder {info.path} was gone and is made again from {info.branch}; what was not committed is lost"
            )
            await self._services.record.add(self._session, Noted(text=text, level="warning"))
            await self._equip(info)
        self._app.start(info, self.env(info))

    async def ready(self) -> WorkspaceInfo:
        """Return the workspace, made ready first where it is not."""
        info = self._services.record.state.sessions[self._session].workspace
        if info is None:
            return await self.prepare()
        if self._worktree is None or not await asyncio.to_thread(Path(info.path).is_dir):
            await self.adopt()
        return info

    async def worktree(self) -> Worktree:
        """Return the worktree. Raises `WorkspaceError` when there is none yet."""
        if self._worktree is None:
            await self.ready()
        if self._worktree is None:
            raise WorkspaceError("the session has no workspace yet")
        return self._worktree

    async def close(self) -> None:
        """Stop what runs in the workspace; nothing in it is deleted."""
        await self._app.stop()

    def env(self, info: WorkspaceInfo) -> dict[str, str]:
        """Return the variables that everything in the workspace sees."""
        ports = {f"COCKPIT_PORT_{number}": str(port) for number, port in enumerate(info.ports)}
        first = {"PORT": str(info.ports[0])} if info.ports else {}
        return {
            "COCKPIT_SESSION": self._session,
            MARKER: info.path,
            "TMPDIR": str(self._scratch),
            **first,
            **ports,
        }

    async def take_over_target(self) -> tuple[str, tuple[Finding, ...]]:
        """Merge the target's tip into the workspace, leaving markers where both sides changed the same lines.

        From then on the change is measured against that tip. Returns a sentence for the agent, and a finding for each
        file with markers.
        """
        services = self._services
        info = self._info()
        worktree = await self.worktree()
        tip = await services.repository.resolve(info.base)
        merged = await worktree.merge(tip, f"Merge {info.base} into {info.branch}")
        moved = info.model_copy(update={"base_commit": CommitId(tip)})
        await services.record.add(self._session, WorkspaceReady(workspace=moved))
        said = f"What landed on {info.base} meanwhile is now merged into your workspace"
        if not merged.conflicts:
            return f"{said}, without conflicts.", ()
        found = tuple(conflict(clean_line(one.path), excerpt=clean(one.excerpt)) for one in merged.conflicts)
        return f"{said}. Where both sides changed the same lines, the files hold conflict markers to resolve.", found

    @property
    def _scratch(self) -> Path:
        return self._services.paths.data / "scratch" / self._session

    def _info(self) -> WorkspaceInfo:
        info = self._services.record.state.sessions[self._session].workspace
        if info is None:
            raise WorkspaceError("the session has no workspace yet")
        return info

    async def _target(self, base: str) -> str:
        wanted = base or self._services.config.merge.target or await self._services.repository.current_branch()
        if not wanted:
            raise WorkspaceError("no branch is checked out to start from; name one: [merge] target in cockpit.toml")
        return wanted

    def _lease_ports(self) -> tuple[int, ...]:
        leased = {
            port
            for state in self._services.record.state.sessions.values()
            if state.workspace is not None and state.status not in FINAL
            for port in state.workspace.ports
        }
        return _free_ports(PORTS, leased)

    def _copy_files(self, path: Path) -> None:
        root = self._services.repository.root
        if self._services.repository.is_bare:
            return
        copied = 0
        for pattern in self._services.config.sessions.copy_files:
            for source in root.glob(pattern):
                inside = source.relative_to(root)
                if not source.is_file() or source.is_symlink() or ".git" in inside.parts or copied >= _COPY_LIMIT:
                    continue
                (path / inside).parent.mkdir(parents=True, exist_ok=True)
                shutil.copy2(source, path / inside)
                copied += 1

    async def _equip(self, info: WorkspaceInfo) -> None:
        """Bring in what git does not keep: copied files, and whatever the set-up command makes."""
        await asyncio.to_thread(self._copy_files, Path(info.path))
        services = self._services
        if services.config.sessions.setup is not None:
            said = f"set-up: {' '.join(services.config.sessions.setup)}"
            services.record.add(self._session, Noted(text=said))
        await set_up(services, Path(info.path), self._scratch, self.env(info))


def _free_ports(count: int, taken: set[int]) -> tuple[int, ...]:
    """Return free ports. They are found by binding all of them at once, so they differ."""
    sockets: list[socket.socket] = []
    ports: list[int] = []
    try:
        while len(ports) < count:
            one = socket.socket()
            sockets.append(one)
            one.bind(("127.0.0.1", 0))
            port = one.getsockname()[1]
            if port not in taken:
                ports.append(port)
    finally:
        for one in sockets:
            one.close()
    return tuple(ports)
