"""Record docs/screen-agents.svg: the cockpit's real screen while five real agents work, painted from its terminal.

`make picture` runs this. It is no generated page: times and order differ from run to run, so tests do not compare it.
"""

from __future__ import annotations

import asyncio
import io
import re
import shutil
import sys
import tempfile
from pathlib import Path

from rich.console import Console
from rich.terminal_theme import TerminalTheme
from rich.text import Text

from cockpit.sessions.types import SessionStatus
from tests.e2e.agents import mixed
from tests.e2e.agents.bed import ROOT, AgentsPlace, Bed, Model, open_gate

FILE = ROOT / "docs/screen-agents.svg"
COLUMNS, ROWS = 132, 38
_REMOTE_FONT = re.compile(r"@font-face \{.*?\}\s*", re.DOTALL)
_THEME = TerminalTheme((18, 18, 18), (224, 224, 224), [(0, 0, 0)] * 8, [(255, 255, 255)] * 8)
"""For what the screen leaves to the terminal; all else has its own colour."""


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


def paint(screen: str) -> str:
    """Return a terminal's content as SVG."""
    console = Console(
        record=True, width=COLUMNS, height=ROWS, file=io.StringIO(), force_terminal=True, color_system="truecolor"
    )
    for line in screen.split("\n")[:ROWS]:
        console.print(Text.from_ansi(line), no_wrap=True, overflow="crop", end="\n")
    svg = console.export_svg(title="cockpit", theme=_THEME, unique_id="cockpit")
    return _REMOTE_FONT.sub("", svg)


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
    FILE.write_text(paint(screen), encoding="utf-8")
    sys.stdout.write(f"{FILE.relative_to(ROOT)}: {COLUMNS}x{ROWS}\n")


if __name__ == "__main__":
    asyncio.run(main())
