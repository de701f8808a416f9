"""One table of keys: dispatcher, footer, palette and help come from it, and a person's own keys are laid over it."""

from __future__ import annotations

import inspect
from pathlib import Path

import pytest

from cockpit.protocol.types import Undo
from cockpit.screens.app import CockpitApp
from cockpit.screens.deciding import DecidingScreen
from cockpit.screens.dialogs import AskDialog, DialogBox
from cockpit.screens.fleet import FleetScreen
from cockpit.screens.help import HelpScreen, help_lines
from cockpit.screens.keys import TABLE, Context, Keyboard, bindings, clashes, find, sign
from tests.screens import samples
from tests.screens.pages import screen
from widgets.dispatch import DispatchBox
from widgets.fleetlist import FleetList
from widgets.look import Look
from widgets.overview import Overview
from widgets.terminal import TerminalPane
from widgets.wall import Wall

OWNERS = {
    Context.APP: (CockpitApp,),
    Context.FLEET: (FleetScreen, DecidingScreen),
    Context.LIST: (FleetList,),
    Context.CARD: (FleetList,),
    Context.PANE: (Overview, FleetScreen),
    Context.TERMINAL: (TerminalPane,),
    Context.WALL: (Wall,),
    Context.DISPATCH: (DispatchBox,),
    Context.WORDS: (DialogBox,),
    Context.DIALOG: (AskDialog,),
}


def test_every_key_has_one_meaning_and_one_id() -> None:
    assert clashes(TABLE) == []
    assert len({row.id for row in TABLE}) == len(TABLE)


@pytest.mark.parametrize("row", [row for row in TABLE if row.context in OWNERS], ids=lambda row: row.id)
def test_every_row_has_an_action_that_exists(row: object) -> None:
    row = find(getattr(row, "id"))  # noqa: B009 - pytest hands rows over as objects
    name = row.action.partition("(")[0].rpartition(".")[2]
    owners = (CockpitApp,) if row.action.startswith("app.") else OWNERS[row.context]
    assert any(inspect.getattr_static(owner, f"action_{name}", None) for owner in owners)


def test_bindings_carry_the_ids_that_a_keymap_needs() -> None:
    made = bindings(Context.LIST, Context.CARD)
    assert {binding.id for binding in made} == {row.id for row in TABLE if row.context in (Context.LIST, Context.CARD)}


def test_own_keys_replace_the_defaults() -> None:
    keyboard = Keyboard({"fleet.dispatch": ("T", "ctrl+n")})
    assert keyboard.problems == []
    assert keyboard.keymap() == {"fleet.dispatch": "T,ctrl+n"}
    assert keyboard.signs("fleet.dispatch") == "T ^n"


def test_two_keys_may_be_exchanged() -> None:
    keyboard = Keyboard({"fleet.undo": ("x",), "session.stop": ("u",)})
    assert keyboard.problems == []
    assert keyboard.keymap() == {"fleet.undo": "x", "session.stop": "u"}


@pytest.mark.parametrize(
    ("own", "told"),
    [
        ({"fleet.undo": ("x",)}, "'x' would mean both fleet.undo and session.stop; fleet.undo keeps its default keys"),
        ({"fleet.undo": ("j",)}, "'j' would mean both fleet.undo and list.down"),
        ({"fleet.dipatch": ("N",)}, "there is no action 'fleet.dipatch'; did you mean fleet.dispatch?"),
        ({"fleet.undo": ("strg+z",)}, "fleet.undo: 'strg+z' is no key"),
        ({"fleet.undo": ()}, "fleet.undo: no key is given"),
        ({"fleet.undo": ("question_mark",)}, "would mean both fleet.undo and app.help"),
    ],
)
def test_what_is_wrong_with_own_keys_is_told_and_the_default_stays(own: dict[str, tuple[str, ...]], told: str) -> None:
    keyboard = Keyboard(own)
    assert told in keyboard.problems[0]
    assert keyboard.keymap() == {}


def test_the_same_key_may_act_in_places_that_never_meet() -> None:
    assert Keyboard({"wall.open": ("a",)}).problems == []


