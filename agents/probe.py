"""Looks whether an agent can work on this machine: its program, its version, its first answer, its log-in.

No model is called and no network is needed: the agent is started as its driver starts it, greeted in its own protocol,
and ended, with everything that it started.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from agents.base import Probe
from agents.child import Child
from agents.environment import expand
from cockpit.providers.process_tree import RUN_MARKER, kill_marked
from cockpit.providers.sandbox import scrubbed_env

_ANSWER_WITHIN_S = 30.0
_VERSION_WITHIN_S = 10.0
_STOP_GRACE_S = 0.5
_VERSION = re.compile(r"\d+(?:\.\d+)+")
_ID = 1


@dataclass(frozen=True, slots=True)
class Health:
    """What was found of one agent."""

    program: str = ""
    """Path of its program; empty: it is not on this machine."""
    version: str = ""
    problem: str = ""
    """Why it cannot work, for people; empty: it answered, or has no protocol to be greeted by."""
    advice: str = ""
    """What to do about it, for people."""
    is_logged_in: bool | None = None
    """None: that cannot be known from here, or no log-in is needed."""


def greeting(params: Mapping[str, Any]) -> bytes:
    """Return the line that begins a conversation in JSON-RPC: the request `initialize`."""
    request = {"jsonrpc": "2.0", "id": _ID, "method": "initialize", "params": params}
    return json.dumps(request).encode() + b"\n"


def find(probe: Probe, environ: Mapping[str, str] = os.environ) -> str:
    """Return the path of the agent's program; empty: it is not on this machine."""
    word = probe.argv[0]
    path = {**environ, **probe.env}.get("PATH") if "$" not in probe.env.get("PATH", "") else environ.get("PATH")
    return shutil.which(word, path=path) or ""


def missing(probe: Probe) -> str:
    """Return that the program is not on this machine, and how to get it; empty: it is there."""
    if find(probe):
        return ""
    how = f"install it: {probe.install}" if probe.install else "install it, or correct `command` in cockpit.toml"
    return f"there is no program {probe.argv[0]!r} on this machine; {how}"


async def examine(probe: Probe, variables: Iterable[str] = (), environ: Mapping[str, str] = os.environ) -> Health:
    """Look at one agent; `variables` are those of our environment that its driver gives it."""
    program = find(probe, environ)
    if not program:
        return Health(problem="not installed", advice=f"{probe.install}." if probe.install else "Correct `command`.")
    try:
        own = expand(probe.env, environ)
    except ValueError as error:
        return Health(program, problem=str(error), advice="Set it, or correct `env` in cockpit.toml.")
    env = scrubbed_env({**{name: environ[name] for name in variables if name in environ}, **own}, environ)
    is_logged_in = _is_logged_in(probe, env)
    if not probe.hello:
        return Health(program, is_logged_in=is_logged_in)
    if problem := await asyncio.to_thread(_node_problem, probe, env):
        return Health(program, problem=problem, advice=f"Install Node.js {probe.node_major} or newer.")
    version, problem = await _greet(probe, env)
    if problem and not version:
        version = await asyncio.to_thread(_asked_version, program, env)
    if probe.oldest and version and _numbers(version) < probe.oldest:
        needed = ".".join(map(str, probe.oldest))
        return Health(program, version, f"too old: {needed} or newer is needed", f"{probe.install}.", is_logged_in)
    return Health(program, version, problem, f"Run {program} by hand." if problem else "", is_logged_in)


async def _greet(probe: Probe, env: Mapping[str, str]) -> tuple[str, str]:
    """Return the version that the agent says it has, and why it cannot be spoken to."""
    mark = uuid.uuid4().hex
    with tempfile.TemporaryDirectory(prefix="cockpit-probe-", ignore_cleanup_errors=True) as folder:
        home = Path(folder, "home")
        work = Path(folder, "work")
        for one in (home, work):
            one.mkdir()
        led = {name: str(home / below) for name, below in probe.home.items()}
        full = {**env, **led, "TMPDIR": str(work), RUN_MARKER: mark}
        try:
            child = await Child.start(probe.argv, cwd=work, env=full, errors=Path(folder, "err"))
        except OSError as error:
            return "", f"cannot be started: {error.strerror or error}"
        try:
            async with asyncio.timeout(_ANSWER_WITHIN_S):
                return await _answer(child, probe.hello)
        except TimeoutError:
            return "", f"does not answer within {_ANSWER_WITHIN_S:.0f} s"
        finally:
            with contextlib.suppress(TimeoutError, OSError):
                await asyncio.to_thread(kill_marked, mark, marker=RUN_MARKER)
            await child.stop(_STOP_GRACE_S)


async def _answer(child: Child, hello: bytes) -> tuple[str, str]:
    with contextlib.suppress(ConnectionError):
        await child.write(hello)
        async with contextlib.aclosing(child.lines()) as lines:
            async for line in lines:
                if isinstance(line, bytes) and (said := _reply(line)) is not None:
                    return said
    status = await child.wait()
    words = child.last_words().rpartition("\n")[2][:200]
    return "", f"ends when it is started (status {status}){': ' + words if words else ''}"


def _reply(line: bytes) -> tuple[str, str] | None:
    try:
        said = json.loads(line)
    except ValueError:
        return None
    if not isinstance(said, dict) or said.get("id") != _ID or ("result" not in said and "error" not in said):
        return None
    result = said.get("result")
    if not isinstance(result, dict):
        error = said.get("error")
        message = error.get("message") if isinstance(error, dict) else None
        return "", f"refuses to begin: {str(message)[:200]}"
    info = result.get("agentInfo")
    told = info.get("version") if isinstance(info, dict) else result.get("userAgent")
    found = _VERSION.search(str(told or ""))
    return found.group() if found else "", ""


def _is_logged_in(probe: Probe, env: Mapping[str, str]) -> bool | None:
    if not probe.log_in:
        return None
    home = Path(env.get("HOME") or Path.home())
    is_known = any(env.get(name) for name in probe.keys) or any((home / path).exists() for path in probe.log_ins)
    # Elsewhere a log-in may be in the system's key chain, which is not ours to look into.
    return True if is_known else False if sys.platform == "linux" else None


def _node_problem(probe: Probe, env: Mapping[str, str]) -> str:
    if not probe.node_major:
        return ""
    node = shutil.which("node", path=env.get("PATH"))
    if node is None:
        return f"needs Node.js {probe.node_major}, and there is no `node`"
    version = _asked_version(node, env)
    if version and _numbers(version)[0] < probe.node_major:
        return f"needs Node.js {probe.node_major}, and `node` is {version}"
    return ""


def _asked_version(program: str, env: Mapping[str, str]) -> str:
    try:
        done = subprocess.run(
            [program, "--version"],
            env=dict(env),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=_VERSION_WITHIN_S,
            check=False,
        )
    except (OSError, subprocess.SubprocessError):
        return ""
    found = _VERSION.search(done.stdout.decode("utf-8", "replace"))
    return found.group() if found else ""


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(number) for number in version.split("."))
