"""Page objects: what a person sees and does on the screen, in the words of a story."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Mapping
from pathlib import Path
from typing import Any

from textual import events
from textual.pilot import Pilot
from textual.screen import Screen
from textual.widget import Widget

from cockpit.providers.paths import Paths
from cockpit.screens.app import CockpitApp
from cockpit.screens.store import LinkStatus
from cockpit.screens.wire import WIRE_VERSION, Hello
from tests.screens.supervisor import FakeSupervisor, fake_supervisor
from widgets.attention import AttentionRow
from widgets.sessions import SessionRow


class FleetPage:
    """The screen of one person, with the supervisor behind it."""

    def __init__(self, app: CockpitApp, pilot: Pilot[None], supervisor: FakeSupervisor, paths: Paths) -> None:
        self.app, self.pilot, self.supervisor, self.paths = app, pilot, supervisor, paths

    async def press(self, *keys: str) -> None:
        """Press keys, one after the other."""
        await self.pilot.press(*keys)

    async def write(self, text: str) -> None:
        """Put words into what has focus, as a terminal that pastes does."""
        self.app.post_message(events.Paste(text))
        await self.pilot.pause()

    async def settle(self) -> None:
        """Let what came from the supervisor be drawn."""
        await self.until(lambda: self.app.store.state.seq == self.supervisor.state.seq)
        self.app.fleet.flush()
        await self.pilot.pause()

    async def until(self, condition: Callable[[], bool]) -> None:
        """Wait until something is so."""
        async with asyncio.timeout(10):
            while not condition():
                await self.pilot.pause(0.01)

    async def row(self, name: str) -> FleetPage:
        """Put the cursor on the row of a session."""
        fleet = self.app.fleet
        rows = [row for row in fleet.list._rows if isinstance(row, AttentionRow | SessionRow)]
        row = next((row for row in rows if name in row.session.name), None)
        assert row is not None, f"no row says {name!r}: {self.text(fleet.list)}"
        assert fleet.list.select(row.id)
        item = row.item if isinstance(row, AttentionRow) else None
        await self.until(lambda: fleet.card.item == item and fleet.detail.subject == row.session.id)
        await self.settle()
        return self

    def text(self, widget: Widget | None = None) -> str:
        """Return what a widget, or else the whole screen, shows."""
        region = widget.region if widget is not None else self.app.screen.region
        strips = self.app.screen._compositor.render_strips()
        lines = []
        for y in range(region.y, region.bottom):
            line = strips[y].crop(region.x, region.right)
            lines.append("".join(segment.text for segment in line).rstrip())
        return "\n".join(lines)

    def is_on(self, screen: type[Screen[Any]]) -> bool:
        """Return whether the top screen is of this kind."""
        return isinstance(self.app.screen, screen)

    def toasts(self) -> str:
        """Return what notifications say."""
        return "\n".join(f"{n.title} {n.message}" for n in self.app._notifications)


@contextlib.asynccontextmanager
async def screen(
    tmp_path: Path,
    *,
    size: tuple[int, int] = (120, 40),
    before: Callable[[FakeSupervisor], None] | None = None,
    files: Mapping[str, str] | None = None,
) -> AsyncIterator[FleetPage]:
    """Attach a screen to a supervisor that has this story behind it.

    Args:
        tmp_path: everything is kept below it; short, because a socket is.
        size: columns and rows.
        before: what happened before the screen attached.
        files: of the repository, by name.
    """
    repo = tmp_path / "payments"
    repo.mkdir()
    for name, content in (files or {}).items():
        (repo / name).write_text(content)
    paths = Paths.for_repo(repo, {"COCKPIT_HOME": str(tmp_path / "home")})
    paths.ensure()
    async with fake_supervisor(paths.supervisor_socket) as supervisor:
        if before is not None:
            before(supervisor)
        hello = Hello(version=WIRE_VERSION, repo=str(repo), columns=size[0], rows=size[1], user="ada")
        app = CockpitApp(hello, paths)
        async with app.run_test(size=size) as pilot:
            page = FleetPage(app, pilot, supervisor, paths)
            await page.until(lambda: app.store.link is LinkStatus.LIVE)
            await page.settle()
            yield page