@pytest.mark.parametrize(("key", "shown"), [("ctrl+q", "^q"), ("up", "↑"), ("shift+tab", "shift+tab"), ("+", "+")])
def test_keys_are_written_for_people(key: str, shown: str) -> None:
    assert sign(key) == shown


def test_help_lists_every_row_and_searches_by_words() -> None:
    keyboard = Keyboard({"fleet.dispatch": ("T",)})
    look = Look.plain()
    whole = "\n".join("".join(text for text, _ in line) for line in help_lines(keyboard, "", look))
    for row in TABLE:
        assert row.text in whole
        assert row.id in whole
    found = ["".join(text for text, _ in line) for line in help_lines(keyboard, "new task", look)]
    assert len(found) == 2
    assert found[1].split()[0] == "T"
    assert "No key does that" in help_lines(keyboard, "make coffee", look)[0][0][0]


async def test_own_keys_work_and_footer_and_help_show_them(tmp_path: Path) -> None:
    files = {"cockpit.toml": '[ui.keys]\n"fleet.undo" = "ctrl+z"\n"list.peek" = "p"\n'}
    async with screen(tmp_path, before=samples.fleet, files=files) as fleet:
        assert "p peek" in fleet.text().splitlines()[-1]
        await fleet.press("u", "ctrl+z")
        await fleet.supervisor.commanded(Undo)
        assert len(fleet.supervisor.of(Undo)) == 1
        await fleet.press("question_mark")
        assert fleet.is_on(HelpScreen)
        await fleet.write("take back")
        await fleet.until(lambda: "^z" in fleet.text())
        await fleet.press("escape")
        assert not fleet.is_on(HelpScreen)


async def test_keys_change_while_the_screen_is_up(tmp_path: Path) -> None:
    async with screen(tmp_path, before=samples.fleet) as fleet:
        repo = tmp_path / "payments"
        (repo / "cockpit.toml").write_text('[ui.keys]\n"fleet.wall" = "T"\n"fleet.undo" = "x"\n')
        await fleet.until(lambda: fleet.app.keyboard.first("fleet.wall") == "T")
        await fleet.until(lambda: "'x' would mean both" in fleet.toasts())


async def test_the_footer_follows_the_focus(tmp_path: Path) -> None:
    async with screen(tmp_path, before=samples.fleet) as fleet:

        def footer() -> str:
            return fleet.text().splitlines()[-1]

        assert "a approve" in footer()
        await fleet.row("flaky test")
        await fleet.until(lambda: "a approve" not in footer())
        await fleet.press("n")
        await fleet.until(lambda: "enter dispatch" in footer())


async def test_the_palette_finds_commands_sessions_and_themes(tmp_path: Path) -> None:
    async with screen(tmp_path, before=samples.fleet) as fleet:
        await fleet.press("ctrl+p")
        await fleet.until(lambda: "Take back your last decision" in fleet.text())
        await fleet.write("flaky")
        await fleet.until(lambda: "8 flaky test" in fleet.text())
        await fleet.press("enter")
        await fleet.until(lambda: fleet.is_on(FleetScreen))
        await fleet.until(lambda: getattr(fleet.app.fleet.subject, "number", 0) == 8)
        await fleet.press("ctrl+p")
        await fleet.write("theme: cockpit-light")
        await fleet.until(lambda: "Theme: cockpit-light" in fleet.text())
        await fleet.press("enter")
        await fleet.until(lambda: fleet.app.theme == "cockpit-light")


@pytest.mark.parametrize("key", ["q", "ctrl+q"])
async def test_detaching_says_that_the_agents_go_on(tmp_path: Path, key: str) -> None:
    async with screen(tmp_path, before=samples.fleet) as fleet:
        await fleet.press(key)
        await fleet.until(lambda: not fleet.app.is_running)
        assert fleet.app.return_code == 0
        assert any("The supervisor and its agents go on" in str(message) for message in fleet.app._exit_renderables)


async def test_ctrl_c_does_not_leave_but_says_how(tmp_path: Path) -> None:
    async with screen(tmp_path, before=samples.started) as fleet:
        await fleet.press("ctrl+c")
        await fleet.until(lambda: "^q detaches" in fleet.toasts())
        assert fleet.app.is_running
