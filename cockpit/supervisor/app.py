"""The copy of the app under development that runs in a session's workspace."""

from __future__ import annotations

import asyncio
import re
from pathlib import Path
from string import Template
from typing import Literal

from cockpit.journal.errors import JournalError
from cockpit.journal.types import AppChanged
from cockpit.providers.process import ProcessError, spawn
from cockpit.providers.readiness import HttpProbe, LogProbe, NotReadyError, Probe, TcpProbe, wait_ready
from cockpit.providers.sandbox import Policy, SandboxError, scrubbed_env
from cockpit.providers.text import clean_line
from cockpit.sessions.config import AppConfig, ReadyConfig
from cockpit.sessions.types import WorkspaceInfo
from cockpit.supervisor.services import Services
from cockpit.types import SessionId


class App:
    """Starts and stops the app; its output goes to a log file of the session."""

    def __init__(self, services: Services, session: SessionId) -> None:
        """Nothing runs yet."""
        self._services, self._session = services, session
        self._running: asyncio.Task[None] | None = None

    def start(self, info: WorkspaceInfo, env: dict[str, str]) -> None:
        """Start the app where cockpit.toml declares one and it does not run yet; does not wait until it is ready."""
        config = self._services.config.sessions.app
        if config is None or (self._running is not None and not self._running.done()):
            return
        self._running = asyncio.create_task(self._run(config, info, env), name=f"app of {self._session}")

    async def stop(self) -> None:
        """End the app and everything it started."""
        running, self._running = self._running, None
        if running is not None:
            running.cancel()
            await asyncio.wait({running})

    async def _run(self, config: AppConfig, info: WorkspaceInfo, env: dict[str, str]) -> None:
        """Run the app until cancelled, or until it ends by itself; both are told."""
        services = self._services
        scratch = Path(env["TMPDIR"])
        policy = Policy(
            workspace=Path(info.path),
            writable=(scratch,),
            hidden=(services.paths.state, services.paths.workspaces),
            network=True,  # the leased port must be reachable from outside
        )
        log = services.paths.logs / f"app-{self._session}.log"
        try:
            self._tell("starting")
            argv = await asyncio.to_thread(services.sandbox.wrap, config.command, policy)
            async with spawn(argv, cwd=Path(info.path), env=services.marked(scrubbed_env(env)), log=log) as running:
                if config.ready is not None:
                    await wait_ready(running, _probe(config.ready, env), config.timeout_s)
                self._tell("ready", f"http://127.0.0.1:{env['PORT']}" if "PORT" in env else "")
                status = await running.wait()
                self._tell("stopped", f"ended with status {status}")
        except JournalError:
            return  # the supervisor ends because of it
        except (ProcessError, NotReadyError, SandboxError, OSError, ValueError) as error:
            self._tell("failed", clean_line(str(error))[:300])

    def _tell(self, status: Literal["starting", "ready", "failed", "stopped"], detail: str = "") -> None:
        self._services.record.add(self._session, AppChanged(status=status, detail=detail))


def _probe(ready: ReadyConfig, env: dict[str, str]) -> Probe:
    if ready.port is not None:
        return TcpProbe(int(env.get(ready.port, "0")) if isinstance(ready.port, str) else ready.port)
    if ready.url:
        return HttpProbe(Template(ready.url).safe_substitute(env))
    return LogProbe(re.compile(ready.regex))
