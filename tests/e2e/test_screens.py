"""Every screen at two sizes: whole, with a footer, and with keys that do what the footer says."""

from __future__ import annotations

import re

import pytest

from tests.e2e import shop
from tests.e2e.fleet import Fleet
from tests.e2e.model import done, rule, say, writes
from tests.e2e.place import Place
from tests.e2e.terminal import Terminal

RULES = [
    rule("fix", say("Better.", writes("a.txt", "tea\n")), done("Better now."), task="screens", latest="Checks, round"),
    rule("any", say("I begin. " * 30, writes("a.txt", "tea FIXME\n")), done("Begun."), task="screens"),
]


def sound(terminal: Terminal, columns: int, rows: int, *texts: str) -> None:
    """Wait for texts on a screen that fits the terminal and ends with keys."""

    def holds(screen: str) -> bool:
        lines = screen.split("\n")[:rows]
        fits = len(lines) == rows and all(len(line) <= columns for line in lines)
        return fits and all(text in screen for text in texts)

    terminal.until(holds, f"{texts} on a screen of {columns}x{rows}")


@pytest.mark.parametrize(("columns", "rows"), [(80, 24), (160, 48)])
def test_every_screen_is_whole_and_its_keys_work(place: Place, columns: int, rows: int) -> None:
    place.commit({"cockpit.toml": shop.settings(place.script(RULES), shop.marker_check())})
    terminal = place.terminal(columns, rows)
    fleet = Fleet.attach(terminal)
    fleet.dispatch("Try all screens")
    fleet.session("Try all screens").expect("ready", within_s=30).open()

    def see(*texts: str) -> None:
        sound(terminal, columns, rows, *texts)

    see("a approve", "? help", "new task")
    for tab, text in (("Transcript", "Better."), ("Diff", "a.txt"), ("Checks", "marker"), ("Timeline", "ready")):
        terminal.press("]")
        see(tab, text, "? help")
    terminal.press("d")
    see("a.txt", "+1 -0")
    terminal.press("z")
    terminal.expect_gone("Needs you")
    see("a.txt")
    terminal.press("escape")
    see("Needs you", "a approve")
    terminal.press("W")
    see("Try all screens", "esc")
    terminal.press("escape")
    see("Needs you", "a approve")
    terminal.press("space")
    see("Try all screens", "esc")
    terminal.press("escape")
    terminal.press("?")
    see("Everywhere", "Find any command", "[ui.keys]")
    terminal.press("escape")
    see("a approve")
    terminal.press("ctrl+p")
    terminal.type("wall")
    see("wall")
    terminal.press("escape")
    see("a approve")
    terminal.press("r")
    see("Redirect session 1", "enter send", "esc close")
    terminal.type("half a thought").press("escape")
    terminal.press("r")
    see("half a thought")
    terminal.press("escape")
    terminal.press("D")
    see("Reject session 1", "enter send")
    terminal.press("escape")
    terminal.press("/")
    terminal.type("nothing like it")
    see("Nothing matches")
    terminal.press("escape")
    see("a approve")
    assert re.search(r"q detach", terminal.screen()) or columns < 100
    fleet.detach()
