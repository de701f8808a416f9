"""The journal in daily use: who may open it, what readers see, how it pushes back, how it ends."""

import asyncio
import os
import sqlite3
import stat
from pathlib import Path

import pytest

from cockpit.journal.errors import (
    JournalClosedError,
    JournalFailedError,
    JournalLockedError,
    JournalTooNewError,
    JournalUnreadableError,
    JournalUnsupportedError,
)
from cockpit.journal.repo import MAX_WAITING_BYTES, MAX_WAITING_ROWS, Journal
from cockpit.journal.repo.row import Row
from cockpit.journal.repo.store import SCHEMA_VERSION, WAL_KEPT_BYTES


def row(session: str | None = "s", body: str = "{}") -> Row:
    return Row(at=12.5, kind="said", version=1, body=body, session=session)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "state" / "journal.db"


def edit(path: Path, statement: str, *values: object) -> None:
    """Change the file behind the journal's back."""
    db = sqlite3.connect(path, isolation_level=None)
    db.execute(statement, values)
    db.close()


async def test_only_its_owner_can_read_it(path: Path) -> None:
    async with await Journal.open(path) as journal:
        await journal.append([row()])
        files = list(path.parent.iterdir())
        assert {file.name for file in files} == {"journal.db", "journal.db-wal", "journal.db-shm", "journal.db.lock"}
        assert {stat.S_IMODE(file.stat().st_mode) for file in files} == {0o600}
        assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    assert not path.with_name("journal.db-wal").exists(), "a clean end leaves one file"


async def test_a_second_writer_is_refused_until_the_first_is_gone(path: Path) -> None:
    async with await Journal.open(path):
        with pytest.raises(JournalLockedError, match=f"open for writing by process {os.getpid()}"):
            await Journal.open(path)
    async with await Journal.open(path):
        pass


async def test_a_refused_folder_stays_empty(path: Path) -> None:
    def refuse(folder: Path) -> None:
        raise JournalUnsupportedError(folder, "it is on nfs")

    with pytest.raises(JournalUnsupportedError, match=r"it is on nfs\. Nothing was recorded\. Put the state folder"):
        await Journal.open(path, refuse=refuse)
    assert list(path.parent.iterdir()) == []


async def test_a_place_that_takes_no_database_is_refused(path: Path) -> None:
    path.mkdir(parents=True)
    with pytest.raises(JournalUnsupportedError):
        await Journal.open(path)


async def test_a_newer_schema_is_refused_and_left_alone(path: Path) -> None:
    await (await Journal.open(path)).close()
    edit(path, "UPDATE meta SET schema_version = ?", SCHEMA_VERSION + 1)
    before = path.read_bytes()
    for _ in range(2):
        with pytest.raises(JournalTooNewError, match=f"schema version {SCHEMA_VERSION + 1}; this release knows"):
            await Journal.open(path)
    assert path.read_bytes() == before


async def test_a_file_that_is_no_database_is_refused_and_left_alone(path: Path) -> None:
    path.parent.mkdir()
    path.write_text("my shopping list\n" * 100)
    with pytest.raises(JournalUnreadableError, match="not a database"):
        await Journal.open(path)
    assert path.read_text().startswith("my shopping list")


async def test_a_folder_that_cannot_be_made_is_said(path: Path) -> None:
    path.parent.write_text("in the way")
    with pytest.raises(JournalUnsupportedError, match="its folder cannot be made"):
        await Journal.open(path)


async def test_a_damaged_file_is_an_error_that_frees_the_lock(path: Path) -> None:
    async with await Journal.open(path) as journal:
        await journal.append([row(body="x" * 500) for _ in range(2000)])
    content = path.read_bytes()
    for start in range(1, 40, 3):
        path.write_bytes(content[: start * 2048] + b"\x5a" * 2048 * 30 + content[(start + 30) * 2048 :])
        with pytest.raises(JournalUnreadableError, match="cannot be read"):
            async with await Journal.open(path) as journal:
                await journal.read(0, 3000)
    path.write_bytes(content)
    async with await Journal.open(path) as journal:
        assert journal.last_seq() == 2000


async def test_a_row_that_cannot_be_stored_costs_no_number(path: Path) -> None:
    async with await Journal.open(path) as journal:
        for bad in (
            Row(float("nan"), "said", 1, "{}"),
            Row(1.0, "säid", 1, "{}"),
            Row(1.0, "said", 1, "{}", "ü"),
            Row(1.0, "said", 1, "\ud800"),
        ):
            with pytest.raises(ValueError, match=r"."):
                journal.append([row(), bad])
        assert await journal.append([row()]) == range(1, 2)


async def test_a_cancelled_wait_does_not_take_the_row_back(path: Path) -> None:
    async with await Journal.open(path) as journal:
        waiting = journal.append([row(body='{"n": 1}')])
        waiting.cancel()
        assert await journal.flushed() == 1
        assert [stored.body for stored in await journal.read(0, 9)] == ['{"n": 1}']


async def test_closing_writes_what_nobody_waited_for(path: Path) -> None:
    journal = await Journal.open(path)
    for _ in range(3000):
        journal.append([row()])
    await journal.close()
    await journal.close()
    assert journal.durable_seq() == 3000
    with pytest.raises(JournalClosedError):
        journal.append([row()])
    with pytest.raises(JournalClosedError):
        await journal.read(0, 1)
    async with await Journal.open(path) as again:
        assert again.last_seq() == 3000


async def test_cancelling_an_opening_leaves_the_journal_free(path: Path) -> None:
    opening = asyncio.create_task(Journal.open(path))
    await asyncio.sleep(0)
    opening.cancel()
    with pytest.raises(asyncio.CancelledError):
        await opening
    async with asyncio.timeout(10):
        while True:
            try:
                journal = await Journal.open(path)
            except JournalLockedError:
                continue
            break
    await journal.close()


