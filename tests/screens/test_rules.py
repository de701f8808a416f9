"""The Rules screen: the curve, the rules with their books, what is proposed, and every act by its key."""

from __future__ import annotations

import contextlib
import time
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from cockpit.journal.types.rules import RuleHit, RulesScanned
from cockpit.protocol.client import CommandFailed
from cockpit.protocol.types import ErrorInfo
from cockpit.rules.types import Origin
from cockpit.rules.types.books import CurvePoint, Prose, RuleFiring, RuleProposal, RulesView, RuleView
from cockpit.screens.rules import RulesScreen
from tests.providers.corpus import HOSTILE
from tests.screens import samples
from tests.screens.pages import FleetPage, screen

NOW = time.time()
TODAY = datetime.fromtimestamp(NOW, UTC).date().isoformat()
ITEM = "- No sleeping in tests.\n  Instead: wait on a condition."
FATES = ("open", "fixed", "suppressed", "not useful", "over")


def a_rule(name: str, **known: Any) -> RuleView:
    fields: dict[str, Any] = {
        "id": name,
        "engine": "ast-grep",
        "state": "block",
        "severity": "error",
        "message": "outbound call without a timeout",
        "fix": "Pass timeout=.",
        "why": "incident 12",
        "files": ("src/**/*.py",),
        "source": f".cockpit/rules/{name}.yml",
        "origin": (Origin(kind="comment", session="4", who="ada", quote="needs a timeout"),),
        "bad": ("requests.get(url)",),
        "good": ("requests.get(url, timeout=3)",),
    }
    return RuleView(**{**fields, **known})


def firing(number: int) -> RuleFiring:
    return RuleFiring(
        session=f"s-{number}",
        number=number,
        instance=f"i-{number}",
        at=NOW - 60 * number,
        path="src/client.py",
        line=40 + number,
        text="requests.get(where)",
        fate=FATES[number],
    )


WARN = a_rule("no-print", state="warn")
BUSY = a_rule(
    "no-timeout",
    fired=31,
    fixed=27,
    suppressed=2,
    not_useful=1,
    sessions=9,
    last_seen=NOW - 3600,
    days={TODAY: 3},
    firings=tuple(firing(number) for number in range(5)),
    proposals=(RuleProposal(kind="demote", words="3 of its last 20 firings were waved aside", state="warn"),),
)
PROSE = a_rule(
    "no-sleep",
    last_seen=NOW - 90,
    proposals=(
        RuleProposal(kind="delete", words="silent for 91 days"),
        RuleProposal(kind="prose", words="a line says it", prose=Prose(path="AGENTS.md", line=7, text=ITEM)),
    ),
)
CURVE = tuple(
    CurvePoint(at=NOW - 3600 * (40 - n), repeated=max(0.0, 2.0 - n / 20), caught=0.5, rules=("r",) if n == 9 else ())
    for n in range(40)
)


class Keeper:
    """Answers the screen; the test changes what it says."""

    def __init__(self, *rules: RuleView, curve: tuple[CurvePoint, ...] = CURVE) -> None:
        self.view = RulesView(branch="main", rules=rules, curve=curve)
        self.commands: list[Any] = []
        self.refusal: ErrorInfo | None = None
        self.looks = 0

    async def call(self, command: Any) -> dict[str, Any]:
        if command.cmd == "get_rules":
            self.looks += 1
            return self.view.model_dump(mode="json")
        self.commands.append(command)
        if self.refusal is not None:
            raise CommandFailed(self.refusal)
        return {"undone": "change", "rule": "no-timeout"}


class RulesPage:
    """The rules on a person's screen."""

    def __init__(self, page: FleetPage, shown: RulesScreen, keeper: Keeper) -> None:
        self.page, self.shown, self.keeper = page, shown, keeper

    @property
    def text(self) -> str:
        return self.page.text()

    @property
    def table(self) -> list[str]:
        return [line for line in self.page.text(self.shown.table).split("\n") if line.strip()]

    async def press(self, *keys: str) -> None:
        await self.page.press(*keys)

    async def says(self, words: str) -> None:
        await self.page.until(lambda: words in self.text)

    async def sent(self, count: int = 1) -> Any:
        await self.page.until(lambda: len(self.keeper.commands) >= count)
        return self.keeper.commands[-1]


