"""Starts the screen host when there is none; standard library only, so that the relay stays quick."""

from __future__ import annotations

from cockpit.providers.resident import ResidentError, ensure_listening


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
    log_path = socket_path + ".log"
    arguments = ["--socket", socket_path, "--log", log_path]
    if idle_exit_s is not None:
        arguments += ["--idle-exit-s", str(idle_exit_s)]
    try:
        ensure_listening(socket_path, module, arguments, log_path)
    except ResidentError as error:
        raise HostStartError(str(error)) from error
