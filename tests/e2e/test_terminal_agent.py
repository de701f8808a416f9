"""A shell as an agent: dispatched, seen live, typed into from the detail, and left again."""

from __future__ import annotations

import contextlib
import sqlite3

from tests.e2e.fleet import Fleet
from tests.e2e.place import Place
from tests.e2e.terminal import Terminal

SETTINGS = """\
[agents.shell]
driver = "terminal"
command = ["sh"]
env = { PS1 = "> " }
columns = 80
rows = 30

[agents.shell.patterns]
idle = '(?m)^> ?\\Z'
waiting = 'really\\? ?\\Z'
"""


def detail(terminal: Terminal) -> Fleet:
    fleet = Fleet.attach(terminal)
    terminal.press("n").expect("enter dispatch")
    terminal.type("@shell sleep 1; echo from the task; read word").expect("read word")
    terminal.press("enter").expect("what should be done?")
    terminal.press("escape").expect("next waiting")
    return fleet


def test_a_shell_is_seen_typed_into_and_left(place: Place) -> None:
    place.commit({"readme.txt": "A shop.\n", "cockpit.toml": SETTINGS})
    terminal = place.terminal()
    fleet = detail(terminal)
    fleet.session("sleep 1; echo from the").expect("working").open()
    terminal.press("tab").expect("> sleep 1; echo from the task; read word", "from the task")
    terminal.press("enter").expect("i types into it")
    terminal.press("i").expect("your keys go to the program", "^] gives them back", "^] take the keys back")
    terminal.enter("tea")
    terminal.enter("echo $word >word.txt; printf '\\033[1;32mgreen\\033[0m\\033]0;evil title\\a\\n'")
    terminal.expect_match(r"(?m)^\S*.*green\s")
    assert "evil" not in terminal.title
    terminal.enter("stty -echo; echo unseen; read secret; stty echo").expect_match(r"(?m)│unseen")
    terminal.enter("hunter2")
    terminal.enter("echo ${#secret} letters").expect("7 letters")
    assert any("green" in line and "\x1b[" in line for line in terminal.coloured().splitlines())
    terminal.type("q?w").expect("> q?w")
    terminal.press("ctrl+u").press("ctrl+]").expect("i types into it")
    terminal.press("h")
    fleet.session("sleep 1; echo from the").expect("ready")
    assert [one.read_text() for one in place.paths.workspaces.glob("*/word.txt")] == ["tea\n"]
    terminal.press("tab").expect("gree", "from the task")
    fleet.detach()
    assert kept_in_journal(place) == [], "what was typed unseen, and what was shown meanwhile, is kept nowhere"


def test_a_prompt_of_its_own_needs_a_person_even_after_the_supervisor_was_killed(place: Place) -> None:
    place.commit({"readme.txt": "A shop.\n", "cockpit.toml": SETTINGS})
    (place.folder / "tasks.yaml").write_text(
        "tasks:\n  - {title: Ask me, agent: shell, prompt: 'printf \"really? \"; read said; echo $said >said.txt'}\n"
    )
    begun = place.cockpit("run", str(place.folder / "tasks.yaml"))
    assert begun.returncode == 0, begun.stderr
    terminal = place.terminal()
    fleet = Fleet.attach(terminal)
    asks = fleet.session("Ask me").expect("asking")
    terminal.expect("It waits at its own prompt; attach")
    for supervisor in place.processes("cockpit.supervisor"):
        supervisor.kill()
    terminal.expect("supervisor restarted")
    asks.expect("asking").open()
    terminal.press("tab").expect("really?", "i types into it")
    terminal.press("enter", "i").expect("your keys go to the program")
    terminal.enter("yes, really").press("ctrl+]")
    asks.expect("ready")
    assert [one.read_text() for one in place.paths.workspaces.glob("*/said.txt")] == ["yes, really\n"]


def kept_in_journal(place: Place) -> list[str]:
    with contextlib.closing(sqlite3.connect(place.paths.journal)) as journal:
        bodies = [str(row[0]) for row in journal.execute("select body from events")]
    assert any("from the task" in body for body in bodies), "the screen's text is, when a turn ends"
    return [body for body in bodies if "hunter2" in body or '"type":"screen"' in body]
