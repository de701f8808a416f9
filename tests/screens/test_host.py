"""The host with real sockets: admission, one App a client, crashes, traps, and its end."""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import os
import socket
import stat
import struct
import sys
import tempfile
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import Self

import pytest

from cockpit.screens import attachment, live
from cockpit.screens.host import HostError, HostRunningError, ScreenHost
from cockpit.screens.wire import FROM_HOST, FrameDecoder, FrameType, Hello, encode
from tests.screens.sample_host import SampleApp, make_app

HELLO = {"version": 1, "repo": "/", "columns": 60, "rows": 12, "colorterm": "truecolor"}
DSR, DSR_ANSWER = b"\x1b[5n", b"\x1b[0n"


@pytest.fixture
def socket_path() -> Iterator[Path]:
    # Socket paths are short by nature; the usual temporary folder of a test is not.
    with tempfile.TemporaryDirectory(prefix="ck-") as folder:
        yield Path(folder) / "s"


@contextlib.asynccontextmanager
async def serving(
    path: Path, idle_exit_s: float = 60.0, make: Callable[[Hello], SampleApp] = make_app
) -> AsyncIterator[ScreenHost]:
    host, ready = ScreenHost(path, make, idle_exit_s=idle_exit_s), asyncio.Event()
    task = asyncio.create_task(host.serve(ready))
    waiting = asyncio.create_task(ready.wait())
    await asyncio.wait({task, waiting}, return_when=asyncio.FIRST_COMPLETED)
    waiting.cancel()
    try:
        yield host
    finally:
        host.stop()
        await task


class Client:
    """A relay without a terminal: answers status queries, keeps what it sees."""

    def __init__(self, path: Path, **facts: object) -> None:
        self._path = path
        self._hello = HELLO | facts
        self._frames = FrameDecoder(FROM_HOST)
        self.output = bytearray()
        self.all_output = bytearray()
        self.kinds: list[FrameType] = []
        self.parting: dict[str, object] | None = None

    async def __aenter__(self) -> Self:
        self._reader, self._writer = await asyncio.open_unix_connection(str(self._path))
        self.send(FrameType.HELLO, json.dumps(self._hello).encode())
        return self

    async def __aexit__(self, *_: object) -> None:
        self._writer.close()
        with contextlib.suppress(ConnectionError):
            await self._writer.wait_closed()

    def send(self, kind: FrameType, payload: bytes = b"") -> None:
        self._writer.write(encode(kind, payload))

    def send_raw(self, data: bytes) -> None:
        self._writer.write(data)

    def press(self, keys: str) -> None:
        self.send(FrameType.INPUT, keys.encode())

    async def _read(self) -> bool:
        try:
            data = await self._reader.read(65536)
        except ConnectionError:
            data = b""
        for kind, payload in self._frames.feed(data):
            self.kinds.append(kind)
            if kind is FrameType.OUTPUT:
                self.output += payload
                self.all_output += payload
                if queries := payload.count(DSR):
                    self.send(FrameType.INPUT, DSR_ANSWER * queries)
            elif kind is FrameType.EXIT:
                self.parting = json.loads(payload)
        return bool(data)

    async def sees(self, text: str) -> None:
        async with asyncio.timeout(10):
            while text.encode() not in self.output:
                assert await self._read(), f"the host closed before {text!r} was seen: {self.parting}"
            self.output.clear()

    async def receives(self, kind: FrameType) -> None:
        async with asyncio.timeout(10):
            while kind not in self.kinds:
                assert await self._read(), f"the host closed before {kind} came"

    async def ends(self) -> dict[str, object] | None:
        async with asyncio.timeout(10):
            while await self._read():
                pass
        return self.parting


async def empty(host: ScreenHost, *, but: int = 0) -> None:
    async with asyncio.timeout(10):
        while host.attached > but:
            await asyncio.sleep(0.005)


async def test_a_client_sees_its_screen_moves_in_it_and_quits(socket_path: Path) -> None:
    async with serving(socket_path) as host, Client(socket_path) as client:
        await client.sees("> row 0000")
        client.press("j")
        await client.sees("> row 0001")
        client.send(FrameType.RESIZE, struct.pack("!HH", 60, 20))
        await client.sees("row 0019")
        client.press("q")
        assert await client.ends() == {"code": 0, "message": ""}
        await empty(host)


