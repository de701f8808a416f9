"""The codex process: found, started, greeted, old versions turned away; and the environment it lives in.

Each session has a codex of its own, though one app-server can hold many conversations. Measured with ten of them
(tests/bench/bench_codex.py): 325 MB (PSS) in ten processes, 160 MB in one, so 16 MB less for each. But the shared one
is reached over a WebSocket, whose library takes 8 MB in each bridge, and needs a keeper; what is left, 8 MB of some
55 MB that a session takes with its bridge, does not pay for what is lost: that one crash, flood or unheard interrupt
is one session's, that a session's processes are found by its mark, and that its end is theirs.
"""

from __future__ import annotations

import asyncio
import os
import re
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import cockpit
from agents.assignment import Assignment
from agents.child import Child
from agents.codex.rpc import Gone, Listener, Peer, RpcError
from agents.codex.settings import INSTALL, NEEDED, CodexSettings
from agents.environment import expand, named
from agents.trace import Trace
from cockpit.providers.process_tree import SESSION_MARKER
from cockpit.providers.sandbox import scrubbed_env
from cockpit.providers.text import clean

_VERSION = re.compile(r"(\d+)\.(\d+)\.(\d+)")
_VERSION_LIMIT_S = 30
_PASSED_ON = ("OPENAI_API_KEY", "OPENAI_BASE_URL", "CODEX_API_KEY")
_PROXIES = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY")


class CodexError(ValueError):
    """Codex cannot be used; the message says what was found and what to do."""


def child_env(
    assignment: Assignment, settings: CodexSettings, environ: Mapping[str, str] = os.environ
) -> dict[str, str]:
    """Return codex's environment: no secret but its own. Raises `ValueError` when `env` names what is not set."""
    names = (*_PASSED_ON, *_PROXIES, *map(str.lower, _PROXIES), SESSION_MARKER, settings.api_key_env)
    kept = {name: environ[name] for name in names if name in environ}
    own = {
        **assignment.env,
        **expand(settings.env, environ),
        "CODEX_HOME": str(assignment.home),
        "TMPDIR": str(temporary_folder(assignment)),
    }
    return scrubbed_env({**kept, **own}, environ)


def secrets(assignment: Assignment, settings: CodexSettings, environ: Mapping[str, str] = os.environ) -> set[str]:
    """Return the values that must not be kept anywhere."""
    names = ("OPENAI_API_KEY", "CODEX_API_KEY", settings.api_key_env, *named(settings.env))
    values = {environ[name] for name in names if name in environ}
    return values | ({assignment.mcp.token} if assignment.mcp else set())


def temporary_folder(assignment: Assignment) -> Path:
    """Return codex's own TMPDIR: never above its home, or it refuses to install what its sandbox runs.

    No other process has it, not even codex's commands: it marks what codex starts with an environment of its own.

    Raises:
        CodexError: the home lies below it.
    """
    folder = assignment.memory / "tmp"
    if assignment.home.resolve().is_relative_to(folder.resolve()):
        raise CodexError(f"codex cannot keep its home in {assignment.home}: that is its folder for temporary files")
    return folder


def program(settings: CodexSettings, env: Mapping[str, str]) -> tuple[str, ...]:
    """Return the command as words, without npm's launcher where that only starts the real program and waits for it.

    Before Node.js 24 the launcher stays: 10 MB of memory and a fifth of a second for each session.
    """
    first, *rest = settings.argv()
    found = shutil.which(first, path=env.get("PATH"))
    launcher = Path(found).resolve() if found else Path(first)
    package = launcher.parents[1] if launcher.name == "codex.js" else None
    if package is not None:
        places = (*package.parent.glob("codex-*"), package, *package.glob("node_modules/@openai/codex-*"))
        native = [one for place in places for one in place.glob("vendor/*/bin/codex") if os.access(one, os.X_OK)]
        if len(native) == 1:
            return (str(native[0]), *rest)
    return (first, *rest)


@dataclass(slots=True)
class Codex:
    """A running codex that was greeted."""

    child: Child
    peer: Peer
    reading: asyncio.Task[None]
    version: str

    @classmethod
    async def start(
        cls,
        settings: CodexSettings,
        env: Mapping[str, str],
        folder: Path,
        errors: Path,
        trace: Trace,
        listener: Listener,
    ) -> Codex:
        """Start codex and greet it.

        Raises:
            CodexError: it is not installed, too old, or does not answer.
            OSError: it cannot be started.
        """
        argv = (*program(settings, env), "app-server")
        try:
            child = await Child.start(argv, cwd=folder, env=env, errors=errors)
        except FileNotFoundError:
            raise CodexError(
                f"there is no program {settings.argv()[0]!r} (agent settings: command); install it: {INSTALL}"
            ) from None
        peer = Peer(child, trace, listener)
        codex = cls(child, peer, asyncio.create_task(peer.run()), "")
        try:
            codex.version = await codex._greet(settings, env, folder)
        except BaseException:
            await codex.stop()
            raise
        return codex

    async def _greet(self, settings: CodexSettings, env: Mapping[str, str], folder: Path) -> str:
        greeting = {
            "clientInfo": {"name": "cockpit", "title": "Cockpit", "version": cockpit.__version__},
            "capabilities": {"experimentalApi": True, "requestAttestation": False},
        }
        try:
            answer = await self.peer.request("initialize", greeting, timeout_s=settings.start_timeout_s)
            await self.peer.notify("initialized")
        except (Gone, RpcError, TimeoutError) as error:
            version = await asyncio.to_thread(_asked_version, settings.argv(), env, folder)
            refuse_old(version)
            why = clean(self.child.last_words()) or str(error) or f"it said nothing for {settings.start_timeout_s:g} s"
            raise CodexError(f"codex {version or '(of an unknown version)'} does not start: {why}") from None
        found = _VERSION.search(str(answer.get("userAgent", "")))
        version = found.group() if found else ""
        refuse_old(version)
        return version

    @property
    def is_alive(self) -> bool:
        """Whether it can be spoken to."""
        return not self.reading.done()

    async def stop(self) -> None:
        """End it and everything it started."""
        await self.child.stop()
        self.reading.cancel()
        await asyncio.wait({self.reading})

    def last_words(self) -> str:
        """Say how it ended, for people."""
        status = self.child.exit_status
        how = "it still runs" if status is None else f"exit status {status}" if status >= 0 else f"signal {-status}"
        words = clean(self.child.last_words())  # in colours
        return f"{how}: {words}" if words else how


def refuse_old(version: str) -> None:
    """Raise `CodexError` when this version is too old; an unknown one (empty) is given the chance."""
    found = _VERSION.search(version)
    if found and tuple(map(int, found.groups())) < NEEDED:
        needed = ".".join(map(str, NEEDED))
        raise CodexError(f"codex {version} is too old, {needed} or newer is needed; install it: {INSTALL}")


def _asked_version(argv: tuple[str, ...], env: Mapping[str, str], folder: Path) -> str:
    try:
        done = subprocess.run(
            [*argv, "--version"], env=dict(env), cwd=folder, capture_output=True, timeout=_VERSION_LIMIT_S, check=False
        )
    except (OSError, subprocess.SubprocessError):
        return ""
    found = _VERSION.search(done.stdout.decode("utf-8", "replace"))
    return found.group() if found else ""
