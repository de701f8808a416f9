"""Record docs/screen-agents.svg: the cockpit's real screen while five real agents work, painted from its terminal.

`make picture` runs this. It is no generated page: times and order differ from run to run, so tests do not compare it.
"""

from __future__ import annotations

import asyncio
import shutil
import sys
import tempfile
from pathlib import Path

from cockpit.sessions.types import SessionStatus
from tests.e2e.agents import mixed
from tests.e2e.agents.bed import ROOT, AgentsPlace, Bed, Model, open_gate
from tests.e2e.painting import paint

FILE = ROOT / "docs/screen-agents.svg"
COLUMNS, ROWS = 132, 38


async def record(bed: Bed) -> str:
    """Let the agents work until some wait for the person and some are at it; return the screen with its colours."""
    mixed.settle(bed)
    async with mixed.at_work(bed) as workers:
        fleet = await asyncio.to_thread(mixed.screen, bed, COLUMNS, ROWS)
        first, *others = workers
        open_gate(bed.workspace(first.session), mixed.HELD)
        await bed.status(first.session, SessionStatus.READY)
        await asyncio.to_thread(fleet.session(first.title).expect, "ready")
        for worker in others:
            await asyncio.to_thread(fleet.session(worker.title).expect, "working")
        await asyncio.to_thread(fleet.session(first.title).open)
        await asyncio.to_thread(fleet.terminal.expect, "receipt", "context")
        screen = fleet.terminal.coloured()
        for worker in others:
            open_gate(bed.workspace(worker.session), mixed.HELD)
        for worker in others:
            await bed.status(worker.session, SessionStatus.READY)
    return screen


async def main() -> None:
    """Record the picture."""
    place = AgentsPlace(Path(tempfile.mkdtemp(prefix="ck-", dir="/tmp")))
    model = Model(place, mixed.rules())
    bed = Bed(place, model)
    try:
        screen = await record(bed)
    finally:
        await bed.leave()
        model.close()
        left = await asyncio.to_thread(place.close)
        shutil.rmtree(place.folder, ignore_errors=True)
    if left:
        sys.stderr.write(f"ended at the end: {len(left)} processes\n")
    FILE.write_text(paint(screen, COLUMNS, ROWS), encoding="utf-8")
    sys.stdout.write(f"{FILE.relative_to(ROOT)}: {COLUMNS}x{ROWS}\n")


if __name__ == "__main__":
    asyncio.run(main())