async def test_the_socket_is_for_its_user_alone(socket_path: Path) -> None:
    async with serving(socket_path):
        assert stat.S_IMODE(socket_path.stat().st_mode) == 0o600
    assert not socket_path.exists()


async def test_a_folder_open_to_others_is_refused(socket_path: Path) -> None:
    socket_path.parent.chmod(0o755)
    with pytest.raises(HostError, match="chmod 700"):
        await ScreenHost(socket_path, make_app).serve()


async def test_a_path_too_long_for_a_socket_is_refused_clearly(socket_path: Path) -> None:
    folder = socket_path.parent / ("x" * 120)
    with pytest.raises(HostError, match="cannot listen"):
        await ScreenHost(folder / "s", make_app).serve()


def test_the_peer_of_a_socket_is_known() -> None:
    near, far = socket.socketpair()
    with near, far:
        assert attachment.peer_uid(near) == os.getuid()


async def test_another_user_is_turned_away(socket_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(attachment, "peer_uid", lambda _peer: os.getuid() + 1)
    async with serving(socket_path) as host, Client(socket_path) as client:
        assert await client.ends() is None
        assert host.attached == 0


async def test_a_second_host_leaves_the_first_alone_and_a_dead_ones_socket_is_replaced(socket_path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as dead:
        dead.bind(str(socket_path))
    async with serving(socket_path):
        with pytest.raises(HostRunningError):
            await ScreenHost(socket_path, make_app).serve()
        async with Client(socket_path) as client:
            await client.sees("> row 0000")


async def test_a_crash_is_told_to_its_client_and_leaves_others_alone(socket_path: Path) -> None:
    async with serving(socket_path), Client(socket_path) as crashing, Client(socket_path) as other:
        await crashing.sees("> row 0000")
        await other.sees("> row 0000")
        crashing.press("c")
        parting = await crashing.ends()
        assert parting is not None
        assert parting["code"] == 1
        assert "RuntimeError: the wing came off" in str(parting["message"])
        assert "has crashed" in str(parting["message"])
        other.press("j")
        await other.sees("> row 0001")


async def test_a_screen_that_cannot_be_made_is_told_to_its_client(socket_path: Path) -> None:
    async with serving(socket_path), Client(socket_path, options={"screen": "broken"}) as client:
        parting = await client.ends()
        assert parting is not None
        assert "no such screen: broken" in str(parting["message"])


async def test_an_exit_message_and_status_reach_the_client(socket_path: Path) -> None:
    async with serving(socket_path), Client(socket_path) as client:
        await client.sees("> row 0000")
        client.press("x")
        parting = await client.ends()
        assert parting is not None
        assert parting["code"] == 7
        assert str(parting["message"]).startswith("bye")


async def test_a_relay_of_another_version_is_told_so(socket_path: Path) -> None:
    async with serving(socket_path) as host, Client(socket_path, version=99) as client:
        parting = await client.ends()
        assert parting is not None
        assert parting["code"] == 2
        assert "version 99" in str(parting["message"])
        await empty(host)


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(b"GET / HTTP/1.1\r\n\r\n", id="not ours"),
        pytest.param(b"I\xff\xff\xff\xff", id="too long"),
        pytest.param(encode(FrameType.HELLO, json.dumps(HELLO).encode()), id="a second hello"),
        pytest.param(encode(FrameType.RESIZE, b"\0\0\0\0"), id="no size"),
    ],
)
async def test_nonsense_closes_its_own_connection_only(socket_path: Path, data: bytes) -> None:
    async with serving(socket_path) as host, Client(socket_path) as bad, Client(socket_path) as good:
        await bad.sees("> row 0000")
        bad.send_raw(data)
        assert await bad.ends() is None
        await good.sees("> row 0000")
        good.press("j")
        await good.sees("> row 0001")
        await empty(host, but=1)
        assert host.attached == 1


async def test_input_before_a_hello_is_refused(socket_path: Path) -> None:
    async with serving(socket_path) as host:
        reader, writer = await asyncio.open_unix_connection(str(socket_path))
        writer.write(encode(FrameType.INPUT, b"j"))
        with contextlib.suppress(ConnectionError):
            assert await reader.read() == b""
        writer.close()
        await empty(host)


