"""Starts the screen host when there is none; standard library only, so that the relay stays quick."""

from __future__ import annotations

import fcntl
import os
import socket
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

START_WITHIN_S = 15.0
_POLL_S = 0.01


class HostStartError(Exception):
    """The screen host did not come up; the message ends with what it logged."""


def ensure_host(
    socket_path: str,
    *,
    idle_exit_s: float | None = None,
    module: str = "cockpit.screens.host",
) -> None:
    """Return once a host accepts connections at `socket_path`, starting one when none does.

    Two callers at once start one host; a socket left by a dead host is replaced.

    Args:
        socket_path: The host's unix socket.
        idle_exit_s: How long a host started here stays without clients, in seconds; its own default when None.
        module: The module that is run as the host.

    Raises:
        HostStartError: no host came up in time.
    """
    if _accepts(socket_path):
        return
    os.makedirs(os.path.dirname(socket_path), mode=0o700, exist_ok=True)  # noqa: PTH103,PTH120  # pathlib loads slowly
    deadline_s = time.monotonic() + START_WITHIN_S
    with _spawn_lock(socket_path + ".spawn", deadline_s):
        if _accepts(socket_path):
            return
        log_path = socket_path + ".log"
        pid = _start(socket_path, log_path, idle_exit_s, module)
        while not _accepts(socket_path):
            if time.monotonic() > deadline_s or not _is_alive(pid):
                raise HostStartError(f"the screen host did not start; its log, {log_path}, ends:\n{_tail(log_path)}")
            time.sleep(_POLL_S)


def _accepts(socket_path: str) -> bool:
    with socket.socket(socket.AF_UNIX) as probe:
        probe.settimeout(1.0)
        try:
            probe.connect(socket_path)
        except OSError:
            return False
    return True


def _start(socket_path: str, log_path: str, idle_exit_s: float | None, module: str) -> int:
    import subprocess

    # `-P` and the root folder: a repository must not be able to put its own modules before ours.
    command = [sys.executable, "-P", "-m", module, "--socket", socket_path, "--log", log_path]
    if idle_exit_s is not None:
        command += ["--idle-exit-s", str(idle_exit_s)]
    # The shell leaves the host to the system at once, so that nobody here has to reap it.
    started = subprocess.run(
        [
            "/bin/sh",
            "-c",
            'log=$1; shift; umask 077; "$@" </dev/null >>"$log" 2>&1 & echo $!',
            "sh",
            log_path,
            *command,
        ],
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
                    raise HostStartError(f"somebody else has been starting a screen host for long: {path}") from None
                time.sleep(_POLL_S)
        yield
    finally:
        os.close(lock)
