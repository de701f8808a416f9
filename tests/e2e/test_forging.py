"""A repeated mistake becomes an enforced rule with three keys: two sessions make it, a third running one is stopped."""

from __future__ import annotations

import subprocess

from tests.e2e import shop
from tests.e2e.fleet import Fleet
from tests.e2e.model import done, rule, say, writes
from tests.e2e.place import Place

BAD = "answer = requests.get(url)\n"
GOOD = "answer = requests.get(url, timeout=10)\n"
RULES = [
    rule("mend", say("I mend it.", writes("shop/milk.py", GOOD)), done("Mended."), task="milk", latest="requests-get"),
    rule("tea", say("I fetch.", writes("shop/tea.py", BAD)), done("Fetched."), task="tea"),
    rule("salt", say("I fetch.", writes("shop/salt.py", BAD)), done("Fetched."), task="salt"),
    rule("milk", say("I fetch.", writes("shop/milk.py", BAD)), done("Fetched."), task="milk"),
]


def test_a_line_of_a_diff_becomes_a_rule_that_stops_the_next_session(place: Place) -> None:
    place.commit({**shop.FILES, "cockpit.toml": shop.settings(place.script(RULES))})
    fleet = Fleet.attach(place.terminal())
    terminal = fleet.terminal
    fleet.dispatch("Fetch the tea")
    fleet.dispatch("Fetch the salt")
    fleet.session("Fetch the salt").expect("ready")
    fleet.session("Fetch the tea").expect("ready").open()

    terminal.press("d").expect("answer = requests.get(url)")
    terminal.press("l").expect("comment")
    terminal.press("}", "j", "j", "R").expect("forge", "candidates", "judged", "hits")
    terminal.expect_match(r"1 ✓ .* 1/1 +0 +2 +0")
    terminal.press("enter").expect("no good example yet: g says how it should be")
    terminal.press("g").type("\x7f, timeout=10)")
    terminal.expect("requests.get(url, timeout=10)")
    terminal.press("enter")
    terminal.expect_match(r"1 ✓ .* 2/2 +0 +2 +0")
    terminal.press("enter").expect("is in force")
    names = _git(place, "ls-tree", "-r", "--name-only", "main", ".cockpit").split()
    assert ".cockpit/rules/answer-requests-get-url.yml" in names
    terminal.press("escape")

    fleet.dispatch("Fetch the milk")
    fleet.session("Fetch the milk").expect("ready").open()
    terminal.press("d").expect("timeout=10")
    terminal.press("u").until(lambda _screen: not _git(place, "ls-tree", "main", ".cockpit"), "the rule is taken back")
    fleet.detach()


def _git(place: Place, *words: str) -> str:
    return subprocess.run(("git", *words), cwd=place.repo, capture_output=True, text=True, check=True).stdout
