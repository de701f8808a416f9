"""Terminals come and go, in all sizes; agents go on, and every terminal is left as it was found."""

from __future__ import annotations

import re

from tests.e2e import shop
from tests.e2e.fleet import DETACHED, Fleet
from tests.e2e.gate import Gate
from tests.e2e.model import done, rule, run, say, writes
from tests.e2e.place import Place
from tests.e2e.terminal import Terminal

TASKS = "tasks:\n  - {title: Sweep the floor, prompt: Sweep.}\n  - {title: Wash the windows, prompt: Wash.}\n"


def begun(place: Place, gate: Gate) -> None:
    rules = [
        rule(
            name,
            say("I begin.", run(f"for n in 1 2 3; do echo sweeping part $n; done; {gate.wait(name)}")),
            say("Nearly there.", writes(f"{name}.txt", "clean\n")),
            done(f"{name}: all clean."),
            task=name.capitalize(),
        )
        for name in ("sweep", "wash")
    ]
    toml = shop.settings(place.script(rules), shop.marker_check(), agent="network = true")
    place.commit({"cockpit.toml": toml})
    assert place.cockpit("run", "-", stdin=TASKS).returncode == 0


def whole(terminal: Terminal, columns: int, rows: int) -> None:
    """Wait until the screen is drawn for this size: everything in its place, nothing cut or left over."""

    def holds(screen: str) -> bool:
        lines = screen.split("\n")[:rows]
        return (
            len(lines) == rows
            and lines[0].startswith(" shop → main")
            and "new task" in lines[rows - 3]
            and "help" in lines[rows - 1]
            and sum("shop → main" in line for line in lines) == 1
            and all(len(line) <= columns for line in lines)
            and all(re.search(rf"\d . {name}", screen) for name in ("Sweep the floor", "Wash the windows"))
        )

    terminal.until(holds, f"a whole screen of {columns}x{rows}")


def test_agents_go_on_while_terminals_come_go_and_change_their_size(place: Place, gate: Gate) -> None:
    begun(place, gate)
    first, second = place.terminal(), place.terminal(100, 30)
    settings, modes = first.settings(), first.modes()
    one, two = Fleet.attach(first), Fleet.attach(second, "cockpit attach")
    gate.expect("sweep")
    gate.expect("wash")

    for columns, rows in ((80, 24), (60, 20), (160, 48)):
        first.resize(columns, rows)
        whole(first, columns, rows)
    assert first.modes() != modes

    one.detach()
    assert first.settings() == settings
    assert first.modes() == modes
    gate.open("sweep")
    two.session("Sweep the floor").expect("ready")
    one = Fleet.attach(first, "clear; cockpit attach")
    for fleet in (one, two):
        fleet.session("Sweep the floor").expect("ready").open()
        fleet.session("Wash the windows").expect("working")
        fleet.terminal.expect("sweep: all clean.", "receipt   clean on")

    two.terminal.press("a")
    one.session("Sweep the floor").expect("landed")
    second.press("ctrl+\\").expect_match(DETACHED)
    assert second.settings() == settings
    assert second.modes() == modes
    gate.open("wash")
    one.session("Wash the windows").expect("ready")
    assert re.search(r"1 waiting", first.screen())
