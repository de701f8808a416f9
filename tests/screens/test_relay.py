"""The relay as a real process on a real pty, in front of a real host."""

from __future__ import annotations

import fcntl
import os
import pty
import re
import select
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import termios
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import pytest

from cockpit.relay_terminal import DetachKey
from cockpit.screens.spawn import HostStartError, ensure_host
from tests.screens.glass import Glass

ROOT = Path(__file__).parents[2]
_ANSWERS = ((b"\x1b[5n", b"\x1b[0n"), (b"\x1b[?2026$p", b"\x1b[?2026;2$y"), (b"\x1b[c", b"\x1b[?62;22c"))
_MODE = re.compile(rb"\x1b\[\?([\d;]+)([hl])")


class PtyProcess(Glass):
    """A program on a terminal of ours, which answers what real ones answer."""

    def __init__(self, command: list[str], columns: int = 60, rows: int = 12) -> None:
        super().__init__(columns, rows)
        self.master, self.terminal = pty.openpty()
        self.resize(columns, rows)
        self.found_as = termios.tcgetattr(self.terminal)
        environment = {**os.environ, "TERM": "xterm-256color", "COLORTERM": "truecolor", "PS1": "$ "}
        self.process = subprocess.Popen(
            [sys.executable, "-c", _LEAD, *command],
            stdin=self.terminal,
            stdout=self.terminal,
            stderr=self.terminal,
            cwd=ROOT,
            env=environment,
            start_new_session=True,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.process.kill()
        self.process.wait()
        os.close(self.master)
        os.close(self.terminal)

    def resize(self, columns: int, rows: int) -> None:
        fcntl.ioctl(self.master, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    def press(self, keys: bytes) -> None:
        os.write(self.master, keys)

    def until(self, condition: Callable[[], bool], what: str) -> None:
        """Read, and answer queries, until the condition holds."""
        deadline_s = time.monotonic() + 20
        while not condition():
            assert time.monotonic() < deadline_s, f"{what}: {self.lines()}"
            if select.select([self.master], [], [], 0.02)[0]:
                data = os.read(self.master, 65536)
                self.draw(data)
                for query, answer in _ANSWERS:
                    if query in data:
                        self.press(answer * data.count(query))

    def sees(self, text: str) -> None:
        self.until(lambda: self.shows(text), text)

    def ends(self) -> int:
        self.until(lambda: self.process.poll() is not None, "an end")
        while select.select([self.master], [], [], 0)[0]:
            self.draw(os.read(self.master, 65536))
        return self.process.returncode

    def modes_left_on(self) -> set[bytes]:
        """Private modes that were turned on and not off again, cursor and line wrap counting the other way round."""
        state: dict[bytes, bytes] = {b"25": b"h", b"7": b"h"}
        for numbers, switch in _MODE.findall(bytes(self.output)):
            state |= dict.fromkeys(numbers.split(b";"), switch)
        return {mode for mode, switch in state.items() if (switch == b"h") is (mode not in {b"25", b"7"})}

    def is_in_the_foreground(self) -> bool:
        return os.tcgetpgrp(self.master) == self.process.pid

    def is_as_found(self) -> bool:
        return termios.tcgetattr(self.terminal) == self.found_as and not self.modes_left_on()


# The session's leader needs the pty as its controlling terminal before it becomes the program.
_LEAD = "import fcntl, os, sys, termios; fcntl.ioctl(0, termios.TIOCSCTTY, 0); os.execvp(sys.argv[1], sys.argv[1:])"


@pytest.fixture
def fresh_socket() -> Iterator[str]:
    with tempfile.TemporaryDirectory(prefix="ck-") as folder:
        path = f"{folder}/s"
        yield path
        kill_host(path, signal.SIGTERM)


@pytest.fixture(scope="module")
def socket_path() -> Iterator[str]:
    with tempfile.TemporaryDirectory(prefix="ck-") as folder:
        path = f"{folder}/s"
        ensure_host(path, module="tests.screens.sample_host")
        yield path
        kill_host(path, signal.SIGTERM)


@pytest.fixture(autouse=True)
def importable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONPATH", str(ROOT))


@pytest.fixture(scope="module", autouse=True)
def importable_from_the_start() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONPATH", str(ROOT))
        yield


def host_pid(path: str) -> int | None:
    """The process that serves a socket, asked of the socket."""
    with socket.socket(socket.AF_UNIX) as probe:
        try:
            probe.connect(path)
        except OSError:
            return None
        if sys.platform == "linux":
            credentials = probe.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, struct.calcsize("3i"))
            pid = struct.unpack("3i", credentials)[0]
        else:
            pid = struct.unpack("i", probe.getsockopt(0, 2, 4))[0]  # SOL_LOCAL, LOCAL_PEERPID
    return int(pid)


def kill_host(path: str, number: signal.Signals) -> None:
    if (pid := host_pid(path)) is None:
        return
    os.kill(pid, number)
    deadline_s = time.monotonic() + 10
    while host_pid(path) is not None:
        assert time.monotonic() < deadline_s
        time.sleep(0.005)


def attach(path: str, options: str = "{}") -> PtyProcess:
    return PtyProcess([sys.executable, "-m", "tests.screens.attach", path, options])


def test_keys_pass_and_quitting_gives_the_terminal_back(socket_path: str) -> None:
    with attach(socket_path) as relay:
        relay.sees("> row 0000")
        relay.press(b"jj")
        relay.sees("> row 0002")
        relay.press(b"q")
        assert relay.ends() == 0
        assert relay.is_as_found()


def test_the_size_follows_the_terminal(socket_path: str) -> None:
    with attach(socket_path) as relay:
        relay.sees("row 0011")
        relay.grow(70, 20)
        relay.resize(70, 20)
        relay.sees("row 0019")


def test_an_exit_message_is_shown_after_the_screen_without_its_escapes(socket_path: str) -> None:
    with attach(socket_path) as relay:
        relay.sees("> row 0000")
        relay.press(b"x")
        assert relay.ends() == 7
        assert relay.is_as_found()
        assert b"bye ?[31mfrom the screen" in relay.output


def test_a_crash_is_told_on_a_sane_terminal(socket_path: str) -> None:
    with attach(socket_path) as relay:
        relay.sees("> row 0000")
        relay.press(b"c")
        assert relay.ends() == 1
        assert relay.is_as_found()
        assert b"RuntimeError: the wing came off" in relay.output


@pytest.mark.parametrize("key", [b"\x1c", b"\x1b[92;5u", b"\x1b[92;69u"], ids=repr)
def test_the_detach_key_leaves_at_once(socket_path: str, key: bytes) -> None:
    with attach(socket_path) as relay:
        relay.sees("> row 0000")
        relay.press(key)
        assert relay.ends() == 0
        assert relay.is_as_found()
        assert b"Detached" in relay.output


def test_the_detach_key_works_before_a_host_that_hangs(fresh_socket: str) -> None:
    with socket.socket(socket.AF_UNIX) as hung:
        hung.bind(fresh_socket)
        hung.listen()
        with attach(fresh_socket, '{"alone": ""}') as relay:
            connection, _ = hung.accept()
            with connection:
                connection.sendall(b"O\0\0\0\x08\x1b[?1049h")
                relay.until(lambda: b"?1049h" in relay.output, "the screen")
                relay.press(b"typed into the void " * 50)
                relay.press(b"\x1c")
                assert relay.ends() == 0
                assert relay.is_as_found()
        Path(fresh_socket).unlink()


def test_the_host_dies_and_the_screen_comes_back(fresh_socket: str) -> None:
    with attach(fresh_socket) as relay:
        relay.sees("> row 0000")
        relay.press(b"j")
        relay.sees("> row 0001")
        kill_host(fresh_socket, signal.SIGKILL)
        relay.until(lambda: b"the screen host has died; attaching again" in relay.output, "a notice")
        relay.sees("> row 0000")
        relay.press(b"q")
        assert relay.ends() == 0
        assert relay.is_as_found()


def test_without_a_way_to_start_a_host_the_relay_ends_with_it(fresh_socket: str) -> None:
    ensure_host(fresh_socket, module="tests.screens.sample_host")
    with attach(fresh_socket, '{"alone": ""}') as relay:
        relay.sees("> row 0000")
        kill_host(fresh_socket, signal.SIGKILL)
        assert relay.ends() == 1
        assert relay.is_as_found()
        assert b"the screen host has died" in relay.output


def test_a_stopped_host_ends_the_relay_with_a_word(fresh_socket: str) -> None:
    with attach(fresh_socket) as relay:
        relay.sees("> row 0000")
        kill_host(fresh_socket, signal.SIGTERM)
        assert relay.ends() == 0
        assert relay.is_as_found()
        assert b"was stopped" in relay.output


def test_no_host_at_all_is_one_clear_line(fresh_socket: str) -> None:
    with attach(fresh_socket, '{"alone": ""}') as relay:
        assert relay.ends() == 1
        assert relay.is_as_found()
        assert b"cannot be reached" in relay.output


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP], ids=lambda number: number.name)
def test_a_signal_ends_it_and_the_terminal_is_restored(socket_path: str, number: signal.Signals) -> None:
    with attach(socket_path) as relay:
        relay.sees("> row 0000")
        relay.process.send_signal(number)
        assert relay.ends() == 128 + number
        assert relay.is_as_found()


