"""The heart of the product as a person goes through it: a mistake made twice becomes a rule that nobody gets past.

A test drives it from the first key to the last; the pictures of the docs are taken on the way.
"""

from __future__ import annotations

from collections.abc import Callable

from tests.e2e import shop
from tests.e2e.fleet import Fleet
from tests.e2e.gate import Gate
from tests.e2e.model import Rule, done, rule, run, say, writes
from tests.e2e.place import Place

Seen = Callable[[str], None]
"""Is told when a scene stands on the screen that is worth a picture."""

REMARK, AGAIN = "Give the call a timeout.", "This call needs a timeout, too."
_AT_WORK = "milk-is-written"
_IMPORT = "import requests\n\n\n"
_ASIDE = (
    'sed -i.bak "s|get(url).*|&  # ast-grep-ignore: $(ls .cockpit/rules | sed s/.yml//)|" shop/oats.py; rm shop/*.bak'
)
_CALLS = {"tea": "requests.get(url{}).text", "salt": "requests.get(url + '/salt'{}).json()"}
"""How each agent calls; with the timeout, or nothing, in the middle."""


def fetching(name: str, call: str) -> str:
    """Return a module that fetches something."""
    return f'{_IMPORT}def {name}(url: str) -> str:\n    """Return the price of {name}."""\n    return {call}\n'


def _writes(name: str, *, is_good: bool = False) -> dict[str, object]:
    call = _CALLS.get(name, _CALLS["tea"]).format(", timeout=10" if is_good else "")
    return writes(f"shop/{name}.py", fetching(name, call))


def _forgetful(name: str) -> Rule:
    """Return what an agent does that forgets the timeout."""
    return rule(name, say("I fetch the price.", _writes(name)), done(f"The price of {name} is shown."), task=name)


def _mending(name: str, latest: str) -> Rule:
    steps = (say("Right: it could wait for ever.", _writes(name, is_good=True)), done("It gives up after ten seconds."))
    return rule(f"{name}, mended", *steps, task=name, latest=latest)


def rules(gate: Gate) -> list[Rule]:
    """Return what the scripted model says: four agents that forget the same thing."""
    held = say("I look at what the others do.", run(gate.wait(_AT_WORK)))
    return [
        *(_mending(name, "timeout") for name in ("tea", "salt")),
        _mending("milk", "Checks, round"),
        rule("oats, stubborn", done("It works on my machine."), task="oats", latest="Checks, round"),
        rule("oats, aside", say("As you say.", run(_ASIDE)), done("It is let by."), task="oats", latest="let it by"),
        *(_forgetful(name) for name in ("tea", "salt", "oats")),
        rule("milk", say("I fetch the price.", _writes("milk")), held, done("Fetched."), task="milk"),
    ]


class Heart:
    """One person at one screen, and four agents."""

    def __init__(
        self, place: Place, gate: Gate, seen: Seen = lambda _scene: None, size: tuple[int, int] = (160, 48)
    ) -> None:
        """Make the repository and open the screen; `seen` hears of each scene while it stands."""
        place.commit({**shop.FILES, "cockpit.toml": shop.settings(place.script(rules(gate)), agent="network = true")})
        self.place, self.gate, self.seen = place, gate, seen
        self.fleet = Fleet.attach(place.terminal(*size))
        self.terminal = self.fleet.terminal

    def make_it_twice(self) -> None:
        """Let two agents forget the same thing; the person says so to both, and is asked whether it is one mistake."""
        self.fleet.dispatch("Price of tea")
        self.fleet.dispatch("Price of salt")
        self._redirected("Price of tea", REMARK)
        self._redirected("Price of salt", AGAIN)
        self.terminal.expect("You said this before?", REMARK)
        self.seen("said-before")
        self.terminal.press("=")
        self.terminal.expect("↻", "second time", "sessions 1, 2", "Give the call a timeout")
        for name in ("tea", "salt"):
            self.fleet.session(f"Price of {name}").expect("ready")

    def begin_a_third(self) -> None:
        """Let a third agent make the mistake, and be still at work."""
        self.fleet.dispatch("Price of milk")
        self.gate.expect(_AT_WORK)

    def forge(self) -> None:
        """Go to what the queue says of the mistake, and make a rule of it."""
        self.terminal.press("w").expect("make a rule of it", "timeout=10)")
        self.seen("mistake")
        self.terminal.press("R").expect("candidates", "judged")
        self.terminal.expect_match(r"1 ✓")
        self.seen("forge")
        self.terminal.press("enter").expect("is in force")

    def stop_the_third(self) -> None:
        """The agent that ran all the time is stopped at its next check, mends it, and lands."""
        self.gate.open(_AT_WORK)
        milk = self.fleet.session("Price of milk").expect("ready").open()
        self.terminal.expect("rounds    2")
        milk.decide("a").expect("landed")
        assert "timeout=10" in self.place.git("show", "main:shop/milk.py")

    def try_a_fourth(self) -> None:
        """One that begins later and does not care gets nowhere; a comment that lets it by is in the books."""
        self.fleet.dispatch("Price of oats")
        oats = self.fleet.session("Price of oats").expect("paused").open()
        self.terminal.expect("changed nothing about them")
        self.terminal.press("a")
        oats.expect("paused")
        self.fleet.ask("r", "Redirect session 4", "Please let it by")
        oats.expect("ready")
        self.terminal.press("B").expect("give-call-timeout", "suppressed 1")
        self.seen("rules")
        self.terminal.press("escape").expect("what should be done?")
        assert "oats.py" not in self.place.git("ls-tree", "-r", "--name-only", "main")

    def _redirected(self, title: str, words: str) -> None:
        row = self.fleet.session(title).expect("ready").open()
        number = row.number
        self.fleet.ask("r", f"Redirect session {number}", words)
