"""The panes where they live: keys that belong to what has the focus, in the fleet over a real socket."""

from __future__ import annotations

from pathlib import Path

import pytest
from textual.strip import Strip

from cockpit.journal import types as ev
from cockpit.sessions.types import SessionStatus
from tests.screens import samples
from tests.screens.pages import screen
from tests.screens.supervisor import FakeSupervisor
from widgets.overview import Overview
from widgets.transcript import TranscriptPane
from widgets.viewpane import ViewPane


async def test_slash_and_n_belong_to_the_pane_that_has_the_focus(tmp_path: Path) -> None:
    async with screen(tmp_path, before=samples.fleet) as fleet:
        detail = fleet.app.fleet.detail
        await fleet.app.fleet.action_tab("Transcript")
        await fleet.row("fix login")
        pane = detail.pane
        assert isinstance(pane, TranscriptPane)
        await fleet.until(lambda: len(pane.view.lines) > 3)
        pane.focus()
        await fleet.press("slash")
        assert pane.prompt.has_focus
        await fleet.write("login")
        await fleet.press("enter")
        assert pane.view.has_focus
        await fleet.press("n")
        assert pane.view.has_focus  # a step through the matches
        await fleet.press("slash", "escape")
        await fleet.press("n")
        assert fleet.app.fleet.box.has_focus  # no search: a new task


async def test_every_tab_takes_the_focus_and_gives_it_back(tmp_path: Path) -> None:
    async with screen(tmp_path, before=samples.fleet) as fleet:
        detail = fleet.app.fleet.detail
        detail.pane.focus()
        for name in ("Transcript", "Diff", "Checks", "Timeline"):
            await fleet.press("right_square_bracket")
            assert detail.tab == name
            pane = detail.pane
            assert isinstance(pane, ViewPane) and pane.view.has_focus
        await fleet.press("h")
        assert fleet.app.fleet.list.has_focus


async def test_the_overview_draws_only_the_lines_that_differ(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def two_alike(supervisor: FakeSupervisor) -> None:
        samples.started(supervisor)
        for name in ("amber one", "amber two"):
            samples.created(supervisor, name, status=SessionStatus.WORKING)

    async with screen(tmp_path, before=two_alike) as fleet:
        await fleet.row("amber one")
        overview = fleet.app.fleet.detail.pane
        assert isinstance(overview, Overview)
        drawn: list[int] = []
        render_line = Overview.render_line

        def counted(self: Overview, y: int) -> Strip:
            drawn.append(y)
            return render_line(self, y)

        monkeypatch.setattr(Overview, "render_line", counted)
        await fleet.row("amber two")
        await fleet.until(lambda: "amber two" in fleet.text(overview))
        assert set(drawn) == {1}  # what was asked
        fleet.supervisor.happen("amber-two", ev.StatusChanged(status=SessionStatus.CHECKING))
        await fleet.settle()
        await fleet.until(lambda: "checking" in fleet.text(overview))
