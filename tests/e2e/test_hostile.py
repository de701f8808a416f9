"""Agents and repositories that try to get at the terminal, or into our own processes."""

from __future__ import annotations

from tests.e2e import shop
from tests.e2e.fleet import Fleet
from tests.e2e.model import done, rule, run, say
from tests.e2e.place import Place

CLIPBOARD = "\x1b]52;c;cHduZWQ=\x07"
EVIL = f"{CLIPBOARD}\x1b[2J\x1b[?1049l\x1b[31mred\x1b]0;owned\x07\x9b5n\u202egnol\u202c\x07end"
SHELL = "\\033]52;c;cHduZWQ=\\007\\033[2J\\033[?1049l\\033]0;owned\\007\\302\\233\\342\\200\\256"
RULES = [
    rule(
        "hostile",
        say(f"Look: {EVIL}", run(f"printf 'output {SHELL}\\n'; touch \"$(printf 'name {SHELL}').txt\"")),
        say("", run(f"printf 'FIXME {SHELL}\\n' >evil.txt")),
        done(f"Done {EVIL}"),
        task="hostile",
    )
]
FORBIDDEN = (b"\x1b]52", b"\x1b[2J", b"owned\x07", b"\x1b]0;owned", b"\xc2\x9b", b"\xe2\x80\xae", b"\x1b[31mred")
TRAP = "from pathlib import Path\nPath(__file__).with_suffix('.sprung').touch()\n"


def test_nothing_hostile_reaches_the_terminal_and_no_module_of_the_repository_is_ours(place: Place) -> None:
    traps = dict.fromkeys(("agents/__init__.py", "cockpit/__init__.py", "openai.py", "pydantic.py"), TRAP)
    place.commit({**traps, "cockpit.toml": shop.settings(place.script(RULES), shop.marker_check())})
    terminal = place.terminal()
    recording = place.folder / "bytes"
    with terminal.recorded(recording):
        fleet = Fleet.attach(terminal)
        fleet.dispatch("A hostile task")
        session = fleet.session("A hostile task").expect("paused", "ready", "failed", within_s=30).open()
        for _ in range(4):
            terminal.press("]")
            terminal.expect("shop → main", "new task", "help")
        terminal.press("d").expect("evil.txt")
        terminal.press("W").expect("A hostile task")
        terminal.press("escape")
        session.open()
        terminal.press("space").expect("A hostile task")
        terminal.press("escape")
        terminal.resize(80, 24).expect("A hostile task")
        assert "owned" not in terminal.title
    sent = recording.read_bytes()
    assert b"hostile" in sent
    assert [one for one in FORBIDDEN if one in sent] == []
    sprung = [*place.repo.rglob("*.sprung"), *place.paths.workspaces.rglob("*.sprung")]
    assert sprung == [], "code of the repository ran in our processes"
