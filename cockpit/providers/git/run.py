"""The one door to the git program: a scrubbed environment, no code from the repository, no process left behind.

A subprocess of our own in a thread rather than GitPython's `Git.execute` in one: a cancelled or expired command is
ended with its whole process group, and output can be bounded. Speed does not decide it. Medians over 2,000 files on a
busy two-core machine: a look at a clean tree 24 ms against 21 ms, the figures of 5 edits 5.8 ms against 5.3 ms, the
event loop held up by 20 of those at most 3 ms against 8 ms (and 9 to 24 ms by asyncio's subprocesses, which start on
the loop). `python -m tests.bench.bench_git` measures it again.
"""

from __future__ import annotations

import asyncio
import os
import re
import shutil
import signal
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Final

from cockpit.providers.git.errors import CommandFailed, GitMissing
from cockpit.providers.git.process import Command, Output
from cockpit.providers.git.types import Author
from cockpit.providers.hardening import HARDENING, scrubbed_environment
from cockpit.providers.uncut import to_its_end

OLDEST_VERSION: Final = (2, 38)
"""The first git with `merge-tree --write-tree`."""

_GRACE_S: Final = 1.0


class Git:
    """Runs git commands, a bounded number at a time, in one git directory of our own.

    Args:
        git_dir: The git directory every command uses; None for commands that need none or discover one.
        program: The absolute path of git.
        parallel: How many may run at once.
        identity: Who commits and reference logs are by.
        user_settings: Also read the person's own configuration files; only for commands that read settings.
    """

    def __init__(
        self,
        git_dir: Path | None,
        *,
        program: str | None = None,
        parallel: int = 4,
        identity: Author | None = None,
        user_settings: bool = False,
    ) -> None:
        self.git_dir = git_dir
        self.program = program or find_program()
        self._slots = asyncio.Semaphore(parallel)
        self._threads = ThreadPoolExecutor(parallel, thread_name_prefix="git")
        self._environ = _environment(git_dir, identity, user_settings=user_settings)

    async def run(
        self,
        *args: str,
        work_tree: Path | None = None,
        index: Path | None = None,
        stdin: bytes | None = None,
        ok: Sequence[int] = (0,),
        limit_bytes: int | None = None,
        timeout_s: float = 120.0,
        env: Mapping[str, str] | None = None,
        cwd: Path | None = None,
        config: Sequence[str] = (),
    ) -> Output:
        """Run one command to its end.

        Args:
            args: The subcommand and its arguments.
            work_tree: The work tree it acts on; also its working directory.
            index: The index file it uses.
            stdin: What it reads; nothing when None.
            ok: Exit codes that are answers rather than failures.
            limit_bytes: Stop the command after this much standard output.
            timeout_s: Seconds it may take, waiting for its turn excluded.
            env: Further environment variables.
            cwd: Its working directory, where neither a work tree nor the git directory is to be it.
            config: Settings for this command alone, as `-c` words.

        Raises:
            CommandFailed: It ended with another code, or ran out of time.
        """
        environ = dict(self._environ, **(env or {}))
        if index is not None:
            environ["GIT_INDEX_FILE"] = str(index)
        command = [self.program, *HARDENING, *config, "--no-pager", "--literal-pathspecs"]
        if self.git_dir is not None:
            command.append(f"--git-dir={self.git_dir}")
        if work_tree is not None:
            command.append(f"--work-tree={work_tree}")
        async with self._slots:
            running = Command([*command, *args], environ, work_tree or cwd or self.git_dir, stdin, limit_bytes)
            try:
                output = await self._carry_out(running, timeout_s)
            except TimeoutError:
                raise CommandFailed(args[0], -signal.SIGTERM, f"stopped after {timeout_s:g} s") from None
            except OSError as error:
                raise CommandFailed(args[0], 127, str(error)) from error
        if not output.truncated and output.code not in ok:
            raise CommandFailed(args[0], output.code, output.stderr)
        return output

    async def _carry_out(self, command: Command, timeout_s: float) -> Output:
        ending = asyncio.get_running_loop().run_in_executor(self._threads, command.run)
        try:
            async with asyncio.timeout(timeout_s):
                return await asyncio.shield(ending)
        finally:
            if not ending.done():
                await to_its_end(_ended(command, ending))
            if not ending.cancelled():
                ending.exception()


async def _ended(command: Command, ending: asyncio.Future[Output]) -> None:
    """End a command, first politely, so that git removes its lock files; its thread has ended as well on return."""
    command.signal(signal.SIGTERM)
    await asyncio.wait([ending], timeout=_GRACE_S)
    command.signal(signal.SIGKILL)
    await asyncio.wait([ending])


def find_program() -> str:
    """Return the absolute path of git.

    Raises:
        GitMissing: There is none.
    """
    found = shutil.which("git")
    if found is None:
        raise GitMissing("git is not installed, or not on the PATH.", next="Install git 2.38 or newer.")
    return str(Path(found).absolute())


async def check_version(git: Git) -> tuple[int, ...]:
    """Return git's version.

    Raises:
        GitMissing: It is older than the oldest supported one.
    """
    said = (await git.run("version")).text
    match = re.search(r"(\d+)\.(\d+)(?:\.(\d+))?", said)
    version = tuple(int(part) for part in match.groups(default="0")) if match else (0,)
    if version < OLDEST_VERSION:
        raise GitMissing(f"{said} is too old.", next="Install git 2.38 or newer.")
    return version


def _environment(git_dir: Path | None, identity: Author | None, *, user_settings: bool) -> dict[str, str]:
    home = str(git_dir) if git_dir is not None else os.devnull
    environ = scrubbed_environment(home, user_settings=user_settings)
    if identity is not None:
        for role in ("AUTHOR", "COMMITTER"):
            environ[f"GIT_{role}_NAME"] = identity.name
            environ[f"GIT_{role}_EMAIL"] = identity.email
    return environ
