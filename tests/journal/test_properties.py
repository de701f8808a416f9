"""Whatever is appended, in whatever rhythm: order, contiguity, spool offsets, snapshot and tail hold."""

import asyncio
import json
import tempfile
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from cockpit.journal.repo import Journal
from cockpit.journal.repo.row import Row

sessions = st.sampled_from([None, "fix-login", "docs", "speed"])
kinds = st.sampled_from(["said", "checked", "decided"])
rows = st.builds(
    Row,
    at=st.integers(0, 4 * 10**15).map(lambda us: us / 1e6),
    kind=kinds,
    version=st.integers(1, 9),
    body=st.text(max_size=60).map(json.dumps) | st.text(st.characters(codec="utf-8"), max_size=60),
    session=sessions,
)
steps = st.lists(
    st.one_of(
        st.tuples(st.just("append"), st.lists(rows, max_size=400), st.booleans()),
        st.tuples(st.just("append"), st.lists(rows, max_size=3), st.booleans()),
        st.tuples(st.just("snapshot"), st.just([]), st.booleans()),
        st.tuples(st.just("reopen"), st.just([]), st.just(True)),
    ),
    max_size=12,
)


def numbered(appended: list[Row]) -> list[Row]:
    return [Row(row.at, row.kind, row.version, row.body, row.session, seq) for seq, row in enumerate(appended, start=1)]


async def play(path: Path, program: list[tuple[str, list[Row], bool]]) -> tuple[list[Row], int | None]:
    """Do the steps; return what the journal must hold, and where its newest snapshot must be."""
    appended: list[Row] = []
    snapshot_seq: int | None = None
    journal = await Journal.open(path)
    for what, some, wait in program:
        match what:
            case "append":
                first = len(appended) + 1
                done = journal.append(some, spool=("docs", len(appended) + len(some)))
                appended += some
                assert journal.last_seq() == len(appended)
                if wait:
                    assert await done == range(first, first + len(some))
                    assert journal.durable_seq() == len(appended)
            case "snapshot":
                snapshot_seq = len(appended)
                kept = journal.snapshot_save(snapshot_seq, f"fold of {snapshot_seq}".encode())
                if wait:
                    await kept
            case _:
                await journal.close()
                journal = await Journal.open(path)
                assert journal.last_seq() == len(appended)
    await journal.close()
    return numbered(appended), snapshot_seq


async def check(path: Path, program: list[tuple[str, list[Row], bool]]) -> None:
    expected, snapshot_seq = await play(path, program)
    async with await Journal.open(path) as journal:
        assert await journal.read(0, 10**9) == expected
        assert await journal.tail(None, 7) == expected[-7:]
        for session in ("fix-login", "docs"):
            of_session = [row for row in expected if row.session == session]
            assert await journal.read(0, 10**9, session=session) == of_session
            assert await journal.tail(session, 300) == of_session[-300:]
        decided = [row for row in expected if row.kind in ("decided", "said")]
        assert await journal.read(0, 280, kinds=["decided", "said"]) == decided[:280]
        if any(what == "append" for what, _, _ in program):
            assert await journal.spool_offsets() == {"docs": len(expected)}
        loaded = await journal.snapshot_load()
        if snapshot_seq is None:
            assert loaded is None
        else:
            assert loaded == (snapshot_seq, f"fold of {snapshot_seq}".encode())
            assert expected[:snapshot_seq] + await journal.read(snapshot_seq, 10**9) == expected


@given(program=steps)
@settings(max_examples=25, deadline=None)
def test_what_is_appended_is_what_is_read(program: list[tuple[str, list[Row], bool]]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        asyncio.run(check(Path(folder) / "journal.db", program))
