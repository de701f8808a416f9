"""`cockpit`, `cockpit attach`: the terminal becomes a screen of the user's screen host."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from cockpit.cli.arguments import Arguments, UsageError
from cockpit.cli.repository import ensure_supervisor, find_repository


def attach(arguments: Arguments, *, idle_exit_s: float | None = None) -> int:
    """Relay this terminal until the person detaches.

    Args:
        arguments: the command line.
        idle_exit_s: how long a screen host started here stays without screens, in seconds; None: as usual.
    """
    from cockpit import relay
    from cockpit.providers.paths import Paths
    from cockpit.providers.resident import accepts
    from cockpit.screens.spawn import HostStartError, ensure_host

    repository = find_repository(arguments.repo)
    paths = Paths.for_repo(repository)
    socket = str(paths.screen_host_socket)

    def live_host() -> str:
        ensure_host(socket, idle_exit_s=idle_exit_s)
        return socket

    try:
        if not accepts(socket) and not accepts(str(paths.supervisor_socket)):
            _start_both(repository, live_host)
        ensure_supervisor(repository)
        return relay.run(live_host(), {"repo": str(paths.repo)}, respawn=live_host)
    except HostStartError as error:
        raise UsageError(str(error)) from error


def _start_both(repository: Path, live_host: Callable[[], str]) -> None:
    """Start supervisor and screen host side by side; a host that does not start is told of when it is asked for."""
    import threading
    from contextlib import suppress

    def start_host() -> None:
        with suppress(Exception):
            live_host()

    starting = threading.Thread(target=start_host, name="start host", daemon=True)
    starting.start()
    ensure_supervisor(repository)
    starting.join()