@contextlib.asynccontextmanager
async def rules_of(tmp_path: Path, *rules: RuleView, size: tuple[int, int] = (120, 40)) -> AsyncIterator[RulesPage]:
    keeper = Keeper(*rules, curve=CURVE if rules else ())
    async with screen(tmp_path, size=size) as page:
        shown = RulesScreen(page.app.store, keeper.call, page.app.keyboard)
        page.app.push_screen(shown)
        await page.until(lambda: "rules of main" in page.text())
        yield RulesPage(page, shown, keeper)


@pytest.mark.parametrize("size", [(80, 24), (120, 40), (160, 48)])
async def test_rules_stand_with_their_books_below_the_curve(tmp_path: Path, size: tuple[int, int]) -> None:
    async with rules_of(tmp_path, WARN, BUSY, PROSE, size=size) as page:
        await page.says("no-timeout")
        await page.says("a rule began")
        assert "3 rules" in page.text
        assert "2 proposed" in page.text
        assert "repeated mistakes per merged change 0.05 from 1.05" in page.text
        first, second, third = page.table  # proposed ones first, then as they were seen
        assert first.split()[:3] == ["!", "no-sleep", "block"]
        assert second.split()[:5] == ["!", "no-timeout", "block", "31", "27"]
        assert second.rstrip().endswith("▇")
        assert third.split()[:2] == ["no-print", "warn"]
        head = page.page.text(page.shown.query_one("#columns"))
        assert head.index("fired") + len("fired") == second.index("31") + len("31")


async def test_everything_about_the_rule_under_the_cursor_is_read(tmp_path: Path) -> None:
    async with rules_of(tmp_path, BUSY, WARN, size=(120, 70)) as page:
        await page.says("last firings")
        text = page.page.text(page.shown.reading)
        for words in (
            "no-timeout  block  error, ast-grep",
            "3 of its last 20 firings were waved aside. enter makes it warn",
            "outbound call without a timeout",
            "→ Pass timeout=.",
            "why: incident 12",
            "comment of session 4 ada: “needs a timeout”",
            "requests.get(url, timeout=3)",
            "fired 31, fixed 27, suppressed 2, not useful 1, in 9 sessions",
            "last firings  5 of 33",
            "src/client.py:43",
        ):
            assert words in text
        assert [fate for fate in FATES if f"{fate}  session" not in text] == []
        await page.press("j")
        await page.says("no-print  warn")


@pytest.mark.parametrize(
    ("keys", "wanted"),
    [
        (["+"], {"cmd": "change_rule", "rule": "no-print", "state": "block"}),
        (["-"], {"cmd": "change_rule", "rule": "no-print", "state": "shadow"}),
        (["x"], {"cmd": "change_rule", "rule": "no-print", "state": "retired"}),
        (["u"], {"cmd": "undo"}),
    ],
)
async def test_a_key_puts_the_rule_into_another_state(tmp_path: Path, keys: list[str], wanted: dict[str, Any]) -> None:
    async with rules_of(tmp_path, WARN) as page:
        await page.says("no-print  warn")
        await page.press(*keys)
        command = (await page.sent()).model_dump()
        assert {name: command[name] for name in wanted} == wanted
        await page.says("taken back: change" if keys == ["u"] else "u takes it back")


async def test_a_retired_rule_comes_back_as_a_shadow_and_nothing_goes_beyond_the_ends(tmp_path: Path) -> None:
    async with rules_of(tmp_path, a_rule("old", state="retired"), a_rule("top")) as page:
        await page.says("top  block")
        await page.press("+")
        await page.says("it blocks already")
        await page.press("j")
        await page.says("old  retired")
        await page.press("-")
        await page.says("x does that")
        assert page.keeper.commands == []
        await page.press("x")
        assert (await page.sent()).state == "shadow"


