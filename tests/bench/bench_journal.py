"""How fast the journal is: run as `python -m tests.bench.bench_journal [--quick]`. Prints figures, judges none.

Steady: 200 producers of 50 events/s each, every one waiting for its acknowledgement. Flat out: the same producers
without a pause. Lone: one producer waiting each time. Then a journal of 1,000,000 events: size, opening, attaching.
"""

import asyncio
import os
import sqlite3
import statistics
import sys
import tempfile
import time
from itertools import pairwise
from pathlib import Path

from cockpit.journal.repo import Journal
from cockpit.journal.repo.row import Row

PRODUCERS = 200
RATE_PER_S = 50
BODY = '{"text":"' + "x" * 220 + '"}'


def event(producer: int) -> Row:
    return Row(time.time(), "said", 1, BODY, f"session-{producer}")


async def produce(journal: Journal, producer: int, count: int, pause_s: float, acks_ms: list[float]) -> None:
    """Append one event at a time; with a pause, keep to the beat whatever an acknowledgement takes."""
    loop = asyncio.get_running_loop()
    beat = loop.time() + pause_s * producer / PRODUCERS
    for _ in range(count):
        if pause_s:
            await asyncio.sleep(max(0.0, beat - loop.time()))
            beat += pause_s
        start = time.perf_counter()
        await journal.append([event(producer)])
        acks_ms.append((time.perf_counter() - start) * 1e3)


async def load(journal: Journal, name: str, producers: int, count: int, pause_s: float) -> float:
    """Run one load, print its line, and return its median acknowledgement in ms."""
    acks_ms: list[float] = []
    start, cpu = time.perf_counter(), time.process_time()
    async with asyncio.TaskGroup() as group:
        for producer in range(producers):
            group.create_task(produce(journal, producer, count, pause_s, acks_ms))
    took_s, cpu_s = time.perf_counter() - start, time.process_time() - cpu
    acks_ms.sort()
    total = len(acks_ms)
    p50, p99 = statistics.median(acks_ms), acks_ms[int(total * 0.99)]
    print(
        f"{name:<10} {total / took_s:>9,.0f} events/s   ack p50 {p50:6.2f} ms  p99 {p99:6.2f} ms"
        f"   {cpu_s / total * 1e6:5.1f} us CPU per event"
    )
    return p50


async def rates(folder: Path, seconds: float) -> None:
    async with await Journal.open(folder / "rates.db") as journal:
        steady = await load(journal, "steady", PRODUCERS, int(RATE_PER_S * seconds), 1 / RATE_PER_S)
        await load(journal, "flat out", PRODUCERS, int(200 * seconds), 0.0)
        lone = await load(journal, "lone", 1, int(500 * seconds), 0.0)
    print(f"an acknowledgement under load takes {steady / lone:.1f} x a lone one")


async def fill(path: Path, total: int) -> None:
    async with await Journal.open(path) as journal:
        start = time.perf_counter()
        for first in range(0, total, 100):
            await journal.room()
            journal.append([event((first + n) % PRODUCERS) for n in range(100)])
        snapshot_seq = total - 10_000
        await journal.snapshot_save(snapshot_seq, os.urandom(500_000))
        print(f"{total:,} events written in {time.perf_counter() - start:.1f} s")
    print(f"file {path.stat().st_size / total:.0f} bytes per event, {path.stat().st_size / 1e6:.0f} MB")


async def attach(path: Path, repeats: int) -> None:
    """Print medians of what an attach consists of, against reading everything from the start."""
    timings_ms: list[list[float]] = []
    for _ in range(repeats):
        marks = [time.perf_counter()]
        async with await Journal.open(path) as journal:
            marks.append(time.perf_counter())
            snapshot = await journal.snapshot_load()
            marks.append(time.perf_counter())
            rows = await journal.read(snapshot[0] if snapshot else 0, 10**9)
            marks.append(time.perf_counter())
            await journal.tail("session-7", 200)
            marks.append(time.perf_counter())
        timings_ms.append([(after - before) * 1e3 for before, after in pairwise(marks)])
    opened, loaded, tailed, session = (statistics.median(series) for series in zip(*timings_ms, strict=True))
    print(
        f"open {opened:.1f} ms, snapshot (500 kB) {loaded:.1f} ms, {len(rows):,} events after it {tailed:.1f} ms,"
        f" last 200 of one session {session:.2f} ms"
    )
    async with await Journal.open(path) as journal:
        start = time.perf_counter()
        await journal.read(0, 100_000)
        scan_ms = (time.perf_counter() - start) * 1e3 * journal.last_seq() / 100_000
    print(f"snapshot and tail take 1/{scan_ms / (loaded + tailed):.0f} of reading all (about {scan_ms / 1e3:.1f} s)")


async def measure(quick: bool) -> None:
    print(f"SQLite {sqlite3.sqlite_version}, {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}")
    with tempfile.TemporaryDirectory() as folder:
        await rates(Path(folder), 0.6 if quick else 6.0)
        path = Path(folder) / "million.db"
        await fill(path, 100_000 if quick else 1_000_000)
        await attach(path, 3 if quick else 7)


def main(quick: bool) -> None:
    """Measure; `quick` is a tenth of the load."""
    asyncio.run(measure(quick))


if __name__ == "__main__":
    main("--quick" in sys.argv)
