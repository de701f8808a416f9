"""A rule lives on the screen: it stops a session, is judged, made less, taken back, and its prose taken out."""

from __future__ import annotations

import subprocess

from tests.e2e import shop
from tests.e2e.fleet import Fleet
from tests.e2e.model import done, rule, say, writes
from tests.e2e.place import Place

RULE = """\
id: requests-timeout
language: python
severity: error
message: an outbound call without a timeout hangs the worker
note: Pass timeout=.
files: ["shop/*.py"]
rule:
  pattern: requests.get($URL)
metadata:
  state: block
  why: incident 12
"""
TESTS = "id: requests-timeout\nvalid: ['requests.get(url, timeout=3)']\ninvalid: ['requests.get(url)']\n"
LEFT = "# Map\n\n- Ask before you add a dependency.\n"
MAP = LEFT.replace("- Ask", "- Outbound calls need a timeout: a call without one hangs the worker.\n- Ask")
BAD = "answer = requests.get(url)\n"
AGAIN = "answer = requests.get(url)\n# meant\n"
RULES = [
    rule("again", say("I leave it.", writes("shop/tea.py", AGAIN)), done("It is meant."), task="tea", latest="timeout"),
    rule("tea", say("I fetch.", writes("shop/tea.py", BAD)), done("Fetched."), task="tea"),
]


def test_a_rule_is_judged_made_less_and_its_prose_taken_out(place: Place) -> None:
    place.commit(
        {
            **shop.FILES,
            "cockpit.toml": shop.settings(place.script(RULES)),
            "AGENTS.md": MAP,
            ".cockpit/rules/requests-timeout.yml": RULE,
            ".cockpit/rule-tests/requests-timeout-test.yml": TESTS,
        }
    )
    fleet = Fleet.attach(place.terminal())
    terminal = fleet.terminal
    fleet.dispatch("Fetch the tea")
    fleet.session("Fetch the tea").expect("paused").open()

    terminal.press("B").expect("rules of main", "requests-timeout", "block", "1 proposed")
    terminal.expect("a line says nearly the same", "- Outbound calls need a timeout", "incident 12")
    terminal.press("-").expect("requests-timeout: block → warn. u takes it back")
    assert "state: warn" in _git(place, "show", "main:.cockpit/rules/requests-timeout.yml")
    terminal.press("u").expect("taken back: change requests-timeout", "1 proposed")
    terminal.press("enter").expect("taken out of AGENTS.md: requests-timeout holds it")
    assert _git(place, "show", "main:AGENTS.md") == LEFT
    terminal.press("escape").expect("Fetch the tea")

    fleet.session("Fetch the tea").open()
    terminal.press("]", "]", "]").expect("no receipt", "an outbound call without a timeout")
    terminal.press("l", "G", "f").expect("judged not useful: the next check lets it by")
    assert '"rule": "requests-timeout"' in _git(place, "show", "main:.cockpit/baseline.json")
    terminal.press("P")
    fleet.session("Fetch the tea").expect("ready")
    terminal.press("B").expect("not useful 1", "○ shop/tea.py:1")
    terminal.press("escape")
    fleet.detach()


def _git(place: Place, *words: str) -> str:
    return subprocess.run(("git", *words), cwd=place.repo, capture_output=True, text=True, check=True).stdout
