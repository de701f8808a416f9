"""Clothes that all screens of a host share: parsed once, and still each theme its own."""

from __future__ import annotations

from pathlib import Path

from textual.color import Color

from cockpit.screens.stylesheet import SharedStylesheet
from tests.screens import samples
from tests.screens.pages import screen

_CSS = "Screen { background: $paper; }"


def _with(paper: str) -> SharedStylesheet:
    sheet = SharedStylesheet(variables={"paper": paper})
    sheet.add_source(_CSS, read_from=("screens.py", "Screen.CSS"))
    return sheet


def test_rules_are_shared_by_those_that_have_the_same_colours() -> None:
    one, other, third = _with("#101112"), _with("#101112"), _with("#202122")
    assert one.rules[0] is other.rules[0]
    assert one.rules[0] is not third.rules[0]
    other.set_variables({"paper": "#202122"})
    other.reparse()
    assert other.rules[0] is third.rules[0]
    assert one.rules[0].styles.background == Color.parse("#101112")


async def test_a_theme_chosen_while_the_screen_is_up_dresses_everything_anew(tmp_path: Path) -> None:
    async with screen(tmp_path, before=samples.fleet) as fleet:
        fleet.app.theme = "cockpit-light"
        paper = Color.parse(fleet.app.current_theme.background or "")
        await fleet.until(lambda: fleet.app.fleet.list.styles.background == paper)
        assert fleet.app.fleet.detail.pane.styles.background == paper


async def test_a_pane_is_made_when_it_is_first_seen_and_then_kept(tmp_path: Path) -> None:
    async with screen(tmp_path, before=samples.fleet) as fleet:
        detail = fleet.app.fleet.detail
        await fleet.row("fix login")
        assert len(detail.query(".pane")) == 1
        await fleet.app.fleet.action_tab("Diff")
        diff = detail.pane
        assert diff.is_mounted and diff.display
        await fleet.app.fleet.action_tab("Overview")
        await fleet.app.fleet.action_tab("Diff")
        assert detail.pane is diff
        assert len(detail.query(".pane")) == 2
