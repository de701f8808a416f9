"""The pictures of the fleet screen: the real app, over a real socket, on recorded events; nothing in it is painted by hand."""

from __future__ import annotations

import asyncio
import os
import re
import tempfile
from collections.abc import Callable
from pathlib import Path
from unittest.mock import patch

from textual.pilot import Pilot

from cockpit.providers.paths import Paths
from cockpit.screens.app import CockpitApp
from cockpit.screens.wire import WIRE_VERSION, Hello
from tests.screens import samples
from tests.screens.supervisor import START, FakeSupervisor, fake_supervisor

SIZE = (132, 38)
_TAKEN_AT = START + 400.0
_WITHIN_S = 20.0
_FRAME_S = 0.1
_SAME_FRAMES = 5
_REMOTE_FONT = re.compile(r"@font-face \{.*?\}\s*", re.DOTALL)


def fleet() -> str:
    """Return the fleet screen as SVG; the same at every time and place."""
    return asyncio.run(_drawn(samples.fleet))


def approvals() -> str:
    """Return the fleet screen with one card for what three agents ask alike."""
    return asyncio.run(_drawn(samples.approvals))


async def _drawn(story: Callable[[FakeSupervisor], None]) -> str:
    hello = Hello(
        version=WIRE_VERSION,
        repo="/src/payments",
        term="xterm-256color",
        columns=SIZE[0],
        rows=SIZE[1],
        user="you",
    )
    with (
        tempfile.TemporaryDirectory() as folder,
        patch.dict(os.environ, {"COCKPIT_HOME": folder, "COLORTERM": "truecolor"}),
    ):
        os.environ.pop("NO_COLOR", None)
        paths = Paths.for_repo(Path(hello.repo))
        paths.ensure()
        with patch("time.time", return_value=_TAKEN_AT):
            async with fake_supervisor(paths.supervisor_socket) as supervisor:
                story(supervisor)
                app = CockpitApp(hello, paths)
                async with app.run_test(size=SIZE) as pilot:
                    await _settle(app, pilot, supervisor.state.seq)
                    return _REMOTE_FONT.sub("", app.export_screenshot(title="cockpit"))


async def _settle(app: CockpitApp, pilot: Pilot[None], seq: int) -> None:
    """Wait until the app has heard everything and what it shows stays the same for a while."""
    same = 0
    before = ""
    async with asyncio.timeout(_WITHIN_S):
        while app.store.state.seq != seq or same < _SAME_FRAMES:
            app.fleet.flush()
            await pilot.pause(_FRAME_S)
            now = app.export_screenshot()
            same = same + 1 if now == before else 0
            before = now
