from __future__ import annotations

import asyncio
import contextlib
import json
import os
import random
import re
import signal
import sys
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from cockpit.sessions.runtime import runner
from cockpit.sessions.runtime.spool import LINE_LIMIT_BYTES, Spool, SpoolEnd, SpoolError, SpoolLine
from cockpit.sessions.runtime.spool_watch import InotifyWatcher, PollingWatcher, SpoolWatcher

CHATTY = """
import json, sys, threading
lock = threading.Lock()
def say(what):
    with lock:
        sys.stdout.write(json.dumps(what) + "\\n"); sys.stdout.flush()
def obey():
    for line in sys.stdin:
        if line.strip() == "end": done.set()
        else: say({"did": line.strip()})
done = threading.Event()
threading.Thread(target=obey, daemon=True).start()
n = 0
while not done.wait(0.002):
    for _ in range(5): say({"n": n, "pad": "x" * 100}); n += 1
say({"last": n})
"""
WATCHERS: dict[str, Callable[[], InotifyWatcher | PollingWatcher]] = {"polling": PollingWatcher}
if sys.platform.startswith("linux"):
    WATCHERS["inotify"] = InotifyWatcher


@pytest.fixture(params=sorted(WATCHERS))
async def watcher(request: pytest.FixtureRequest) -> AsyncIterator[SpoolWatcher]:
    async with WATCHERS[request.param]() as watcher:
        yield watcher


async def start(directory: Path, code: str) -> Path:
    await asyncio.to_thread(
        runner.start, directory, [sys.executable, "-u", "-c", code], env={"PATH": os.environ["PATH"]}, cwd=Path("/")
    )
    return directory


def ended_run(directory: Path, content: bytes, exit_status: int = 0) -> Path:
    """Lay out a run as it is found after its end."""
    directory.mkdir(mode=0o700)
    (directory / "out").write_bytes(content)
    (directory / "pid").write_text("1 0 boot\n")
    (directory / "exit").write_text(f"{exit_status}\n")
    return directory


def open_descriptors() -> int:
    return sum(1 for _ in Path("/dev/fd").iterdir())


async def read_all(spool: Spool, offset: int = 0) -> tuple[list[SpoolLine], SpoolEnd]:
    lines: list[SpoolLine] = []
    async for batch in spool.follow(offset):
        if isinstance(batch, SpoolEnd):
            return lines, batch
        lines += batch
    raise AssertionError("no end marker came")


async def test_lines_come_as_they_are_printed_and_the_end_last(tmp_path: Path, watcher: SpoolWatcher) -> None:
    code = "for line in iter(input, 'end'): print('heard', line)\nprint('unfinished', end='')\nraise SystemExit(4)"
    directory = await start(tmp_path / "run", code)
    runner.send(directory, "c0", b"0")
    heard: list[bytes] = []
    async for batch in Spool(directory, watcher).follow():
        if isinstance(batch, SpoolEnd):
            assert batch == SpoolEnd((directory / "out").stat().st_size, 4)
            break
        heard += [line.data for line in batch]
        count = len(heard)
        if not batch[-1].is_cut:  # each answer is seen before the next question is asked
            runner.send(directory, f"c{count}", b"end" if count == 3 else str(count).encode())
    assert heard == [b"heard 0", b"heard 1", b"heard 2", b"unfinished"]


@pytest.fixture(autouse=True)
async def nothing_left(tmp_path: Path) -> AsyncIterator[None]:
    yield
    for folder in tmp_path.iterdir():
        await asyncio.to_thread(runner.stop, folder, 0)


async def test_any_bytes_survive_and_every_offset_resumes(tmp_path: Path, watcher: SpoolWatcher) -> None:
    content = b"\x00\xff\xfe\n\n\r\n" + os.urandom(5000).replace(b"\n", b"") + b"\nlast without end"
    directory = ended_run(tmp_path / "run", content, 9)
    lines, end = await read_all(Spool(directory, watcher))
    assert b"\n".join(line.data for line in lines) == content
    assert [line.is_cut for line in lines] == [False] * 4 + [True]
    assert end == SpoolEnd(len(content), 9)
    for index, line in enumerate(lines):
        rest, _ = await read_all(Spool(directory, watcher), line.end_offset)
        assert rest == lines[index + 1 :]


async def test_a_gigantic_line_is_cut_and_the_next_one_is_whole(tmp_path: Path, watcher: SpoolWatcher) -> None:
    exact = b"e" * LINE_LIMIT_BYTES
    huge = b"h" * (LINE_LIMIT_BYTES * 2 + 12345)
    directory = ended_run(tmp_path / "run", b"first\n" + exact + b"\n" + huge + b"\nnext\n")
    lines, end = await read_all(Spool(directory, watcher))
    assert [line.data for line in lines] == [b"first", exact, huge[:LINE_LIMIT_BYTES], b"next"]
    assert [line.is_cut for line in lines] == [False, False, True, False]
    assert end.end_offset == (directory / "out").stat().st_size
    rest, _ = await read_all(Spool(directory, watcher), lines[2].end_offset)
    assert [line.data for line in rest] == [b"next"]


