"""What this machine brings: Python, git, SQLite, confinement, the terminal."""

from __future__ import annotations

import asyncio
import locale
import os
import platform
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Iterator

from cockpit import __version__
from cockpit.cli.diagnosis import Remark, fail, ok, warn
from cockpit.providers.git import GitError
from cockpit.providers.git.run import Git, check_version
from cockpit.providers.sandbox import Sandbox

_WAL_RESET_FIXED = (3, 51, 3)
_SMALLEST_SCREEN = (80, 24)


def examine() -> Iterator[Remark]:
    """Yield what is found on this machine."""
    yield ok("cockpit", f"{__version__}, run by Python {platform.python_version()} in {sys.prefix}")
    yield _git()
    yield _sqlite()
    yield _sandbox()
    yield _tmux()
    yield _terminal()


def _git() -> Remark:
    try:
        version = asyncio.run(check_version(Git(None)))
    except GitError as error:
        return fail("git", error.what, error.next)
    numbers = ".".join(map(str, version))
    return ok("git", f"{numbers}; workspaces are read with a git folder of our own, so nothing in them runs code")


def _sqlite() -> Remark:
    found = f"{sqlite3.sqlite_version}; the journal has one writer"
    if sqlite3.sqlite_version_info < _WAL_RESET_FIXED:
        found += ", so the lost writes of versions before 3.51.3 (WAL reset) cannot happen to it"
    return ok("sqlite", found)


def _sandbox() -> Remark:
    sandbox = Sandbox.detect()
    if sandbox.is_active:
        return ok("sandbox", "bubblewrap works: agents and checks write to their workspace only, without network")
    what = "Agents can read and write what you can; commands of the native agent ask first"
    if sys.platform != "linux":
        return warn("sandbox", f"none on {platform.system()}: agents run unconfined", f"{what}. Use a container or VM.")
    if shutil.which("bwrap") is None:
        return warn("sandbox", sandbox.describe(), f"{what}. Install the package bubblewrap.")
    return warn(
        "sandbox",
        sandbox.describe(),
        f"{what}. Allow unprivileged user namespaces (sysctl kernel.unprivileged_userns_clone=1, or, on Ubuntu, "
        "kernel.apparmor_restrict_unprivileged_userns=0).",
    )


def _tmux() -> Remark:
    program = shutil.which("tmux")
    if program is None:
        return ok("tmux", "not installed, and not needed: the cockpit outlives its terminal by itself")
    try:
        done = subprocess.run([program, "-V"], capture_output=True, text=True, timeout=10, check=False)
    except (OSError, subprocess.SubprocessError) as error:
        return warn("tmux", f"does not run ({error})", "It is needed for the tests only.")
    inside = "; this terminal is inside it" if os.environ.get("TMUX") else ""
    return ok("tmux", f"{done.stdout.strip().removeprefix('tmux ')} (optional){inside}")


def _terminal() -> Remark:
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        return ok("terminal", "none here; without one, use `cockpit run --headless`")
    width, height = shutil.get_terminal_size()
    term = os.environ.get("TERM", "")
    found = f"{term or 'TERM is not set'}, {width}x{height}, {_colours(term)}"
    if term in ("", "dumb"):
        return fail("terminal", found, "Set TERM to what your terminal is, such as xterm-256color.")
    if "utf" not in locale.getpreferredencoding(do_setlocale=False).lower():
        return warn("terminal", f"{found}, no UTF-8", "Set LANG to a UTF-8 locale, such as C.UTF-8.")
    if (width, height) < _SMALLEST_SCREEN or height < _SMALLEST_SCREEN[1]:
        return warn("terminal", found, "Everything fits from 80x24 on; below that, panes are stacked.")
    return ok("terminal", found)


def _colours(term: str) -> str:
    if os.environ.get("NO_COLOR"):
        return "no colours (NO_COLOR is set)"
    if os.environ.get("COLORTERM") in ("truecolor", "24bit"):
        return "true colour"
    return "256 colours" if "256" in term else "16 colours (COLORTERM=truecolor says that it can do more)"