def test_a_killed_relay_leaves_a_sane_terminal(socket_path: str) -> None:
    with attach(socket_path) as relay:
        relay.sees("> row 0000")
        relay.process.kill()
        relay.until(relay.is_as_found, "a restored terminal")


def test_suspending_from_a_shell_and_coming_back(socket_path: str) -> None:
    with PtyProcess(["/bin/sh", "-i"], columns=100) as shell:
        shell.sees("$")
        shell.until(shell.is_in_the_foreground, "the shell's turn")
        shell.press(f"'{sys.executable}' -m tests.screens.attach {socket_path}\n".encode())
        shell.sees("> row 0000")
        shell.press(b"j")
        shell.sees("> row 0001")
        shell.press(b"\x1a")
        shell.until(shell.is_in_the_foreground, "the shell's turn")
        assert not shell.modes_left_on()
        shell.press(b"echo in the $((1 + 1))nd shell\n")
        shell.sees("in the 2nd shell")
        shell.press(b"fg\n")
        shell.sees("> row 0001")
        shell.press(b"q")
        shell.until(shell.is_in_the_foreground, "the shell's turn")
        shell.press(b"echo back in the $((1 + 2))rd\n")
        shell.sees("back in the 3rd")


def test_without_a_terminal_it_says_what_to_do(socket_path: str) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "tests.screens.attach", socket_path],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        cwd=ROOT,
        check=False,
    )
    assert done.returncode == 2
    assert "needs a terminal" in done.stderr


