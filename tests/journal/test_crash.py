"""What the journal keeps when its process is killed, its log is torn, or its disk is full."""

import asyncio
import random
import shutil
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from cockpit.journal.repo import Journal
from cockpit.journal.repo.row import Row
from tests.journal.appender import is_whole

ROOT = Path(__file__).parents[2]


def start_appender(path: Path, *more: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "tests.journal.appender", str(path), *more],
        stdout=subprocess.PIPE,
        text=True,
        cwd=ROOT,
    )


def kill_after(path: Path, lines: int) -> int:
    """Kill an appender without warning after so many lines of output; return the last acknowledged number."""
    with start_appender(path) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "open\n"
        for _ in range(lines):
            process.stdout.readline()
        process.kill()
        printed = process.stdout.read()
    whole = [line for line in printed.splitlines(keepends=True) if line.endswith("\n")]
    return int(whole[-1]) if whole else 0


async def all_rows(journal: Journal) -> list[Row]:
    return await journal.read(0, 10**9)


async def assert_consistent(path: Path) -> int:
    """Open the journal and hold it against what an appender does; return how many rows it has."""
    async with await Journal.open(path) as journal:
        rows = await all_rows(journal)
        offsets = await journal.spool_offsets()
        assert [row.seq for row in rows] == list(range(1, len(rows) + 1))
        assert journal.last_seq() == journal.durable_seq() == len(rows)
    assert all(is_whole(row.body) for row in rows)
    assert offsets == {name: count * 10 for name, count in Counter(row.session for row in rows).items()}
    return len(rows)


async def test_killed_at_any_moment_nothing_acknowledged_is_lost(tmp_path: Path) -> None:
    path = tmp_path / "journal.db"
    chance = random.Random(2)
    for _ in range(7):
        acknowledged = await asyncio.to_thread(kill_after, path, chance.randrange(0, 120))
        assert await assert_consistent(path) >= acknowledged


def torn(wal: bytes, how: int, chance: random.Random) -> bytes:
    cut = chance.randrange(len(wal))
    match how % 3:
        case 0:
            return wal[:cut]
        case 1:
            return wal[:cut] + chance.randbytes(min(4096, len(wal) - cut))
        case _:
            return wal[:cut] + bytes([wal[cut] ^ 0x5A]) + wal[cut + 1 :]


async def test_a_torn_or_garbled_log_opens_with_a_clean_prefix(tmp_path: Path) -> None:
    original = tmp_path / "original" / "journal.db"
    await asyncio.to_thread(kill_after, original, 150)
    wal = original.with_name("journal.db-wal").read_bytes()
    assert len(wal) > 100_000
    chance = random.Random(7)
    counts = set()
    for how in range(42):
        copy = tmp_path / f"copy{how}" / "journal.db"
        copy.parent.mkdir()
        shutil.copyfile(original, copy)
        copy.with_name("journal.db-wal").write_bytes(torn(wal, how, chance))
        counts.add(await assert_consistent(copy))
    whole = await assert_consistent(original)
    assert max(counts) <= whole
    assert len(counts) > 10, "the copies were torn at different places"


async def test_a_full_disk_is_said_and_the_journal_opens_again(tmp_path: Path) -> None:
    path = tmp_path / "journal.db"
    process = start_appender(path, str(600_000))
    printed, _ = await asyncio.to_thread(process.communicate)
    *_, acknowledged, said = printed.splitlines()
    assert process.returncode == 3
    assert said.startswith("failed The journal ")
    assert "could not write" in said
    assert f"up to event {acknowledged}, is on disk" in said
    assert await assert_consistent(path) >= int(acknowledged) > 100
    async with await Journal.open(path) as journal:
        assert list(await journal.append([Row(1.0, "said", 1, "{}")])) == [journal.last_seq()]


@pytest.mark.parametrize("limit_bytes", [4_096, 40_000])
async def test_a_disk_too_full_to_open_is_an_error_that_reads_well(tmp_path: Path, limit_bytes: int) -> None:
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.journal.appender", str(tmp_path / "journal.db"), str(limit_bytes)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=ROOT,
    )
    printed, complained = await asyncio.to_thread(process.communicate)
    assert process.returncode in (1, 3)
    assert "The journal" in printed + complained
    assert await assert_consistent(tmp_path / "journal.db") >= 0
