"""`cockpit`, `cockpit attach`: the terminal becomes a screen of the user's screen host."""

from __future__ import annotations

from cockpit.cli.arguments import Arguments, UsageError
from cockpit.cli.repository import ensure_supervisor, find_repository


def attach(arguments: Arguments) -> int:
    """Relay this terminal until the person detaches."""
    from cockpit import relay
    from cockpit.screens.spawn import HostStartError, ensure_host

    paths = ensure_supervisor(find_repository(arguments.repo))
    socket = str(paths.screen_host_socket)

    def live_host() -> str:
        ensure_host(socket)
        return socket

    try:
        return relay.run(live_host(), {"repo": str(paths.repo)}, respawn=live_host)
    except HostStartError as error:
        raise UsageError(str(error)) from error
