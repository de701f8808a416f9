"""The merge queue seen from the screen: undo while it waits, and a conflict that is solved in the loop."""

from __future__ import annotations

from tests.e2e import shop
from tests.e2e.fleet import Fleet
from tests.e2e.gate import Gate
from tests.e2e.model import done, rule, run, say
from tests.e2e.place import Place

TASKS = """\
tasks:
  - {title: Raise the price, prompt: Raise the price of tea.}
  - {title: Name the currency, prompt: Name the currency of prices.}
"""
RULES = [
    rule(
        "after the conflict",
        say("Both changed the line. I keep both.", run("printf 'tea 600 EUR\\n' >prices.txt")),
        done("Both changes are in."),
        latest="could not land",
    ),
    rule("raise", say("Dearer.", run("printf 'tea 600\\n' >prices.txt")), done("Raised."), task="Raise"),
    rule("currency", say("In euros.", run("printf 'tea 500 EUR\\n' >prices.txt")), done("Named."), task="currency"),
]


def gated_check(gate: Gate, name: str) -> str:
    return f"""
[checks.slow]
command = ["bash", "-c", "{gate.wait(name)}"]
inputs = ["**"]
network = true
when = "merge"
"""


def test_an_approval_is_undone_in_the_queue_and_a_conflict_is_solved_in_the_loop(place: Place, gate: Gate) -> None:
    toml = shop.settings(place.script(RULES), shop.marker_check(), gated_check(gate, "merge"))
    place.commit({"prices.txt": "tea 500\n", "cockpit.toml": toml})
    begun = place.cockpit("run", "-", stdin=TASKS)
    assert begun.returncode == 0, begun.stderr
    fleet = Fleet.attach(place.terminal())
    raised, named = fleet.session("Raise the price"), fleet.session("Name the currency")

    raised.expect("ready").decide("a")
    raised.expect("landing")
    gate.expect("merge")
    fleet.terminal.press("u").expect("Undone: approve of session 1")
    raised.expect("ready")
    assert place.git("log", "--format=%s", "main") == "Begin"

    raised.decide("a")
    raised.expect("landing")
    gate.open("merge")
    raised.expect("landed")
    named.expect("ready").decide("a")
    named.expect("landing", "working", "checking", "landed", within_s=5)
    named.expect("landed", within_s=30)
    assert place.git("log", "--format=%s", "main").splitlines() == ["Name the currency", "Raise the price", "Begin"]
    assert place.git("show", "main:prices.txt") == "tea 600 EUR"
    assert (place.repo / "prices.txt").read_text() == "tea 600 EUR\n"
    assert place.git("status", "--porcelain") == ""
