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
from cockpit.providers.process import run
from cockpit.providers.sandbox import Policy, scrubbed_env
from cockpit.providers.text import clean, clean_line
from cockpit.sessions.types import WorkspaceInfo
from cockpit.supervisor.app import App
from cockpit.supervisor.conflicts import conflict
from cockpit.supervisor.services import Services
from cockpit.types import CommitId, SessionId

PORTS = 3
"""Ports leased for each workspace: PORT, and COCKPIT_PORT_0 to COCKPIT_PORT_2."""
_SETUP_OUTPUT_BYTES = 1 << 20
_COPY_LIMIT = 1000


class WorkspaceError(Exception):
    """The workspace cannot be made ready; the message says why and what to do."""


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
            target = await self._target(state.task.base)
            base = await services.repository.resolve(target)
            path = services.paths.workspaces / self._session
            self._worktree = await services.repository.add_worktree(
                self._session, path, f"cockpit/{self._session}", base
            )
            info = WorkspaceInfo(
                session=self._session,
                path=str(path),
                branch=self._worktree.branch,
                base=target,
                base_commit=CommitId(base),
                ports=self._lease_ports(),
            )
            await asyncio.to_thread(self._copy_files, path)
            await self._set_up(info)
            await services.record.add(self._session, WorkspaceReady(workspace=info))
        await self.adopt()
        return info

    async def adopt(self) -> None:
        """Take over a workspace that exists, and start its app."""
        info = self._info()
        self._scratch.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._worktree = await self._services.repository.add_worktree(
            self._session, Path(info.path), info.branch, GitCommit(info.base_commit)
        )
        await self._app.start(info, self.env(info))

    async def ready(self) -> WorkspaceInfo:
        """Return the workspace, made ready first where it is not."""
        if self._services.record.state.sessions[self._session].workspace is None or self._worktree is None:
            return await self.prepare()
        return self._info()

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
            "COCKPIT_WORKSPACE": info.path,
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
            if state.workspace is not None
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

    async def _set_up(self, info: WorkspaceInfo) -> None:
        config = self._services.config.sessions
        if config.setup is None:
            return
        services = self._services
        self._scratch.mkdir(mode=0o700, parents=True, exist_ok=True)
        policy = Policy(
            workspace=Path(info.path),
            writable=(self._scratch,),
            hidden=(services.paths.state, services.paths.workspaces),
            network=True,
        )
        services.record.add(self._session, Noted(text=f"set-up: {' '.join(config.setup)}"))
        done = await run(
            services.sandbox.wrap(config.setup, policy),
            cwd=Path(info.path),
            env=scrubbed_env(self.env(info)),
            timeout_s=config.setup_timeout_s,
            output_limit_bytes=_SETUP_OUTPUT_BYTES,
        )
        if done.timed_out or done.exit_code != 0:
            said = (done.stderr or done.stdout).decode(errors="replace").strip()[-600:]
            how = "took too long" if done.timed_out else f"ended with status {done.exit_code}"
            raise WorkspaceError(f"the set-up command {how}: {said}")


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
