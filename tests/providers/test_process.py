from __future__ import annotations

import asyncio
import contextlib
import os
import re
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from cockpit.providers import process, process_tree
from cockpit.providers.process import Completed, ProcessError, run, spawn
from cockpit.providers.process_tree import descendants_gone, find_marked, kill_marked
from cockpit.providers.readiness import HttpProbe, LogProbe, NotReadyError, Probe, TcpProbe, wait_ready

ENV = {"PATH": os.environ["PATH"]}
TREE = """
import os, signal, sys, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
for leave in (False, True):
    if os.fork() == 0:
        if leave:
            os.setsid()
            if os.fork(): os._exit(0)
        print(os.getpid(), flush=True)
        time.sleep(300)
print(os.getpid(), flush=True)
time.sleep(300)
"""


@pytest.fixture(autouse=True)
def short_grace(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(process, "GRACE_S", 0.1)


@pytest.fixture(autouse=True)
def pidfd_watcher() -> Iterator[None]:
    if sys.version_info >= (3, 12):
        yield
        return
    before = asyncio.get_child_watcher()
    process_tree.install_child_watcher()
    yield
    asyncio.set_child_watcher(before)


async def python(code: str, **options: object) -> Completed:
    defaults: dict[str, object] = {"cwd": Path("/"), "env": ENV, "timeout_s": 30}
    return await run([sys.executable, "-c", code], **{**defaults, **options})  # type: ignore[arg-type]  # of many types


def pids_in(output: bytes) -> list[int]:
    return [int(line) for line in output.split()]


def is_gone(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except FileNotFoundError:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, 0)
            return Path("/proc").is_dir()
        return True


async def test_output_status_and_input() -> None:
    done = await python("import sys; print(sys.stdin.read()); print('e', file=sys.stderr); sys.exit(3)", input=b"hi")
    assert (done.exit_code, done.stdout, done.stderr, done.ok) == (3, b"hi\n", b"e\n", False)
    assert (await python("pass")).ok
    assert (await python("import sys; print(len(sys.stdin.read()))")).stdout == b"0\n"
    assert (await python("pass", input=b"x" * 1_000_000)).ok
    assert (await python("import os; os.kill(os.getpid(), 9)")).exit_code == -9


async def test_it_gets_this_environment_and_folder_only(tmp_path: Path) -> None:
    done = await python("import os; print(os.getcwd(), sorted(os.environ))", cwd=tmp_path, env={"A": "1"})
    words = done.stdout.decode()
    assert words.startswith(f"{tmp_path} ")
    assert set(re.findall(r"'(\w+)'", words)) - {"LC_CTYPE", "__CF_USER_TEXT_ENCODING"} == {"A", "COCKPIT_PROCESS"}


async def test_output_is_streamed_and_what_is_kept_is_limited() -> None:
    pieces: list[bytes] = []
    done = await python("print('x' * 300_000)", output_limit_bytes=1000, on_output=pieces.append)
    assert done.stdout == b"x" * 1000
    assert done.truncated
    assert done.ok
    assert len(b"".join(pieces)) == 300_001
    assert not (await python("print('x' * 999)", output_limit_bytes=1000)).truncated


async def test_a_timeout_ends_the_whole_tree_and_keeps_the_output() -> None:
    ready = asyncio.Event()
    lines: list[bytes] = []

    def heard(piece: bytes) -> None:
        lines.append(piece)
        if b"".join(lines).count(b"\n") == 3:
            ready.set()

    done = await python(TREE, timeout_s=1.0, on_output=heard)
    assert ready.is_set()
    assert done.timed_out
    assert not done.ok
    assert done.exit_code == -signal.SIGKILL
    assert all(is_gone(pid) for pid in pids_in(done.stdout))


async def test_cancelling_ends_the_whole_tree() -> None:
    lines: list[bytes] = []
    ready = asyncio.Event()

    def heard(piece: bytes) -> None:
        lines.append(piece)
        if b"".join(lines).count(b"\n") == 3:
            ready.set()

    task = asyncio.create_task(python(TREE, on_output=heard))
    await ready.wait()
    task.cancel()
    await asyncio.sleep(0)
    task.cancel()  # an impatient caller must not leave it half done
    with pytest.raises(asyncio.CancelledError):
        await task
    assert all(is_gone(pid) for pid in pids_in(b"".join(lines)))


async def test_cancelling_at_any_moment_leaves_no_process() -> None:
    mark = f"test-{os.getpid()}-{id(object())}"
    for yields in range(12):
        env = {**ENV, process_tree.SESSION_MARKER: mark}
        task = asyncio.create_task(run(["/bin/sleep", "300"], cwd=Path("/"), env=env, timeout_s=60))
        for _ in range(yields):
            await asyncio.sleep(0)
        task.cancel()
        await asyncio.wait([task])
        assert task.cancelled()
        assert find_marked(process_tree.SESSION_MARKER, mark) == []


async def test_what_a_command_leaves_in_its_group_ends_with_it() -> None:
    done = await run(["/bin/sh", "-c", "sleep 300 & echo $!"], cwd=Path("/"), env=ENV, timeout_s=30)
    assert done.ok
    async with asyncio.timeout(10):
        while not is_gone(pids_in(done.stdout)[0]):
            await asyncio.sleep(0.005)


async def test_a_daemon_that_holds_the_output_open_does_not_hold_up_the_result() -> None:
    session = f"test-{os.getpid()}-daemon"
    code = "import os, time\nif os.fork() == 0:\n os.setsid(); time.sleep(300)\nprint('done')"
    done = await python(code, env={**ENV, process_tree.SESSION_MARKER: session})
    assert (done.ok, done.stdout) == (True, b"done\n")
    assert await asyncio.to_thread(kill_marked, session) == 1
    assert kill_marked(session) == 0


async def test_a_process_that_not_even_the_system_can_end_now_does_not_take_the_result_away(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def hang(mark: str, *, marker: str) -> int:
        raise TimeoutError(f"{marker}={mark} does not end")

    monkeypatch.setattr(process_tree, "kill_marked", hang)
    done = await run(["sleep", "300"], cwd=Path.cwd(), env=ENV, timeout_s=0.1)
    assert done.timed_out


async def test_what_cannot_be_started_says_why() -> None:
    with pytest.raises(ProcessError, match="No such file"):
        await run(["/no/such/program"], cwd=Path("/"), env=ENV, timeout_s=1)


async def test_no_thread_per_child(tmp_path: Path) -> None:
    if sys.platform.startswith("linux"):
        before = threading.active_count()
        async with contextlib.AsyncExitStack() as stack:
            for number in range(5):
                log = tmp_path / str(number)
                await stack.enter_async_context(spawn(["/bin/sleep", "300"], cwd=Path("/"), env=ENV, log=log))
            assert threading.active_count() == before


async def test_a_long_running_command_ends_with_its_block(tmp_path: Path) -> None:
    log = tmp_path / "log"
    async with spawn([sys.executable, "-c", TREE], cwd=tmp_path, env=ENV, log=log) as app:
        async with asyncio.timeout(20):
            while log.read_bytes().count(b"\n") < 3:
                await asyncio.sleep(0.01)
        pid = app.pid
        assert app.exit_code is None
        assert not descendants_gone(pid)
    assert descendants_gone(pid)
    assert all(is_gone(pid) for pid in pids_in(log.read_bytes()))


async def test_a_line_of_the_log_is_looked_for_from_its_beginning(tmp_path: Path) -> None:
    log = tmp_path / "log"
    say = "echo starting up; echo not listening; echo listening; exec sleep 300"
    async with spawn(["/bin/sh", "-c", say], cwd=tmp_path, env=ENV, log=log) as app:
        await wait_ready(app, LogProbe(re.compile("^listening")), 20)


async def test_readiness_is_asked_for(tmp_path: Path) -> None:
    code = (
        "import http.server, socketserver\n"
        "with socketserver.TCPServer(('127.0.0.1', 0), http.server.SimpleHTTPRequestHandler) as s:\n"
        " print('port', s.server_address[1], flush=True); s.serve_forever()"
    )
    log = tmp_path / "log"
    async with spawn([sys.executable, "-c", code], cwd=tmp_path, env=ENV, log=log) as app:
        await wait_ready(app, LogProbe(re.compile(r"port \d+\n")), 20)
        port = int(log.read_text().split()[1])
        probes: list[Probe] = [TcpProbe(port), HttpProbe(f"http://127.0.0.1:{port}/")]
        for probe in probes:
            await wait_ready(app, probe, 20)
    with pytest.raises(NotReadyError, match="not ready within"):
        async with spawn(["/bin/sleep", "300"], cwd=tmp_path, env=ENV, log=log) as app:
            await wait_ready(app, TcpProbe(port), 0.1)
    with pytest.raises(NotReadyError, match=r"status 5(.|\n)*no database"):
        async with spawn(["/bin/sh", "-c", "echo no database; exit 5"], cwd=tmp_path, env=ENV, log=log) as app:
            await wait_ready(app, HttpProbe(f"http://127.0.0.1:{port}/"), 20)


def test_this_programs_exit_ends_what_it_runs() -> None:
    code = (
        "import asyncio, os, sys\nfrom pathlib import Path\nfrom cockpit.providers.process import run\n"
        "async def main():\n"
        " task = asyncio.create_task(run(['/bin/sleep', '300'], cwd=Path('/'), env={'COCKPIT_SESSION': sys.argv[1]},"
        " timeout_s=60))\n"
        " await asyncio.sleep(0.2)\n sys.exit(0)\n"
        "loop = asyncio.new_event_loop()\n"
        "try: loop.run_until_complete(main())\nexcept SystemExit: pass\n"
    )
    session = f"test-{os.getpid()}-exit"
    subprocess.run([sys.executable, "-W", "ignore", "-c", code, session], cwd=Path(__file__).parents[2], check=True)
    assert find_marked(process_tree.SESSION_MARKER, session) == []