async def test_enter_carries_out_what_is_proposed_where_the_cursor_stands(tmp_path: Path) -> None:
    async with rules_of(tmp_path, PROSE) as page:
        await page.says("silent for 91 days. enter deletes it")
        assert "- No sleeping in tests." in page.text  # the very line
        await page.press("enter")
        assert (await page.sent()).cmd == "delete_rule"
        await page.press("tab", "j", "j", "enter")
        command = await page.sent(2)
        assert (command.cmd, command.path, command.line, command.text) == ("remove_prose", "AGENTS.md", 7, ITEM)


async def test_a_firing_is_judged_not_useful_and_the_screen_says_what_that_does(tmp_path: Path) -> None:
    async with rules_of(tmp_path, BUSY) as page:
        await page.says("last firings")
        await page.press("f")
        await page.says("tab goes to the last firings")
        await page.press("tab", "G")
        await page.press(*["k"] * 8)  # each firing has two lines: the first of them
        await page.press("f")
        command = await page.sent()
        assert (command.session, command.rule, command.instance) == ("s-0", "no-timeout", "i-0")
        await page.says("counted, and let by (in the baseline of the branch). u takes it back")


async def test_what_is_refused_is_said(tmp_path: Path) -> None:
    async with rules_of(tmp_path, WARN) as page:
        await page.says("no-print")
        page.keeper.refusal = ErrorInfo(what="Not committed: the checkout has changes.", kept="Nothing was changed.")
        await page.press("+")
        await page.says("Not committed: the checkout has changes.")


async def test_the_screen_follows_what_happens_to_rules(tmp_path: Path) -> None:
    async with rules_of(tmp_path, WARN) as page:
        await page.says("no-print")
        session = samples.created(page.page.supervisor, "fix login")
        page.keeper.view = RulesView(branch="main", rules=(a_rule("no-print", state="warn", fired=7),), curve=CURVE)
        page.page.supervisor.happen(session, RulesScanned(hits=(RuleHit(rule="no-print", instance="i"),)))
        await page.page.until(lambda: page.table[0].split()[:3] == ["no-print", "warn", "7"])
        looks = page.keeper.looks
        page.page.supervisor.happen(session, *())
        assert page.keeper.looks == looks  # nothing of rules changed: nothing is asked


async def test_a_filter_is_typed_kept_and_ended(tmp_path: Path) -> None:
    async with rules_of(tmp_path, WARN, BUSY, PROSE) as page:
        await page.says("no-timeout")
        await page.press("slash", *"proposed", "enter")
        await page.says("2 of 3 rules")
        assert len(page.table) == 2
        await page.press("escape")
        await page.says(" 3 rules")
        await page.press("slash", *"xyz")
        await page.says("No rule matches")
        await page.press("escape", "escape")
        await page.page.until(lambda: not page.page.is_on(RulesScreen))


async def test_without_rules_it_teaches_how_one_is_made(tmp_path: Path) -> None:
    async with rules_of(tmp_path, size=(80, 24)) as page:
        await page.says("No rules yet")
        for words in ("R on a finding", "cockpit rules add", "begins with the first change"):
            assert words in page.text
        assert "retire" not in page.text.split("\n")[-1]  # no key is offered that has nothing to act on


async def test_two_hundred_rules_draw_what_is_seen(tmp_path: Path) -> None:
    many = [a_rule(f"rule-{number:03}", last_seen=NOW - number) for number in range(200)]
    async with rules_of(tmp_path, *many, size=(80, 24)) as page:
        await page.says("rule-000")
        assert page.shown.table.drawn_rows < 40
        await page.press("G")
        await page.says("rule-199  block")
        assert "rule-199" in page.table[-1]


async def test_hostile_text_stays_text(tmp_path: Path) -> None:
    bad = "\n".join(HOSTILE.values())
    fired = firing(0).model_copy(update={"path": bad, "text": bad})
    rule = a_rule("evil", message=bad, fix=bad, why=bad, bad=(bad,), source=bad, firings=(fired,))
    async with rules_of(tmp_path, rule) as page:
        await page.says("evil")
        assert "\x1b" not in page.text
        assert "\u202e" not in page.text


async def test_the_fleet_opens_it_by_its_key(tmp_path: Path) -> None:
    async with screen(tmp_path) as page:
        await page.press("B")
        await page.until(lambda: page.is_on(RulesScreen))
        await page.press("q")
        await page.until(lambda: not page.is_on(RulesScreen))