async def test_output_that_shrinks_is_an_error_not_a_silence(tmp_path: Path, watcher: SpoolWatcher) -> None:
    directory = ended_run(tmp_path / "run", b"a\nb\n")
    with pytest.raises(SpoolError, match="cut back"):
        await read_all(Spool(directory, watcher), 100)
    with pytest.raises(SpoolError, match="cannot be followed"):
        await read_all(Spool(tmp_path / "absent", watcher))


async def test_a_keeper_killed_without_a_word_ends_the_stream(tmp_path: Path, watcher: SpoolWatcher) -> None:
    directory = await start(tmp_path / "run", "import time\nprint('up')\ntime.sleep(300)")
    seen: list[bytes] = []
    async for batch in Spool(directory, watcher).follow():
        if isinstance(batch, SpoolEnd):
            assert batch.exit_status is None
            break
        seen += [line.data for line in batch]
        pid = runner.status(directory).pid
        assert pid is not None
        os.kill(pid, signal.SIGKILL)
    assert seen == [b"up"]


async def test_leaving_in_the_middle_leaves_nothing_open(tmp_path: Path, watcher: SpoolWatcher) -> None:
    directory = ended_run(tmp_path / "run", b"a\nb\n")
    (directory / "exit").unlink()
    before = open_descriptors()
    (directory / "pid").unlink()
    task = asyncio.create_task(read_all(Spool(directory, watcher)))
    await asyncio.sleep(0)
    task.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await task
    async with contextlib.aclosing(Spool(directory, watcher).follow()) as batches:
        async for _ in batches:
            break
    assert open_descriptors() == before


async def test_an_idle_follower_costs_nothing(tmp_path: Path, watcher: SpoolWatcher) -> None:
    directories = [await start(tmp_path / f"run{n}", "input()") for n in range(3)]
    tasks = [asyncio.create_task(read_all(Spool(directory, watcher))) for directory in directories]
    wakes = 0
    selector = asyncio.get_running_loop()._selector  # type: ignore[attr-defined]  # private, and the only place where wake-ups can be counted
    select = selector.select

    def counting(timeout: float | None = None) -> object:
        nonlocal wakes
        wakes += 1
        return select(timeout)

    # Idleness lasts: what it costs is only seen by waiting.
    await asyncio.sleep(0.2)  # ast-grep-ignore: no-sleep-in-tests
    selector.select = counting
    await asyncio.sleep(0.4)  # ast-grep-ignore: no-sleep-in-tests
    selector.select = select
    assert wakes <= (20 if isinstance(watcher, PollingWatcher) else 4)
    for directory in directories:
        runner.send(directory, "c", b"end")
    assert [end.exit_status for _, end in await asyncio.gather(*tasks)] == [0, 0, 0]


class Follower:
    """Keeps lines and the offset in one step, as the journal does; may be killed anywhere and go on."""

    def __init__(self, directory: Path, watcher: SpoolWatcher) -> None:
        self.spool = Spool(directory, watcher)
        self.offset = 0
        self.kept: list[dict[str, object]] = []
        self.end: SpoolEnd | None = None

    async def go_on(self) -> None:
        async for batch in self.spool.follow(self.offset):
            await asyncio.sleep(0)
            if isinstance(batch, SpoolEnd):
                self.end = batch
                return
            assert not any(line.is_cut for line in batch)
            self.kept += [json.loads(line.data) for line in batch]
            self.offset = batch[-1].end_offset


async def test_chaos_every_line_once_and_in_order_every_command_once(tmp_path: Path, watcher: SpoolWatcher) -> None:
    chance = random.Random(7)
    directories = [await start(tmp_path / f"agent{n}", CHATTY) for n in range(4)]
    followers = [Follower(directory, watcher) for directory in directories]
    sent = 0
    for _ in range(12):
        tasks = [asyncio.create_task(follower.go_on()) for follower in followers]
        for directory in directories:
            outcomes = await asyncio.gather(
                *(asyncio.to_thread(runner.send, directory, f"c{sent}", f"c{sent}".encode()) for _ in range(3))
            )
            assert sorted(sent.outcome for sent in outcomes) == ["dup", "dup", "sure"]
        sent += 1
        await asyncio.sleep(chance.uniform(0, 0.02))
        for task in tasks:
            task.cancel()
        await asyncio.wait(tasks)
        assert all(task.cancelled() for task in tasks)
    for directory in directories:
        runner.send(directory, "end", b"end")
    async with asyncio.timeout(20):
        await asyncio.gather(*(follower.go_on() for follower in followers))
    for follower in followers:
        numbers = [line["n"] for line in follower.kept if "n" in line]
        assert follower.kept[-1] == {"last": len(numbers)}
        assert numbers == list(range(len(numbers)))
        assert [line["did"] for line in follower.kept if "did" in line] == [f"c{n}" for n in range(sent)]
        assert follower.end == SpoolEnd(follower.offset, 0)


async def test_a_follower_that_comes_before_the_start_sees_it(tmp_path: Path, watcher: SpoolWatcher) -> None:
    directory = tmp_path / "run"
    directory.mkdir(mode=0o700)
    (directory / "out").touch(mode=0o600)
    task = asyncio.create_task(read_all(Spool(directory, watcher)))
    await asyncio.sleep(0)
    await start(directory, "print('hello')")
    async with asyncio.timeout(20):
        lines, end = await task
    assert [line.data for line in lines] == [b"hello"]
    assert end.exit_status == 0
    assert re.fullmatch(r"\d+\n", (directory / "exit").read_text())
