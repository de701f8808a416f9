"""Doors that commands of agents and checks wait at until a test opens them, so that nobody has to sleep."""

from __future__ import annotations

import socket
import threading
from types import TracebackType

WITHIN_S = 40.0


class Gate:
    """Listens on a local port; a command says its name at the door and waits there for a word."""

    def __init__(self) -> None:
        self._server = socket.create_server(("127.0.0.1", 0))
        self._changed = threading.Condition()
        self._open: set[str] = set()
        self._arrivals: dict[str, int] = {}
        self._guests: list[threading.Thread] = []
        self._is_over = False
        self._porter = threading.Thread(target=self._admit)

    @property
    def port(self) -> int:
        """Where it listens, on 127.0.0.1."""
        return int(self._server.getsockname()[1])

    def wait(self, name: str) -> str:
        """Return a bash command that waits until the door of this name is open."""
        return f"exec 9<>/dev/tcp/127.0.0.1/{self.port}; echo {name} >&9; read -r -u 9 word; exec 9>&-"

    def open(self, name: str) -> None:
        """Let everybody through this door, from now on."""
        with self._changed:
            self._open.add(name)
            self._changed.notify_all()

    def expect(self, name: str, times: int = 1, within_s: float = WITHIN_S) -> None:
        """Wait until somebody has come to this door."""
        with self._changed:
            assert self._changed.wait_for(lambda: self._arrivals.get(name, 0) >= times, within_s), (
                f"nobody came to {name!r}; there came {self._arrivals}"
            )

    def __enter__(self) -> Gate:
        self._porter.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> None:
        with self._changed:
            self._is_over = True
            self._changed.notify_all()
        with socket.create_connection(("127.0.0.1", self.port)):
            self._porter.join()
        self._server.close()
        for guest in self._guests:
            guest.join()

    def _admit(self) -> None:
        while True:
            guest, _ = self._server.accept()
            if self._is_over:
                guest.close()
                return
            thread = threading.Thread(target=self._serve, args=(guest,))
            self._guests.append(thread)
            thread.start()

    def _serve(self, guest: socket.socket) -> None:
        with guest:
            guest.settimeout(10)
            try:
                name = guest.makefile("r").readline().strip()
            except OSError:
                return
            with self._changed:
                self._arrivals[name] = self._arrivals.get(name, 0) + 1
                self._changed.notify_all()
                self._changed.wait_for(lambda: name in self._open or self._is_over)
            try:
                guest.sendall(b"go\n")
            except OSError:
                return  # whoever waited was ended meanwhile
