"""What is kept for the repository, what runs for it, and what its cockpit.toml says."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Iterator

from cockpit import __version__
from cockpit.cli.diagnosis import Remark, fail, ok, warn
from cockpit.cli.diagnosis.agents import examine_agents
from cockpit.config import FILE_NAME, USER_CONFIG, Config, ConfigError, load
from cockpit.protocol.client import Client, CommandFailed, SupervisorGone
from cockpit.protocol.types import Hello
from cockpit.providers.paths import (
    SOCKET_PATH_LIMIT_BYTES,
    NetworkFilesystemError,
    Paths,
    PathsError,
    filesystem_kind,
    refuse_network_filesystem,
)
from cockpit.providers.resident import accepts

_LITTLE_DISK_BYTES = 2_000_000_000
_ANSWER_WITHIN_S = 5.0


def examine(paths: Paths, *, is_online: bool) -> Iterator[Remark]:
    """Yield what is found for one repository; `is_online` also calls the agents' endpoints."""
    yield _state(paths)
    yield _sockets(paths)
    yield _supervisor(paths)
    yield _screens(paths)
    yield from _config(paths, is_online=is_online)


def _state(paths: Paths) -> Remark:
    try:
        for folder in (paths.state, paths.data):
            refuse_network_filesystem(folder)
        paths.ensure()
        free_bytes = shutil.disk_usage(paths.data).free
    except NetworkFilesystemError as error:
        return fail("state", f"{error.path} is on a network file system ({error.kind})", "Set COCKPIT_HOME elsewhere.")
    except (PathsError, OSError) as error:
        return fail("state", str(error), "Set COCKPIT_HOME to a folder of yours on a local disk.")
    found = f"{paths.state} on a local disk ({filesystem_kind(paths.state)}), {free_bytes / 1e9:.0f} GB free"
    if free_bytes < _LITTLE_DISK_BYTES:
        return warn("state", found, "Workspaces need room: `cockpit gc` reclaims what is over.")
    return ok("state", found)


def _sockets(paths: Paths) -> Remark:
    longest = max(len(str(one).encode()) for one in (paths.supervisor_socket, paths.screen_host_socket))
    if longest > SOCKET_PATH_LIMIT_BYTES:
        return fail(
            "sockets", f"{paths.runtime}: the path is too long for a socket", "Set COCKPIT_HOME or HOME shorter."
        )
    return ok("sockets", f"{paths.runtime}, for you alone")


def _supervisor(paths: Paths) -> Remark:
    if not accepts(str(paths.supervisor_socket)):
        return ok("supervisor", "does not run; any command that needs it starts it")
    try:
        said = asyncio.run(_hello(paths))
    except (SupervisorGone, CommandFailed, TimeoutError) as error:
        return fail(
            "supervisor", f"listens but does not answer ({error or 'too slow'})", f"See {paths.logs}; `cockpit down`."
        )
    found = f"runs as process {said['pid']}, version {said['version']}"
    if said["version"] != __version__:
        return warn("supervisor", found, f"This is {__version__}: `cockpit down --keep-agents`, then `cockpit up`.")
    return ok("supervisor", found)


async def _hello(paths: Paths) -> dict[str, object]:
    async with asyncio.timeout(_ANSWER_WITHIN_S), await Client.connect(paths.supervisor_socket) as client:
        return await client.call(Hello(client="doctor"))


def _screens(paths: Paths) -> Remark:
    if accepts(str(paths.screen_host_socket)):
        return ok("screens", "the screen host runs")
    return ok("screens", "no screen host runs; `cockpit` starts it")


def _config(paths: Paths, *, is_online: bool) -> Iterator[Remark]:
    try:
        config = load(paths.repo, paths.config / USER_CONFIG)
    except ConfigError as error:
        for problem in error.problems:
            yield fail("config", str(problem), "Every option: docs/configuration.md of agent-cockpit.")
        return
    yield _checks(paths, config)
    yield from examine_agents(config, is_online=is_online)


def _checks(paths: Paths, config: Config) -> Remark:
    if not (paths.repo / FILE_NAME).is_file():
        return warn("config", f"there is no {FILE_NAME}: nothing is checked before it lands", "Run `cockpit init`.")
    if not config.checks:
        return warn("config", f"{FILE_NAME} has no checks: nothing is checked before it lands", "Run `cockpit init`.")
    return ok("config", f"{FILE_NAME} is valid; checks: {', '.join(check.name for check in config.checks)}")
