"""The first visit: from an empty screen to a landed change."""

from __future__ import annotations

from tests.e2e import shop
from tests.e2e.fleet import Fleet
from tests.e2e.model import done, rule, run, say, writes
from tests.e2e.place import Place

_WRONG = "def tax(cents: int) -> int:\n    return cents // 100 * 19\n"
_TEST = (
    "import unittest\n\nfrom shop.tax import tax\n\n\n"
    "class TaxTest(unittest.TestCase):\n    def test_small(self) -> None:\n        self.assertEqual(tax(50), 9)\n"
)
RULES = [
    rule(
        "repair",
        say(
            "Small sums lose their tax: I divide last.",
            run("sed -i.bak 's,//.*,* 19 // 100,' shop/tax.py; rm shop/*.bak"),
        ),
        done("Tax is rounded once, at the end."),
        task="tax",
        latest="Checks, round",
    ),
    rule(
        "tax",
        say("I write the tax and its test.", writes("shop/tax.py", _WRONG), writes("tests/test_tax.py", _TEST)),
        done("There is a tax."),
        task="tax",
    ),
]


def test_a_task_becomes_a_landed_change_with_the_tree_that_was_tested(place: Place) -> None:
    place.commit({**shop.FILES, "cockpit.toml": shop.settings(place.script(RULES), shop.UNITTEST)})
    before = place.git("rev-parse", "main")
    terminal = place.terminal()
    settings = terminal.settings()
    fleet = Fleet.attach(terminal)
    terminal.expect("No sessions yet.", "press enter", "new task")

    fleet.dispatch("Add the tax to every cart")
    session = fleet.session("Add the tax").open()
    session.expect("ready", within_s=30)
    terminal.expect("receipt", "tests", "Tax is rounded once", "[scripted model]")
    assert place.git("rev-parse", "main") == before, "nothing lands before a person says so"
    terminal.press("a")
    session.expect("landed")

    log = place.git("log", "--format=%H %T %s", "main").splitlines()
    assert len(log) == 2
    assert log[0].endswith("Add the tax to every cart")
    assert place.git("rev-parse", "HEAD^") == before
    branch = place.git("branch", "--list", "cockpit/*", "--format=%(refname)")
    assert place.git("rev-parse", f"{branch}^{{tree}}") == log[0].split()[1], "exactly the tree that was checked"
    assert place.git("status", "--porcelain") == "", "the person's checkout moved along"
    assert "* 19 // 100" in (place.repo / "shop/tax.py").read_text()

    fleet.detach()
    assert terminal.settings() == settings
