"""How the agent's process is started: found, given its variables, and put into our sandbox as a whole."""

from __future__ import annotations

import os
import re
import shutil
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from agents.acp.homes import Place, log_in_files, prepare
from agents.acp.profiles import Profile
from agents.acp.settings import AcpSettings
from agents.assignment import Assignment
from agents.codex.confinement import git_folders
from agents.environment import expand
from cockpit.providers import process
from cockpit.providers.process_tree import RUN_MARKER, SESSION_MARKER
from cockpit.providers.sandbox import Policy, Sandbox, SandboxError, scrubbed_env

_PROXIES = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY")
_NETWORK = (*_PROXIES, *(name.lower() for name in _PROXIES))
_NODE_TIMEOUT_S = 10


class StartError(Exception):
    """The agent cannot be started or used. The message says why, and what to do."""


@dataclass(frozen=True, slots=True)
class Start:
    """What is needed to start the agent's process."""

    argv: tuple[str, ...]
    env: Mapping[str, str]
    mark: str
    """Value of `RUN_MARKER` in the environment of everything that the agent starts."""
    sandbox: str
    """How it is confined, for people; empty where it is not."""
    problem: str = ""
    """Why it is not confined though it should be."""
    is_confined: bool = False
    """Our sandbox holds it as a whole."""


def start_of(assignment: Assignment, settings: AcpSettings, profile: Profile, sandbox: Sandbox) -> Start:
    """Return how to start the agent. Blocks for a few files.

    Raises:
        StartError: there is no such program, or the sandbox cannot be made.
        ValueError: the settings are unusable.
        OSError: the agent's configuration cannot be written.
    """
    assignment.scratch.mkdir(parents=True, exist_ok=True)
    mark = uuid.uuid4().hex
    env = _env(assignment, settings, profile, mark)
    name, *arguments = settings.command
    found = shutil.which(name, path=env.get("PATH"))
    if found is None:
        how = f"; install it with `{profile.install}`" if profile.install else ""
        raise StartError(f"there is no program {name!r} on the PATH{how}")
    program = str(Path.cwd() / found)  # not resolved: the program may ask by which name it was called
    extra = profile.endpoint_arguments if settings.base_url else ()
    argv = (program, *arguments, *(word for word in extra if word not in arguments))
    if settings.confine is False or (settings.confine is None and profile.confines_itself):
        return Start(argv, env, mark, "the agent's own sandbox" if profile.confines_itself else "")
    if not sandbox.is_active:
        return Start(argv, env, mark, "", problem=sandbox.describe())
    git = git_folders(assignment.workspace)
    policy = Policy(
        workspace=assignment.workspace,
        tmp=assignment.scratch,
        writable=(
            assignment.home,
            *git.written,
            *log_in_files(profile),
            *(Path(path).expanduser() for path in settings.writable),
        ),
        read_only=(*git.kept, *_installation(Path(program))),
        hidden=(*assignment.hidden, assignment.memory),
        network=True,
    )
    try:
        wrapped = tuple(sandbox.wrap(argv, policy))
        return Start(wrapped, env, mark, f"{sandbox.describe()}, as a whole", is_confined=True)
    except SandboxError as error:
        raise StartError(f"the agent's sandbox cannot be made: {error}") from None


def _env(assignment: Assignment, settings: AcpSettings, profile: Profile, mark: str) -> dict[str, str]:
    names = (*_NETWORK, *profile.variables, SESSION_MARKER)
    return scrubbed_env(
        {
            **{name: os.environ[name] for name in names if name in os.environ},
            **assignment.env,
            **prepare(profile, Place(assignment, settings, os.environ, mark)),
            **expand(settings.env),
            "TMPDIR": str(assignment.scratch),
            RUN_MARKER: mark,
        }
    )


def _installation(program: Path) -> tuple[Path, ...]:
    """Return what to show of the agent's own program, should it lie where the sandbox has folders of its own."""
    real = program.resolve()
    outermost = next((parent for parent in reversed(real.parents) if parent.name == "node_modules"), real.parent)
    hidden_places = (Path("/tmp"), Path("/run"), Path("/var/tmp"))
    return (program.parent, outermost) if any(real.is_relative_to(place) for place in hidden_places) else ()


async def why_not_started(profile: Profile, env: Mapping[str, str]) -> str:
    """Return what speaks against the machine when an agent ended before it answered: too old a Node.js; or nothing."""
    if not profile.node_major:
        return ""
    try:
        done = await process.run(["node", "--version"], cwd=Path("/"), env=env, timeout_s=_NODE_TIMEOUT_S)
    except process.ProcessError:
        return f"it needs Node.js {profile.node_major} or newer, and there is no `node` on the PATH"
    found = re.match(r"v(\d+)\.", done.stdout.decode("utf-8", "replace"))
    if found and int(found[1]) < profile.node_major:
        return f"it needs Node.js {profile.node_major} or newer, and the PATH leads to {found[0]}x"
    return ""
