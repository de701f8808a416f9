"""Several agents at once: one is redirected in the middle of its turn, one is rejected, one goes through."""

from __future__ import annotations

from tests.e2e import shop
from tests.e2e.fleet import Fleet
from tests.e2e.gate import Gate
from tests.e2e.model import done, rule, run, say, writes
from tests.e2e.place import Place

TASKS = """\
tasks:
  - {title: Export the cart, prompt: Export the cart as one line.}
  - {title: Print a poster, prompt: Print a poster.}
  - {title: Count the stock, prompt: Count the stock.}
"""
SETTINGS = {"agent": "network = true"}


def rules(gate: Gate) -> list[dict[str, object]]:
    return [
        rule(
            "redirected",
            say("As you wish.", writes("export.txt", "tea;500\n")),
            done("Semicolons."),
            latest="semicolon",
        ),
        rule(
            "export",
            say("I look around first.", run(gate.wait("looking"))),
            say("Commas.", writes("export.txt", "tea,500\n")),
            done("Commas it is."),
            task="Export",
        ),
        rule("poster", say("Loud.", writes("poster.txt", "BUY TEA\n")), done("A poster."), task="poster"),
        rule(
            "repair",
            say("I count.", run("sed -i.bak s/FIXME/12/ stock.txt && rm stock.txt.bak")),
            done("Counted: 12."),
            task="stock",
            latest="Checks, round",
        ),
        rule("stock", say("A start.", writes("stock.txt", "tea FIXME\n")), done("Counted."), task="stock"),
    ]


def test_agents_are_redirected_rejected_and_approved_while_others_work(place: Place, gate: Gate) -> None:
    toml = shop.settings(place.script(rules(gate)), shop.marker_check(), **SETTINGS)
    place.commit({"readme.txt": "A shop.\n", "cockpit.toml": toml})
    (place.folder / "tasks.yaml").write_text(TASKS)
    begun = place.cockpit("run", str(place.folder / "tasks.yaml"))
    assert begun.returncode == 0, begun.stderr
    fleet = Fleet.attach(place.terminal())
    poster, stock, export = (fleet.session(one) for one in ("Print a poster", "Count the stock", "Export the cart"))

    gate.expect("looking")
    export.expect("working").open()
    fleet.ask("r", "Redirect session 1", "Use a semicolon instead")
    gate.open("looking")

    poster.expect("ready").open()
    fleet.ask("D", "Reject session 2", "too loud for us")
    poster.expect("rejected").open()
    fleet.terminal.expect("too loud for us")
    branch = place.git("for-each-ref", "--format=%(refname:short)", "refs/heads/cockpit/print-*")
    assert place.git("show", f"{branch}:poster.txt") == "BUY TEA", "the branch of what was rejected is kept"
    assert [one.read_text() for one in place.paths.workspaces.glob("print-*/poster.txt")] == ["BUY TEA\n"]

    stock.expect("ready").open()
    fleet.terminal.expect("1/1 checks passed", "rounds    2")
    fleet.terminal.press("a")
    stock.expect("landed")
    export.expect("ready").decide("a")
    export.expect("landed")
    assert place.git("show", "main:export.txt") == "tea;500", "the redirect decided what the agent wrote"
    assert place.git("show", "main:stock.txt") == "tea 12"
    assert place.git("log", "--format=%s", "main").splitlines() == ["Export the cart", "Count the stock", "Begin"]
    assert place.git("status", "--porcelain") == ""
