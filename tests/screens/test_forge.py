"""The forge's screen: candidates side by side, what each does, marks, a rule by hand, and accepting."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

from cockpit.checks.types import CheckOutcome
from cockpit.protocol.client import CommandFailed
from cockpit.protocol.types import ErrorInfo
from cockpit.rules.types import Example, ExampleKind, Hit, RuleId
from cockpit.rules.types.forge import Candidate, Pair, Verdict
from cockpit.rules.types.forging import Book, ForgeView, Offence, Placed, Pointed, Progress
from cockpit.screens.forge.screen import ForgeScreen
from tests.screens import samples
from tests.screens.pages import FleetPage, screen
from tests.screens.supervisor import FakeSupervisor

BAD = Example(kind=ExampleKind.BAD, text="requests.get(\n    url,\n)", path="calls.py")
GOOD = Example(kind=ExampleKind.GOOD, text="requests.get(url, timeout=3)", path="calls.py")


def hit(path: str, line: int, text: str) -> Hit:
    return Hit(rule=RuleId("candidate-0"), path=path, line=line, end_line=line, text=text)


def placed(where: str, path: str, line: int, text: str) -> Placed:
    code = f"def caller(url):\n    value = {text}\n    return value"
    return Placed(where=where, hit=hit(path, line, text), code=code, first_line=line - 1)


def book(number: int, says: str, *, is_proven: bool = True, **counts: Any) -> Book:
    candidate = Candidate(language="python", body={"rule": {"pattern": f"p{number}"}}, says=says)
    verdicts = (
        Verdict(example=BAD, is_right=True, hits=(hit("", 1, "requests.get("),)),
        Verdict(example=GOOD, is_right=is_proven, hits=() if is_proven else (hit("", 1, "requests.get("),)),
    )
    text = f"id: no-timeout\nlanguage: python\nmessage: outbound call without a timeout\nrule:\n  pattern: p{number}\n"
    return Book(number=number, candidate=candidate, text=text, verdicts=verdicts, is_judged=True, **counts)


def a_view(**update: Any) -> ForgeView:
    found = (
        placed("checkout", "src/orders/client.py", 41, "requests.get(where, headers=own)"),
        placed("fix-login", "src/users/login.py", 12, "requests.get(there)"),
    )
    narrow = book(1, "requests.get without timeout", in_tree=1, in_sessions=1, stopped=3, hits=found)
    broad = book(
        2,
        "every requests.get",
        is_proven=False,
        in_tree=212,
        in_sessions=4,
        stopped=41,
        is_cut=True,
        doubts=("212 or more hits in 9,000 lines: make it narrower",),
    )
    whole = ForgeView(
        id="1",
        name="outbound-call-without-timeout",
        message="outbound call without a timeout",
        remedy="pass timeout=, 10 seconds at most",
        language="python",
        pairs=(Pair(bad=BAD.text, good=GOOD.text, path="calls.py"),),
        books=(narrow, broad),
        progress=Progress.JUDGED,
        commits=200,
        version=1,
    )
    return whole.model_copy(update=update)


class Smith:
    """Answers the forge's screen; its state is changed by the test."""

    def __init__(self) -> None:
        self.view = a_view()
        self.commands: list[Any] = []
        self.answers: dict[str, dict[str, Any]] = {
            "open_forge": {"forge": "1"},
            "get_rule_files": {"rule": "no-timeout", "files": {".cockpit/rules/no-timeout.yml": "id: no-timeout"}},
        }
        self.refusals: dict[str, ErrorInfo] = {}
        self.is_gone = False
        """Whether the forge was closed behind the screen's back."""

    def named(self, cmd: str) -> list[Any]:
        return [one for one in self.commands if one.cmd == cmd]

    async def call(self, command: Any) -> dict[str, Any]:
        if command.cmd == "follow_forge":
            while self.view.version <= command.after:
                if self.is_gone:
                    raise CommandFailed(ErrorInfo(what="This forge is not open any more."))
                await asyncio.sleep(0.01)
            return self.view.model_dump(mode="json")
        self.commands.append(command)
        if command.cmd in self.refusals:
            raise CommandFailed(self.refusals[command.cmd])
        return self.answers.get(command.cmd, {})


class ForgePage:
    """The forge on a person's screen."""

    def __init__(self, page: FleetPage, forge: ForgeScreen, smith: Smith) -> None:
        self.page, self.forge, self.smith = page, forge, smith
        self.ended: list[str | None] = []

    @property
    def text(self) -> str:
        return self.page.text()

    async def press(self, *keys: str) -> None:
        await self.page.press(*keys)

    async def until(self, condition: Callable[[], bool]) -> None:
        await self.page.until(condition)


@contextlib.asynccontextmanager
async def forge(tmp_path: Path, size: tuple[int, int] = (120, 40)) -> AsyncIterator[ForgePage]:
    """Open a forge on a finding."""
    smith = Smith()
    offence = Offence(kind=Pointed.FINDING, path="calls.py", line=4, said="outbound call without a timeout")
    async with screen(tmp_path, size=size) as page:
        opened = ForgeScreen((offence,), smith.call, page.app.keyboard)
        shown = ForgePage(page, opened, smith)
        page.app.push_screen(opened, shown.ended.append)
        await page.until(lambda: "every requests.get" in page.text() and "judged" in page.text())
        yield shown


async def test_candidates_stand_side_by_side_with_their_books(tmp_path: Path) -> None:
    async with forge(tmp_path) as page:
        rows = page.page.text(page.forge.table).split("\n")
        assert rows[0].split() == ["candidates", "examples", "checkout", "sessions", "stopped"]
        assert rows[1].split()[-4:] == ["2/2", "1", "1", "3"]
        assert rows[2].split()[-4:] == ["1/2", "212+", "4", "41"]
        assert "outbound call without a timeout" in page.text