@pytest.mark.parametrize(("count", "size"), [(MAX_WAITING_ROWS, 2), (4, MAX_WAITING_BYTES // 4)])
async def test_a_flood_is_held_back_until_the_disk_has_caught_up(path: Path, count: int, size: int) -> None:
    async with await Journal.open(path) as journal:
        body = "x" * size
        await journal.room()
        for _ in range(count):
            journal.append([row(body=body)])
        waiting = journal.room()
        waiting.send(None)  # stepped by hand, since the disk may catch up in a single round of the loop
        waiting.close()
        await journal.room()
        assert journal.durable_seq() >= count // 2
        assert path.with_name("journal.db-wal").stat().st_size < 128 * 1024 * 1024


async def test_the_log_stays_short_however_much_is_written(path: Path) -> None:
    async with await Journal.open(path) as journal:
        body = "x" * 3000
        for n in range(400):
            await journal.append([row(f"s{n + i}", body) for i in range(40)])
        assert path.stat().st_size > 2 * WAL_KEPT_BYTES
        assert path.with_name("journal.db-wal").stat().st_size < WAL_KEPT_BYTES


async def test_readers_during_heavy_writing_see_no_gap_and_no_duplicate(path: Path) -> None:
    total = 20_000

    async def write(journal: Journal, session: str) -> None:
        for _ in range(total // 40):
            await journal.room()
            journal.append([row(session)] * 10)
            await asyncio.sleep(0)

    async def follow(journal: Journal, session: str | None) -> list[int]:
        seen: list[int] = []
        goal = total if session is None else total // 4
        while len(seen) < goal:
            await journal.flushed()
            seen += [stored.seq for stored in await journal.read(seen[-1] if seen else 0, 300, session=session)]
        return seen

    async with await Journal.open(path) as journal, asyncio.TaskGroup() as group:
        for name in "abcd":
            group.create_task(write(journal, name))
        everything = [group.create_task(follow(journal, None)) for _ in range(2)]
        one = group.create_task(follow(journal, "b"))
    assert [task.result() for task in everything] == [list(range(1, total + 1))] * 2
    assert len(set(one.result())) == total // 4
    assert one.result() == sorted(one.result())


async def test_other_processes_read_but_cannot_write(path: Path) -> None:
    async with await Journal.open(path) as journal:
        await journal.append([row()])
        other = sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True)
        assert other.execute("SELECT count(*) FROM events").fetchone() == (1,)
        with pytest.raises(sqlite3.OperationalError, match="readonly"):
            other.execute("DELETE FROM events")
        other.close()


async def test_pages_backwards_meet_without_gap(path: Path) -> None:
    async with await Journal.open(path) as journal:
        await journal.append([row("a" if n % 3 else "b") for n in range(2000)])
        pages: list[int] = []
        before = journal.last_seq() + 1
        while page := await journal.read_backwards("a", before, 270):
            pages = [stored.seq for stored in page] + pages
            before = page[0].seq
        assert pages == [n + 1 for n in range(2000) if n % 3]


async def test_a_damaged_snapshot_gives_way_to_the_one_before(path: Path) -> None:
    async with await Journal.open(path) as journal:
        journal.append([row()] * 30)
        with pytest.raises(ValueError, match="ahead of the journal"):
            journal.snapshot_save(31, b"")
        for seq in (10, 20, 30):
            await journal.snapshot_save(seq, b"fold" * seq)
        assert await journal.snapshot_load() == (30, b"fold" * 30)
    edit(path, "UPDATE snapshots SET body = ? WHERE seq = 30", b"fold" * 29 + b"fond")
    async with await Journal.open(path) as journal:
        assert await journal.snapshot_load() == (20, b"fold" * 20)
    edit(path, "UPDATE snapshots SET digest = x'00'")
    async with await Journal.open(path) as journal:
        assert await journal.snapshot_load() is None


async def test_a_failed_write_stops_the_journal_and_everybody_learns_of_it(path: Path) -> None:
    async with await Journal.open(path) as journal:
        await journal.append([row()])
        watching = asyncio.create_task(journal.failed())
        # A trigger stands in for the disk, which the crash tests fill for real.
        edit(
            path, "CREATE TRIGGER broken BEFORE INSERT ON events BEGIN SELECT raise(ABORT, 'the disk is on fire'); END"
        )
        ignored = journal.append([row()])
        with pytest.raises(JournalFailedError, match=r"the disk is on fire.*up to event 1, is on disk"):
            await journal.append([row()])
        assert await watching is journal.failure
        with pytest.raises(JournalFailedError):
            journal.append([row()])
        with pytest.raises(JournalFailedError):
            await journal.room()
        with pytest.raises(JournalFailedError):
            await journal.flushed()
        assert [stored.seq for stored in await journal.read(0, 9)] == [1], "what is on disk can still be read"
        del ignored
    edit(path, "DROP TRIGGER broken")
    async with await Journal.open(path) as journal:
        assert await journal.append([row()]) == range(2, 3)


async def test_a_loop_that_never_rests_does_not_starve_the_disk(path: Path) -> None:
    """Held up by counting rounds of a saturated loop, not by the clock."""
    async with await Journal.open(path) as journal:
        rounds = 0
        appended = journal.append([row()] * 3000)
        while not appended.done():
            sum(range(2000))
            rounds += 1
            await asyncio.sleep(0)
        reading = asyncio.create_task(journal.read(0, 3000))
        while not reading.done():
            sum(range(2000))
            rounds += 1
            await asyncio.sleep(0)
        assert len(reading.result()) == 3000
        assert rounds < 100_000
