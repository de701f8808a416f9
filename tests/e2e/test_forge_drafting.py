"""In a real terminal: an agent drafts while a person looks at other candidates, is ended by escape, or accepted."""

from __future__ import annotations

import pytest

from tests.e2e import shop
from tests.e2e.fleet import Fleet
from tests.e2e.model import done, rule, say, writes
from tests.e2e.place import Place
from tests.e2e.terminal import Terminal

BAD = "answer = requests.get(url)\n"
DRAFT = """```yaml
invalid: [requests.post(where)]
valid: ["requests.get(where, timeout=1)"]
```
```yaml
id: http-timeout
language: python
message: an outbound call that may wait for ever
note: Pass timeout=, 10 seconds at most.
rule:
  all:
    - pattern: requests.$METHOD($$$ARGS)
    - not: {has: {kind: keyword_argument, regex: '^timeout', stopBy: end}}
```"""


def opened(place: Place, delay_ms: int) -> tuple[Fleet, Terminal]:
    """Open a forge on a line of a diff, where an agent of its own is to draft."""
    rules = [
        rule("draft", {**say(DRAFT), "delay_ms": delay_ms}, task="Draft"),
        rule("tea", say("I fetch.", writes("shop/tea.py", BAD)), done("Fetched."), task="tea"),
    ]
    script = place.script(rules)
    scribe = f'\n[agents.scribe]\ndriver = "native"\nscript = "{script}"\n[forge]\ndrafting = "scribe"\ndrafts = 1\n'
    place.commit({**shop.FILES, "cockpit.toml": shop.settings(script) + scribe})
    fleet = Fleet.attach(place.terminal())
    fleet.dispatch("Fetch the tea")
    fleet.session("Fetch the tea").expect("ready").open()
    terminal = fleet.terminal
    terminal.press("d").expect("answer = requests.get(url)")
    terminal.press("l").expect("comment")
    terminal.press("}", "j", "j", "R").expect("forge", "candidates", "judged", "hits")
    return fleet, terminal


def test_an_agent_drafts_beside_and_its_rule_is_accepted(place: Place) -> None:
    fleet, terminal = opened(place, delay_ms=1500)
    terminal.expect("scribe drafts: drafting", "[scripted model]", "esc stops it")
    terminal.press("g").type("\x7f, timeout=10)")
    terminal.expect("requests.get(url, timeout=10)")
    terminal.press("enter")
    terminal.expect("scribe drafted: 1 candidate", "drafted by scribe: an outbound call that may wait for ever")
    number = int(terminal.expect_match(r"(\d) ✓ drafted by scribe.* 2/2 +0 +1 +0")[1])
    for _ in range(number - 1):
        terminal.press("j")
    terminal.expect("examples of scribe", "requests.post(where)")
    terminal.press("enter").expect("is in force")
    tests = place.git("show", "main:.cockpit/rule-tests/answer-requests-get-url-test.yml")
    assert "# By the agent scribe that drafted the rule: the last 1 of valid and 1 of invalid." in tests
    assert place.cockpit("rules", "test").returncode == 0
    assert "rules drafted by scribe" in place.cockpit("stats").stdout
    terminal.press("escape")
    fleet.detach()


@pytest.mark.timeout(90)
def test_escape_ends_the_agent_first_and_then_the_forge(place: Place) -> None:
    fleet, terminal = opened(place, delay_ms=60_000)
    terminal.expect("scribe drafts: drafting")
    terminal.press("escape").expect("scribe drafted: stopped", "candidates", "judged")
    assert not list(place.paths.spool.glob("draft-*"))
    terminal.press("escape").expect_gone("candidates")
    fleet.detach()