async def test_hits_are_read_in_place_with_their_code(tmp_path: Path) -> None:
    async with forge(tmp_path) as page:
        text = page.page.text(page.forge.reading)
        assert "src/orders/client.py:41" in text
        assert "41 │     value = requests.get(where, headers=own)" in text
        assert "fix-login" in text
        await page.press("j")
        await page.until(lambda: "make it narrower" in page.text)
        assert "good, hit" in page.text


async def test_a_hit_is_marked_and_the_new_candidate_appears_beside(tmp_path: Path) -> None:
    async with forge(tmp_path) as page:
        await page.press("f")
        assert not page.smith.named("mark_hit")
        await page.press("tab")
        at = next(n for n, line in enumerate(page.forge.reading.lines) if "src/users" in line.text)
        page.forge.reading.go(at)
        await page.press("f")
        await page.until(lambda: bool(page.smith.named("mark_hit")))
        (mark,) = page.smith.named("mark_hit")
        assert (mark.candidate, mark.place, mark.mark) == (1, 1, "fine")
        first, second = page.smith.view.books
        new = book(3, "get with one argument", source="mark", in_tree=1)
        page.smith.view = a_view(version=2, books=(first, new, second), fine=("requests.get(there)",))
        await page.until(lambda: "from your mark: get with one argument" in page.text)
        assert page.forge.book == first


async def test_a_rule_by_hand_is_judged_and_its_wrong_line_told(tmp_path: Path) -> None:
    async with forge(tmp_path) as page:
        page.smith.answers["judge_rule"] = {"candidate": 1, "problem": "is not YAML", "line": 3}
        await page.press("e")
        assert "pattern: p1" in page.text
        await page.press("x", "enter")
        await page.until(lambda: "line 3: is not YAML" in page.text)
        assert page.smith.named("judge_rule")[-1].text.startswith("x\nid: no-timeout")
        assert not page.smith.named("accept_rule")
        page.smith.answers["judge_rule"] = {"candidate": 3, "problem": "", "line": None}
        await page.press("y")
        await page.until(lambda: "read; judging it" in page.text)
        own = book(3, "mine", source="person")
        page.smith.view = a_view(version=2, books=(*page.smith.view.books, own))
        await page.until(lambda: page.forge.book == own)
        await page.press("escape")
        assert page.ended == []
        await page.press("escape")
        await page.until(lambda: page.ended == [""])
        assert not page.smith.named("close_forge")[-1].is_done


async def test_enter_accepts_what_is_proven_and_nothing_else(tmp_path: Path) -> None:
    async with forge(tmp_path) as page:
        await page.press("j", "enter")
        await page.until(lambda: "do not come out right" in page.text)
        page.smith.refusals["accept_rule"] = ErrorInfo(what="main has moved.", kept="Nothing was changed.")
        await page.press("k", "enter")
        await page.until(lambda: "main has moved." in page.text)
        assert page.ended == []
        del page.smith.refusals["accept_rule"]
        await page.press("enter")
        await page.until(lambda: page.ended == ["no-timeout"])
        accepted = page.smith.named("accept_rule")[-1]
        assert accepted.rule == "no-timeout"
        assert list(accepted.files) == [".cockpit/rules/no-timeout.yml"]
        assert page.smith.named("close_forge")[-1].is_done


async def test_without_a_good_example_a_person_is_asked_for_one(tmp_path: Path) -> None:
    async with forge(tmp_path) as page:
        pair = Pair(bad="requests.get(url)", path="calls.py")
        page.smith.view = a_view(version=2, pairs=(pair,))
        await page.until(lambda: "1 bad, 0 good examples" in page.text)
        await page.press("enter")
        await page.until(lambda: "no good example yet" in page.text)
        assert not page.smith.named("accept_rule")
        await page.press("g", "backspace")
        await page.page.write(", timeout=3)")
        await page.press("enter")
        await page.until(lambda: bool(page.smith.named("give_fix")))
        assert page.smith.named("give_fix")[0].text == "requests.get(url, timeout=3)"
        assert page.forge.table.has_focus
        await page.press("g", "escape")
        assert page.ended == []


async def test_a_narrow_terminal_shows_the_counts_still(tmp_path: Path) -> None:
    async with forge(tmp_path, (80, 24)) as page:
        rows = page.page.text(page.forge.table).split("\n")
        assert rows[1].split()[-4:] == ["2/2", "1", "1", "3"]
        assert all(len(row) <= 80 for row in page.text.split("\n"))


def a_finding(supervisor: FakeSupervisor) -> None:
    samples.started(supervisor)
    session = samples.working(supervisor, "fix login", "pytest")
    samples.checked(supervisor, session, CheckOutcome.FAILED)


async def test_the_key_opens_it_on_what_is_under_the_cursor(tmp_path: Path) -> None:
    async with screen(tmp_path, before=a_finding) as page:
        page.supervisor.results["open_forge"] = {"forge": "1"}
        page.supervisor.results["follow_forge"] = a_view().model_dump(mode="json")
        await page.row("fix login")
        await page.press("R")
        await page.until(lambda: page.is_on(ForgeScreen))
        await page.until(lambda: "requests.get without timeout" in page.text())
        (opened,) = [one for one in page.supervisor.commands if one.cmd == "open_forge"]
        assert (opened.offences[0].kind, opened.offences[0].said) == (Pointed.FINDING, "`os` is not used")
        await page.press("escape")
        await page.until(lambda: not page.is_on(ForgeScreen))
