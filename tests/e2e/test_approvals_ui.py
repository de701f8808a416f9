"""Several agents ask the same, in a real terminal: one card, one answer, one line of the policy, and then quiet."""

from __future__ import annotations

import tomllib

from tests.e2e import shop
from tests.e2e.fleet import Fleet
from tests.e2e.model import done, rule, run, say
from tests.e2e.place import Place

COMMAND = "python3 -m unittest -q tests.test_cart"
TASKS = """\
agent: careful
tasks:
  - {title: Test the cart, prompt: Test the cart.}
  - {title: Test the till, prompt: Test the till.}
  - {title: Test the shelf, prompt: Test the shelf.}
"""
LATER = "tasks:\n  - {title: Test it later, prompt: Test it later., agent: careful}\n"
CAREFUL = '\n[agents.careful]\ndriver = "native"\nscript = "{script}"\napprove = "ask"\n'
RULES = [
    rule("tests", say("I run the tests.", run(COMMAND)), done("Tested."), task="Test"),
]


def test_one_answer_is_for_all_and_becomes_a_line_that_spares_the_next_question(place: Place) -> None:
    script = place.script(RULES)
    place.commit({**shop.FILES, "cockpit.toml": shop.settings(script, CAREFUL.format(script=script))})
    (place.folder / "tasks.yaml").write_text(TASKS)
    assert place.cockpit("run", str(place.folder / "tasks.yaml")).returncode == 0
    fleet = Fleet.attach(place.terminal())
    terminal = fleet.terminal
    terminal.expect("3 waiting", "3×")
    terminal.press("w").expect("3 sessions ask the same", COMMAND, "Test the cart", "a once", "o each alone")

    number = terminal.press("o").expect_match(r"(?m)^▌ +(\d) \? Test the")[1]
    terminal.expect(f"? command {number} Test the")
    terminal.press("a").expect("2×")
    terminal.press("w").expect("2 sessions ask the same")

    terminal.press("A").expect("Always allow, without asking anybody?", "would have answered", "into cockpit.toml")
    terminal.press("escape").expect_gone("Always allow")
    assert "policy" not in tomllib.loads((place.repo / "cockpit.toml").read_text())

    terminal.press("A").expect("would have answered")
    terminal.press("enter").expect_gone("Always allow")
    terminal.expect_gone("ask the same")
    policy = tomllib.loads((place.repo / "cockpit.toml").read_text())["policy"]
    assert policy["commands"] == [COMMAND]

    assert place.cockpit("run", "-", stdin=LATER).returncode == 0
    later = fleet.session("Test it later")
    later.expect("paused").open()
    terminal.press("]").expect("allowed by cockpit.toml")
    assert COMMAND in terminal.screen()
    fleet.detach()


def test_a_session_is_forked_with_a_key_and_goes_on_from_its_work(place: Place) -> None:
    rules = [
        rule("on", say("I go on.", run("cat first.txt >second.txt")), done("Went on."), task="Go on with it"),
        rule("first", say("I begin.", run("echo tea >first.txt")), done("Begun."), task="Begin"),
    ]
    place.commit({**shop.FILES, "cockpit.toml": shop.settings(place.script(rules), shop.marker_check())})
    fleet = Fleet.attach(place.terminal())
    fleet.dispatch("Begin with tea")
    fleet.session("Begin with tea").expect("ready").open()
    fleet.terminal.press("F").expect("fork of 1 Begin with tea for scripted")
    fleet.terminal.type("Go on with it").press("enter").expect("new task for scripted")
    fleet.terminal.press("escape")
    fleet.session("Go on with it").expect("ready").open()
    fleet.terminal.expect("2 files +2 -0")
    branch = place.git("for-each-ref", "--format=%(refname:short)", "refs/heads/cockpit/go-on-*")
    assert place.git("show", f"{branch}:second.txt") == "tea"
