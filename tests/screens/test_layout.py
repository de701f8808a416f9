"""The screen at many sizes: what must be there is there, and every line is as wide as it may be."""

from __future__ import annotations

from pathlib import Path

import pytest

from cockpit.screens.dialogs import AskDialog
from cockpit.screens.peek import PeekScreen
from cockpit.screens.wall import WallScreen
from tests.screens import samples
from tests.screens.pages import screen
from widgets.wall import Wall


async def test_at_80x24_everything_needed_is_in_sight(tmp_path: Path) -> None:
    async with screen(tmp_path, size=(80, 24), before=samples.fleet) as fleet:
        text = fleet.text()
        for part in ("Needs you 3", "pip install", "a once", "D deny", "new task", "? help", "[scripted model]"):
            assert part in text
        assert fleet.app.fleet.list.region.right <= fleet.app.fleet.detail.region.x
        assert fleet.app.fleet.list.region.height >= 18


async def test_narrow_screens_stack(tmp_path: Path) -> None:
    async with screen(tmp_path, size=(60, 20), before=samples.fleet) as fleet:
        assert fleet.app.fleet.list.region.width == 60
        assert fleet.app.fleet.card.region.y > fleet.app.fleet.list.region.bottom - 1
        text = fleet.text()
        assert "pip install --upgrade httpx==0.28.1" in text
        assert "a once" in text


async def test_wide_screens_show_more_columns(tmp_path: Path) -> None:
    async with screen(tmp_path, size=(200, 60), before=samples.fleet) as fleet:
        row = next(line for line in fleet.text(fleet.app.fleet.list).splitlines() if "typed settings" in line)
        for part in ("run: edit src/payments", "$0.21", "+120", "-6", "✓✗✓", "r2"):
            assert part in row


@pytest.mark.parametrize("size", [(39, 24), (80, 9)])
async def test_a_screen_too_small_says_so(tmp_path: Path, size: tuple[int, int]) -> None:
    async with screen(tmp_path, size=size, before=samples.fleet) as fleet:
        assert f"{size[0]}x{size[1]} is too small" in fleet.text()


async def test_a_resize_is_followed(tmp_path: Path) -> None:
    async with screen(tmp_path, size=(120, 40), before=samples.fleet) as fleet:
        await fleet.pilot.resize_terminal(60, 20)
        await fleet.until(lambda: fleet.app.fleet.list.region.width == 60)
        await fleet.pilot.resize_terminal(30, 8)
        await fleet.until(lambda: "too small" in fleet.text())
        await fleet.pilot.resize_terminal(120, 40)
        await fleet.until(lambda: "Needs you" in fleet.text())


async def test_dialogs_fit_80x24(tmp_path: Path) -> None:
    async with screen(tmp_path, size=(80, 24), before=samples.fleet) as fleet:
        await fleet.press("r")
        await fleet.until(lambda: fleet.is_on(AskDialog) and "after the turn" in fleet.text())
        assert "Redirect session 1" in fleet.text()
        await fleet.press("escape", "space")
        await fleet.until(lambda: fleet.is_on(PeekScreen) and "42 passed" in fleet.text())
        assert "enter send" in fleet.text()


@pytest.mark.parametrize(("columns", "tiles"), [(40, 1), (80, 2), (160, 4)])
async def test_the_wall_has_as_many_columns_as_fit(tmp_path: Path, columns: int, tiles: int) -> None:
    async with screen(tmp_path, size=(columns, 30), before=samples.fleet) as fleet:
        await fleet.press("W")
        await fleet.until(lambda: fleet.is_on(WallScreen) and fleet.app.screen.query_one(Wall).size.width > 0)
        assert fleet.app.screen.query_one(Wall).columns == tiles


async def test_a_long_question_can_be_read_to_its_end_and_its_keys_stay(tmp_path: Path) -> None:
    async with screen(tmp_path, size=(80, 24), before=samples.started) as fleet:
        session = samples.working(fleet.supervisor, "careful", "ask")
        samples.asks(fleet.supervisor, session, "echo " + " ".join(f"word{n}" for n in range(150)) + " END")
        await fleet.settle()
        await fleet.row("careful")
        await fleet.until(lambda: "more lines" in fleet.text(fleet.app.fleet.card))
        card = fleet.text(fleet.app.fleet.card)
        assert "END" not in card
        assert "a once" in card
        for _ in range(20):
            await fleet.press("J")
        card = fleet.text(fleet.app.fleet.card)
        assert "END" in card
        assert "a once" in card
