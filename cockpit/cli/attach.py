"""`cockpit`, `cockpit attach`: the terminal becomes a screen of the user's screen host."""

from __future__ import annotations

from cockpit.cli.arguments import Arguments, UsageError
from cockpit.cli.repository import ensure_supervisor, find_repository


def attach(arguments: Arguments, *, idle_exit_s: float | None = None) -> int:
    """Relay this terminal until the person detaches.

    Args:
        arguments: the command line.
        idle_exit_s: how long a screen host started here stays without screens, in seconds; None: as usual.
    """
    from cockpit import relay
    from cockpit.screens.spawn import HostStartError, ensure_host

    paths = ensure_supervisor(find_repository(arguments.repo))
    socket = str(paths.screen_host_socket)

    def live_host() -> str:
        ensure_host(socket, idle_exit_s=idle_exit_s)
        return socket

    try:
        return relay.run(live_host(), {"repo": str(paths.repo)}, respawn=live_host)
    except HostStartError as error:
        raise UsageError(str(error)) from error
