"""The set-up command of cockpit.toml: installs what a checkout needs before anything can run in it."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from pathlib import Path

from cockpit.providers.process import ProcessError
from cockpit.providers.sandbox import Policy, SandboxError, scrubbed_env
from cockpit.providers.text import clean
from cockpit.supervisor.services import Services

_OUTPUT_BYTES = 1 << 20
_SHOWN_CHARS = 600


class WorkspaceError(Exception):
    """A workspace cannot be made ready; the message says why and what to do."""


async def set_up(services: Services, folder: Path, scratch: Path, env: Mapping[str, str]) -> None:
    """Run the set-up command in a folder, where one is configured.

    Raises `WorkspaceError` with the end of what it said.
    """
    config = services.config.sessions
    if config.setup is None:
        return
    await asyncio.to_thread(scratch.mkdir, mode=0o700, parents=True, exist_ok=True)
    policy = Policy(
        workspace=folder, writable=(scratch,), hidden=(services.paths.state, services.paths.workspaces), network=True
    )
    try:
        argv = await asyncio.to_thread(services.sandbox.wrap, config.setup, policy)
        done = await services.run(
            argv,
            cwd=folder,
            env=scrubbed_env({"TMPDIR": str(scratch), **env}),
            timeout_s=config.setup_timeout_s,
            output_limit_bytes=_OUTPUT_BYTES,
        )
    except (ProcessError, SandboxError) as error:
        raise WorkspaceError(f"the set-up command cannot run: {error}") from error
    if not done.ok:
        said = clean((done.stderr or done.stdout).decode(errors="replace")).strip()[-_SHOWN_CHARS:]
        how = "took too long" if done.timed_out else f"ended with status {done.exit_code}"
        raise WorkspaceError(f"the set-up command {how}: {said}")