async def test_a_client_that_says_nothing_is_not_waited_for(socket_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(attachment, "HELLO_WITHIN_S", 0.01)
    async with serving(socket_path) as host:
        reader, writer = await asyncio.open_unix_connection(str(socket_path))
        with contextlib.suppress(ConnectionError):
            assert await reader.read() == b""
        writer.close()
        await empty(host)


async def test_a_client_that_vanishes_takes_its_screen_along(socket_path: Path) -> None:
    async with serving(socket_path) as host:
        for _ in range(3):
            async with Client(socket_path) as client:
                await client.sees("> row 0000")
        await empty(host)


async def test_a_screen_that_hangs_is_ended_by_force(socket_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live, "CLOSE_WITHIN_S", 0.05)
    async with serving(socket_path) as host:
        async with Client(socket_path) as client:
            await client.sees("> row 0000")
            client.press("jh")
            await client.sees("> row 0001")
        await empty(host)


async def test_a_client_that_stops_reading_blocks_nobody(socket_path: Path) -> None:
    async with serving(socket_path), Client(socket_path) as stalled, Client(socket_path) as other:
        await stalled.sees("> row 0000")
        await other.sees("> row 0000")
        for _ in range(100):
            stalled.press("jk")
            stalled.send(FrameType.CONTINUE)
        stalled.press("jjj")
        for row in range(1, 6):
            other.press("j")
            await other.sees(f"> row {row:04d}")
        await stalled.sees("> row 0003")


async def test_suspending_asks_the_relay_and_continuing_repaints(socket_path: Path) -> None:
    async with serving(socket_path), Client(socket_path) as client:
        await client.sees("> row 0000")
        client.press("\x1a")
        await client.receives(FrameType.SUSPEND)
        client.send(FrameType.SUSPENDED)
        client.press("j")
        client.send(FrameType.CONTINUE)
        await client.receives(FrameType.RESUMED)
        await client.sees("> row 0001")


async def test_the_next_screen_is_ready_before_it_is_asked_for(
    socket_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live, "SPARE_AFTER_S", 0.0)
    monkeypatch.setattr(live, "REST_AFTER_S", 0.05)
    made: list[Hello] = []

    def counted(hello: Hello) -> SampleApp:
        made.append(hello)
        return make_app(hello)

    async def ready(host: ScreenHost) -> None:
        async with asyncio.timeout(10):
            while not host.screens.is_ready:
                await asyncio.sleep(0.005)

    async with serving(socket_path, make=counted) as host:
        async with Client(socket_path) as client:
            await client.sees("> row 0000")
            await ready(host)
            assert len(made) == 2
        async with Client(socket_path) as again:
            await again.sees("> row 0000")
            assert b"\x1b[?1049h" in again.all_output
            again.press("j")
            await again.sees("> row 0001")
            assert host.attached == 1
            await ready(host)
            assert len(made) == 3
            async with Client(socket_path, rows=20) as larger:
                await larger.sees("row 0019")
                assert made[3].rows == 20


async def test_screens_leave_the_processes_own_output_alone(
    socket_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = sys.stdout, sys.stderr
    async with serving(socket_path) as host:
        async with Client(socket_path) as first:
            await first.sees("> row 0000")
            async with Client(socket_path) as second:
                await second.sees("> row 0000")
                first.press("q")
                await first.ends()
                second.press("c")
                await second.ends()
        await empty(host)
        assert (sys.stdout, sys.stderr) == before
    assert capsys.readouterr().err == ""


async def test_a_blocking_handler_is_noticed_and_named(socket_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.WARNING)
    async with serving(socket_path) as host, Client(socket_path) as client:
        await client.sees("> row 0000")
        client.press("b")
        client.press("j")
        await client.sees("> row 0001")
    assert host.max_lag_s > 0.2
    assert "action_block" in caplog.text


async def test_the_host_ends_when_nobody_is_left(socket_path: Path) -> None:
    host, ready = ScreenHost(socket_path, make_app, idle_exit_s=0.05), asyncio.Event()
    async with asyncio.timeout(10), asyncio.TaskGroup() as tasks:
        served = tasks.create_task(host.serve(ready))
        await ready.wait()
        async with Client(socket_path) as client:
            await client.sees("> row 0000")
            client.press("j")
            await client.sees("> row 0001")
            assert not served.done()
    assert not socket_path.exists()


async def test_a_stopped_host_says_goodbye(socket_path: Path) -> None:
    async with serving(socket_path) as host, Client(socket_path) as client:
        await client.sees("> row 0000")
        host.stop()
        parting = await client.ends()
        assert parting is not None
        assert "stopped" in str(parting["message"])
