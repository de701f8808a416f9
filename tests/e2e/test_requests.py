"""What agents ask, and what a person answers: a question, a command allowed once, a command denied with a reason."""

from __future__ import annotations

from tests.e2e import shop
from tests.e2e.fleet import Fleet
from tests.e2e.model import ask, done, rule, run, say
from tests.e2e.place import Place

TASKS = """\
tasks:
  - {title: Number the invoices, prompt: Number the invoices.}
  - {title: Fetch the rates, prompt: Fetch the rates., agent: careful}
"""
CAREFUL = '\n[agents.careful]\ndriver = "native"\nscript = "{script}"\napprove = "ask"\n'
RULES = [
    rule(
        "numbers",
        say("A matter of taste.", ask("Should numbers begin again every year?", "every year", "for ever")),
        say("", run("echo by year >numbers.txt")),
        done("Numbered."),
        task="Number",
    ),
    rule(
        "rates",
        say("I fetch.", run("echo 1.08 >rates.txt")),
        say("I publish.", run("echo published >published.txt")),
        done("Rates are in; not published."),
        task="rates",
    ),
]


def test_people_answer_questions_allow_commands_and_deny_them(place: Place) -> None:
    script = place.script(RULES)
    place.commit({"cockpit.toml": shop.settings(script, CAREFUL.format(script=script), shop.marker_check())})
    assert place.cockpit("run", "-", stdin=TASKS).returncode == 0
    fleet = Fleet.attach(place.terminal())
    terminal = fleet.terminal
    numbers, rates = fleet.session("Number the invoices"), fleet.session("Fetch the rates")

    numbers.expect("asking").open()
    terminal.expect("Should numbers begin again every year?", "1 every year", "2 for ever", "a answer")
    terminal.until(lambda _: "2" in terminal.title, "the number waiting in the title")
    fleet.ask("a", "Answer session 1", "1")
    numbers.expect("ready")

    rates.expect("asking").open()
    terminal.expect("echo 1.08 >rates.txt", "a once", "D deny")
    terminal.press("a").expect("echo published >published.txt")
    fleet.ask("D", "Deny what session 2 asks", "it is not ours to publish")
    rates.expect("ready").open()
    terminal.expect("1 file +1 -0")
    branch = place.git("for-each-ref", "--format=%(refname:short)", "refs/heads/cockpit/fetch-*")
    assert place.git("ls-tree", "--name-only", branch).split() == ["cockpit.toml", "rates.txt"]

    terminal.press("]").expect("it is not ours to publish")
    numbers.open()
    terminal.expect("every year")
