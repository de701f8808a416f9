"""The journal and the state that is its fold."""

from __future__ import annotations

from pathlib import Path

from cockpit.journal.repo import Journal
from cockpit.journal.types import Noted
from cockpit.providers.clock import SystemClock
from cockpit.supervisor.record import SNAPSHOT_EVERY, Record


async def test_what_a_start_folds_is_bounded_however_short_the_lives_before_were(tmp_path: Path) -> None:
    path = tmp_path / "journal.sqlite3"
    lives, events = 5, SNAPSHOT_EVERY // 3
    for _ in range(lives):
        async with await Journal.open(path) as journal:
            record = await Record.resume(journal, SystemClock(), str)
            for _ in range(events // 10):
                await record.add(None, *[Noted(text="x")] * 10)
    async with await Journal.open(path) as journal:
        saved = await journal.snapshot_load()
        assert saved is not None
        assert journal.last_seq() - saved[0] <= SNAPSHOT_EVERY + events
        record = await Record.resume(journal, SystemClock(), str)
        assert record.state.seq == journal.last_seq()
