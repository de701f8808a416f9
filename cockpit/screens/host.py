"""The screen host: one process a person, holding the Textual App of every terminal that person has attached.

    python -m cockpit.screens.host --socket PATH

It listens on a unix socket that only its own user can reach, draws each App in that client's colours, keeps what one
App does from the others, and ends by itself some minutes after the last client has left.
"""

from __future__ import annotations

import argparse
import asyncio
import fcntl
import gc
import logging
import os
import signal
import socket
import stat
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from logging.handlers import RotatingFileHandler
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cockpit.screens.attachment import Attachment
    from cockpit.screens.live import LiveScreen, MakeApp, SpareScreen, Viewer
    from cockpit.screens.watchdog import Watchdog
    from cockpit.screens.wire import Hello

_log = logging.getLogger(__name__)

IDLE_EXIT_S = 600.0
_BACKLOG = 64
_COLLECT_AFTER_S = 7.0
"""By then the last cancelled timer of an App that was left has gone from the loop, and nothing holds the App."""
_CLIENT_VARIABLES = ("NO_COLOR", "COLORTERM", "TERM_PROGRAM", "TMUX", "COLUMNS", "LINES", "TEXTUAL", "FORCE_COLOR")


class HostError(Exception):
    """The host cannot listen; the message says why and what to do."""


class HostRunningError(HostError):
    """Another host already serves this socket."""


class ScreenHost:
    """Serves attached terminals until it is stopped or has been without any for a while.

    Args:
        socket_path: Where to listen; its folder is made, for this user alone, when missing.
        make_app: Makes the App for one client from what its relay said.
        idle_exit_s: How long to stay without clients, in seconds.
    """

    screens: SpareScreen
    """Gives out screens while the host serves."""

    def __init__(self, socket_path: Path, make_app: MakeApp, *, idle_exit_s: float = IDLE_EXIT_S) -> None:
        self._make_app = make_app
        self._watchdog: Watchdog | None = None
        self._socket_path = socket_path
        self._idle_exit_s = idle_exit_s
        self._attachments: set[Attachment] = set()
        self._changed = asyncio.Event()
        self._collection: asyncio.TimerHandle | None = None
        self._is_stopping = False

    def joined(self, attachment: Attachment) -> None:
        """Count a client in."""
        self._attachments.add(attachment)
        self._changed.set()

    def left(self, attachment: Attachment) -> None:
        """Count a client out, and give back what its App held: megabytes that Python would keep for long."""
        self._attachments.discard(attachment)
        self._changed.set()
        if self._collection is None:
            self._collection = asyncio.get_running_loop().call_later(_COLLECT_AFTER_S, self._collect)

    def _collect(self) -> None:
        self._collection = None
        gc.collect()

    def screen_for(self, hello: Hello, viewer: Viewer) -> LiveScreen:
        """Return a screen that is shown on the viewer."""
        return self.screens.take(hello, viewer)

    @property
    def attached(self) -> int:
        """How many terminals are attached now."""
        return len(self._attachments)

    @property
    def max_lag_s(self) -> float:
        """The longest that any handler has kept all screens waiting, in seconds."""
        return self._watchdog.max_lag_s if self._watchdog is not None else 0.0

    def stop(self) -> None:
        """Tell every client that the host ends, and end."""
        self._is_stopping = True
        self._changed.set()

    async def serve(self, ready: asyncio.Event | None = None) -> None:
        """Listen until stopped or idle; `ready` is set once clients can connect.

        Raises:
            HostRunningError: another host has this socket.
            HostError: the folder is open to others, or the path too long for a socket.
        """
        from cockpit.screens.attachment import Attachment
        from cockpit.screens.live import SpareScreen
        from cockpit.screens.traps import close_traps
        from cockpit.screens.watchdog import Watchdog

        close_traps()
        loop = asyncio.get_running_loop()
        with _listening(self._socket_path) as listener:
            async with Watchdog() as self._watchdog, asyncio.TaskGroup() as tasks:
                self.screens = SpareScreen(self._make_app, tasks)
                server = await loop.create_unix_server(lambda: Attachment(self), sock=listener, backlog=_BACKLOG)
                # What is loaded by now lives as long as the host; collections need not walk it again.
                gc.freeze()
                if ready is not None:
                    ready.set()
                try:
                    await self._until_idle()
                finally:
                    server.close()
                    self.screens.close()
                    for attachment in list(self._attachments):
                        attachment.leave("The screen host was stopped. Sessions go on; attach again to watch them.")

    async def _until_idle(self) -> None:
        while not self._is_stopping:
            limit_s = None if self._attachments else self._idle_exit_s
            self._changed.clear()
            try:
                async with asyncio.timeout(limit_s):
                    await self._changed.wait()
            except TimeoutError:
                return


@contextmanager
def _listening(path: Path) -> Iterator[socket.socket]:
    """A socket bound at `path` for this user alone, while no other host can have it."""
    _prepare_folder(path.parent)
    with path.with_name(path.name + ".host").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise HostRunningError(f"another screen host serves {path}") from error
        path.unlink(missing_ok=True)
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as listener:
            before = os.umask(0o177)
            try:
                listener.bind(str(path))
            except OSError as error:
                raise HostError(f"cannot listen at {path}: {error}") from error
            finally:
                os.umask(before)
            try:
                yield listener
            finally:
                path.unlink(missing_ok=True)


def _prepare_folder(folder: Path) -> None:
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    state = folder.stat()
    if state.st_uid != os.getuid() or stat.S_IMODE(state.st_mode) & 0o077:
        raise HostError(f"{folder} must belong to you alone: run `chmod 700 {folder}`, or choose another folder")


def _prepare_environment() -> None:
    """Forget the terminal that happened to start the host, and set what Textual reads once, at import."""
    for name in _CLIENT_VARIABLES:
        os.environ.pop(name, None)
    os.environ["TERM"] = "xterm-256color"
    os.environ["TEXTUAL_FPS"] = "120"


def _log_to(path: Path) -> None:
    handler = RotatingFileHandler(path, maxBytes=1_000_000, backupCount=1)
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s: %(message)s"))
    logging.basicConfig(level=logging.INFO, handlers=[handler])


def _screens() -> MakeApp:
    from cockpit.screens.app import make_app

    return make_app


async def _serve(host: ScreenHost) -> None:
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, host.stop)
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    await host.serve()


def main(arguments: Sequence[str] | None = None, make_app: MakeApp | None = None) -> int:
    """Run the host from the command line, with the cockpit's own screens unless others are given.

    Returns:
        An exit status; 0 also when another host already serves the socket.
    """
    parser = argparse.ArgumentParser(prog="python -m cockpit.screens.host", description="Holds the screens.")
    parser.add_argument("--socket", type=Path, required=True, help="unix socket to listen on")
    parser.add_argument("--log", type=Path, help="log file (default: beside the socket)")
    parser.add_argument("--idle-exit-s", type=float, default=IDLE_EXIT_S, help="end after so long without clients")
    options = parser.parse_args(arguments)
    _prepare_environment()
    try:
        _prepare_folder(options.socket.parent)
        _log_to(options.log or options.socket.with_name(options.socket.name + ".log"))
        host = ScreenHost(options.socket, make_app or _screens(), idle_exit_s=options.idle_exit_s)
        asyncio.run(_serve(host))
    except HostRunningError:
        return 0
    except HostError as error:
        sys.stderr.write(f"cockpit: {error}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
