"""Starts a resident process (supervisor, screen host) when none listens. Standard library only: clients stay quick."""

from __future__ import annotations

import fcntl
import os
import socket
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

TYPE_CHECKING = False
if TYPE_CHECKING:
    from cockpit.providers.paths import Paths

START_WITHIN_S = 20.0
_POLL_S = 0.01


class ResidentError(Exception):
    """The process did not come up; the message ends with what it logged."""


def ensure_listening(socket_path: str, module: str, arguments: Sequence[str], log_path: str) -> bool:
    """Return once something accepts connections at `socket_path`; `python -m module` is started when nothing does.

    Two callers at once start one process. Returns whether it was started here.

    Raises:
        ResidentError: it did not come up in time.
    """
    if accepts(socket_path):
        return False
    for path in (socket_path, log_path):
        os.makedirs(os.path.dirname(path), mode=0o700, exist_ok=True)  # noqa: PTH103,PTH120  # pathlib loads slowly
    deadline_s = time.monotonic() + START_WITHIN_S
    with _spawn_lock(socket_path + ".spawn", deadline_s):
        if accepts(socket_path):
            return False
        pid = _start(module, arguments, log_path)
        while not accepts(socket_path):
            if time.monotonic() > deadline_s or not _is_alive(pid):
                raise ResidentError(f"{module} did not start; its log, {log_path}, ends:\n{_tail(log_path)}")
            time.sleep(_POLL_S)
        return True


def ensure_supervisor(paths: Paths) -> bool:
    """Return once the supervisor of a repository listens; whether it was started here. Raises `ResidentError`."""
    start_log = str(paths.logs / "supervisor-start.log")
    return ensure_listening(str(paths.supervisor_socket), "cockpit.supervisor", [str(paths.repo)], start_log)


def accepts(socket_path: str) -> bool:
    """Return whether a process accepts connections at a unix socket."""
    with socket.socket(socket.AF_UNIX) as probe:
        probe.settimeout(1.0)
        try:
            probe.connect(socket_path)
        except OSError:
            return False
    return True


def _start(module: str, arguments: Sequence[str], log_path: str) -> int:
    import subprocess  # only where something is started: the relay imports this module

    # `-P` and the root folder: a repository must not be able to put its own modules before ours. The shell leaves the
    # process to the system at once, so that nobody here has to reap it.
    script = 'log=$1; shift; umask 077; "$@" </dev/null >>"$log" 2>&1 & echo $!'
    started = subprocess.run(
        ["/bin/sh", "-c", script, "sh", log_path, sys.executable, "-P", "-m", module, *arguments],
        check=True,
        cwd="/",
        stdin=subprocess.DEVNULL,
        capture_output=True,
        start_new_session=True,
    )
    return int(started.stdout)


def _is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def _tail(path: str) -> str:
    try:
        with open(path, errors="replace") as log:  # noqa: PTH123  # pathlib loads slowly
            return log.read()[-2000:]
    except OSError as error:
        return f"({error})"


@contextmanager
def _spawn_lock(path: str, deadline_s: float) -> Iterator[None]:
    lock = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        while True:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if time.monotonic() > deadline_s:
                    raise ResidentError(f"somebody else has been starting it for long: {path}") from None
                time.sleep(_POLL_S)
        yield
    finally:
        os.close(lock)
