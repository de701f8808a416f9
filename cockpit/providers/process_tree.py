"""Ends whole trees of processes: by group, by what their environment says, and at the exit of this program."""

from __future__ import annotations

import asyncio
import atexit
import contextlib
import os
import signal
import sys
import time
from pathlib import Path

import psutil

SESSION_MARKER = "COCKPIT_SESSION"
"""Environment variable that names the session in each of its processes: how they are found after a crash of ours."""

RUN_MARKER = "COCKPIT_PROCESS"
"""Environment variable that names one run of a command in each process it starts, daemons included."""

_POLL_S = 0.01
_owned_groups: set[int] = set()


def install_child_watcher() -> None:
    """Let asyncio wait for children through process descriptors; 3.11 would start a thread for each child.

    Call it once, before the first child. Later versions of Python do so by themselves.
    """
    if sys.version_info < (3, 12) and hasattr(os, "pidfd_open"):
        with contextlib.suppress(OSError):
            os.close(os.pidfd_open(os.getpid()))  # old kernels have the call in the library only
            asyncio.set_child_watcher(asyncio.PidfdChildWatcher())


def own_group(pgid: int) -> None:
    """Have the group killed when this program exits."""
    _owned_groups.add(pgid)


def disown_group(pgid: int) -> None:
    """Take back `own_group`: the group has ended."""
    _owned_groups.discard(pgid)


def signal_group(pgid: int, signum: int) -> None:
    """Send a signal to every process of a group; one that is gone already is no error."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(pgid, signum)


def descendants_gone(pgid: int) -> bool:
    """Tell whether no live process is left in the group or session `pgid` (zombies do not count)."""
    for pid in psutil.pids():
        with contextlib.suppress(OSError, psutil.Error):
            if pgid in (os.getpgid(pid), os.getsid(pid)) and psutil.Process(pid).status() != psutil.STATUS_ZOMBIE:
                return False
    return True


def sessions_below(pid: int) -> set[int]:
    """Return the sessions (`setsid`) of a process that leads one and of its descendants, our own excepted."""
    found = {pid}
    with contextlib.suppress(psutil.Error):
        for process in psutil.Process(pid).children(recursive=True):
            with contextlib.suppress(OSError):
                found.add(os.getsid(process.pid))
    return found - {os.getsid(0)}


def kill_session(sid: int) -> None:
    """Kill every process of the session (`setsid`) that `sid` leads or led, whatever group or parent it has by now."""
    for pid in psutil.pids():
        with contextlib.suppress(OSError):
            if os.getsid(pid) == sid:
                os.kill(pid, signal.SIGKILL)


def find_marked(marker: str, value: str) -> list[int]:
    """Return the live processes whose environment has `marker` set to `value`, this one excepted."""
    if Path("/proc/self/environ").exists():
        return _find_in_proc(f"{marker}={value}".encode())
    found = []
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error, OSError):
            if process.pid != os.getpid() and process.environ().get(marker) == value:
                found.append(process.pid)
    return found


def kill_marked(session_id: str, *, marker: str = SESSION_MARKER, timeout_s: float = 5.0) -> int:
    """Kill every process of a session, whatever group, session or parent it has by now. Blocks until they are gone.

    Returns:
        How many were killed.

    Raises:
        TimeoutError: some would not go within `timeout_s`.
    """
    deadline = time.monotonic() + timeout_s
    killed: set[int] = set()
    while found := find_marked(marker, session_id):
        for pid in found:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.kill(pid, signal.SIGKILL)
        killed.update(found)
        if time.monotonic() > deadline:
            raise TimeoutError(f"processes {found} of session {session_id} do not end")
        time.sleep(_POLL_S)
    return len(killed)


def _find_in_proc(mark: bytes) -> list[int]:
    found = []
    for name in os.listdir("/proc"):  # noqa: PTH208 - hundreds of names, of which only numbers matter
        if not name.isdigit() or int(name) == os.getpid():
            continue
        with contextlib.suppress(OSError):  # a zombie has no environment left
            descriptor = os.open(f"/proc/{name}/environ", os.O_RDONLY | os.O_CLOEXEC)
            try:
                environment = os.read(descriptor, 1 << 20)
                while more := os.read(descriptor, 1 << 20):
                    environment += more
            finally:
                os.close(descriptor)
            if mark in environment.split(b"\0"):
                found.append(int(name))
    return found


@atexit.register
def _kill_owned_groups() -> None:
    for pgid in _owned_groups:
        signal_group(pgid, signal.SIGKILL)