def test_two_who_start_a_host_at_once_get_the_same_one(fresh_socket: str) -> None:
    code = (
        "import sys; from cockpit.screens.spawn import ensure_host;"
        "ensure_host(sys.argv[1], module='tests.screens.sample_host')"
    )
    starting = [subprocess.Popen([sys.executable, "-c", code, fresh_socket], cwd=ROOT) for _ in range(3)]
    assert [process.wait(30) for process in starting] == [0, 0, 0]
    pid = host_pid(fresh_socket)
    ensure_host(fresh_socket, module="tests.screens.sample_host")
    assert host_pid(fresh_socket) == pid


def test_a_host_that_cannot_start_is_reported_with_its_log(fresh_socket: str) -> None:
    with pytest.raises(HostStartError, match="no_such_host"):
        ensure_host(fresh_socket, module="cockpit.screens.no_such_host")


@pytest.mark.parametrize("module", ["cockpit.relay", "cockpit.screens.spawn"])
def test_the_quick_path_imports_the_standard_library_only(module: str) -> None:
    code = (
        f"import sys; before = set(sys.modules); import {module}; new = set(sys.modules) - before;"
        "tops = {name.split('.')[0] for name in new} - {'cockpit'};"
        "slow = {'asyncio', 'logging', 'subprocess', 'inspect', 'dataclasses'};"
        "print(*sorted(tops - sys.stdlib_module_names), *sorted(tops & slow));"
        "print(*sorted(name for name in new if name.startswith('cockpit')))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, check=True)
    foreign, ours = done.stdout.splitlines()
    assert foreign == ""
    assert set(ours.split()) <= {
        "cockpit",
        "cockpit.providers",
        "cockpit.providers.resident",
        "cockpit.relay",
        "cockpit.relay_terminal",
        "cockpit.screens",
        "cockpit.screens.spawn",
    }


@pytest.mark.parametrize(
    ("typed", "is_detaching"),
    [
        pytest.param([b"\x1c"], True, id="the plain key"),
        pytest.param([b"abc\x1cdef"], True, id="among others"),
        pytest.param([b"\x1b[92;5u"], True, id="kitty"),
        pytest.param([b"\x1b[92;197u"], True, id="kitty with caps and num lock"),
        pytest.param([b"\x1b[92:124;5:1u"], True, id="kitty with alternates and event type"),
        pytest.param([b"\x1b[9", b"2;", b"5u"], True, id="kitty in pieces"),
        pytest.param([b"\x1b[92;1;92u"], False, id="a backslash"),
        pytest.param([b"\x1b[92;7u"], False, id="with alt"),
        pytest.param([b"\x1b[200~a\x1cb\x1b[201~"], False, id="pasted"),
        pytest.param([b"\x1b[200~a", b"\x1c", b"b\x1b[201~"], False, id="pasted in pieces"),
        pytest.param([b"\x1b[200~a\x1b[20", b"1~\x1c"], True, id="after a paste"),
        pytest.param(["über".encode()], False, id="text"),
    ],
)
def test_the_detach_key_is_told_from_everything_else(typed: list[bytes], *, is_detaching: bool) -> None:
    key = DetachKey()
    seen: list[Any] = [key.seen_in(data) for data in typed]
    assert any(seen) is is_detaching
