"""The forge with a person's own keys over a real supervisor: from whatever they point at to a rule in force."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any, cast

from cockpit.rules.types.forging import Progress
from cockpit.screens.app import CockpitApp
from cockpit.screens.forge.screen import ForgeScreen
from cockpit.screens.store import LinkStatus
from cockpit.screens.wire import WIRE_VERSION, Hello
from cockpit.types import SessionId
from tests.screens.pages import FleetPage
from tests.supervisor.world import CONFIG, Person, S, World, git, make_repository, open_world
from widgets.attention import AttentionRow
from widgets.sessions import SessionRow
from widgets.viewpane import ViewPane

CHECK = r"""
[checks.tidy]
command = ["/bin/sh", "-c", "! grep -Hn BAD *.py"]
parser = "regex"
pattern = '^(?P<path>[^:\n]+):(?P<line>\d+):.*(?P<code>BAD).*$'
"""
BAD, GOOD = "answer = get(url)  # BAD", "answer = get(url, timeout=5)"
WITHIN_S = 30.0


class Desk(FleetPage):
    """The cockpit of one person who is attached to a real supervisor."""

    world: World
    ana: Person

    async def until(self, condition: Any) -> None:
        async with asyncio.timeout(WITHIN_S):
            while not condition():
                await self.pilot.pause(0.02)

    async def at(self, session: SessionId, *, mistake: bool = False) -> None:
        """Put the cursor on a session's row, or on that of a mistake."""
        fleet = self.app.fleet

        def found() -> bool:
            rows = [row for row in fleet.list._rows if isinstance(row, AttentionRow | SessionRow)]
            row = next((row for row in rows if self._is(row, session, mistake=mistake)), None)
            return row is not None and fleet.list.select(row.id) and (mistake or fleet.detail.subject == session)

        await self.until(found)
        await self.settle()

    @staticmethod
    def _is(row: AttentionRow | SessionRow, session: SessionId, *, mistake: bool) -> bool:
        is_mistake = isinstance(row, AttentionRow) and row.is_mistake
        return is_mistake if mistake else not is_mistake and row.session.id == session

    async def forge(self) -> ForgeScreen:
        """Press the key, and wait until everything is judged."""
        await self.press("R")
        await self.until(lambda: self.is_on(ForgeScreen))
        forge = self.app.screen
        assert isinstance(forge, ForgeScreen)
        await self.judged(forge)
        return forge

    async def judged(self, forge: ForgeScreen, bad: int = 0, good: int = 0) -> None:
        """Wait until candidates are judged, with so many examples at least."""

        def is_so() -> bool:
            view = forge.view
            kinds = [one.kind.value for one in view.examples]
            return (
                view.progress is Progress.JUDGED
                and kinds.count("bad") >= bad
                and kinds.count("good") >= good
                and (not bad or (bool(view.books) and all(book.is_judged for book in view.books)))
            )

        await self.until(is_so)
        await self.pilot.pause()

    async def examples(self, forge: ForgeScreen) -> None:
        """Type a bad and a good example."""
        await self.press("x", "a")
        await self.write("subprocess.run(command, shell=True)")
        await self.press("escape")
        await self.judged(forge, bad=1)
        await self.press("A")
        await self.write("subprocess.run(command)")
        await self.press("escape")
        await self.judged(forge, bad=1, good=1)
        await self.press("escape")

    async def accepted(self) -> str:
        """Accept, and return the rule's file as it is on the branch."""
        await self.press("enter")
        await self.until(lambda: "is in force" in self.toasts() or "again accepts" in self.text())
        if self.is_on(ForgeScreen):
            await self.press("enter")
        await self.until(lambda: "is in force" in self.toasts())
        repository = self.world.repository
        (path,) = [one for one in git(repository, "ls-tree", "-r", "--name-only", "main").split() if _is_rule(one)]
        return git(repository, "show", f"main:{path}")


def _is_rule(path: str) -> bool:
    return path.startswith((".cockpit/rules/", ".cockpit/invariants/"))


@contextlib.asynccontextmanager
async def desk(tmp_path: Path, config: str = CONFIG) -> AsyncIterator[Desk]:
    async with open_world(make_repository(tmp_path / "repo", config)) as world:
        ana = await world.start()
        hello = Hello(version=WIRE_VERSION, repo=str(world.repository), columns=120, rows=40, user="ana")
        app = CockpitApp(hello, world.paths)
        async with app.run_test(size=(120, 40)) as pilot:
            page = Desk(app, pilot, cast("Any", ana), world.paths)
            page.world, page.ana = world, ana
            await page.until(lambda: app.store.link is LinkStatus.LIVE)
            yield page


async def test_a_line_of_a_diff(tmp_path: Path, home: Path) -> None:
    async with desk(tmp_path) as page:
        one = await page.ana.task("write a.py requests.get(url)")
        await page.ana.status(one, S.READY)
        await page.at(one)
        await _to_line(page, "requests.get(url)")
        forge = await page.forge()
        assert [pair.bad for pair in forge.view.pairs] == ["requests.get(url)"]
        await page.press("g", "backspace")
        await page.write(", timeout=3)")
        await page.press("enter")
        await page.judged(forge, bad=1, good=1)
        rule = await page.accepted()
        assert "kind: diff line" in rule
        assert "state: block" in rule


async def test_a_comment_on_a_line_brings_what_was_said(tmp_path: Path, home: Path) -> None:
    async with desk(tmp_path) as page:
        one = await page.ana.task("write a.py requests.get(url)")
        await page.ana.status(one, S.READY)
        await page.at(one)
        await _to_line(page, "requests.get(url)")
        await page.press("c")
        await page.write("Never without a timeout")
        await page.press("enter")
        await _to_line(page, "Never without a timeout")
        forge = await page.forge()
        assert [pair.bad for pair in forge.view.pairs] == ["requests.get(url)"]
        assert "Never without a timeout" in forge.view.message
        await page.press("x", "A")
        await page.write("requests.get(url, timeout=3)")
        await page.press("escape")
        await page.judged(forge, bad=1, good=1)
        await page.press("escape", "s")
        rule = await page.accepted()
        assert "kind: comment" in rule
        assert "state: warn" in rule


async def test_a_line_of_the_transcript_has_no_code_and_takes_typed_examples(tmp_path: Path, home: Path) -> None:
    async with desk(tmp_path) as page:
        one = await page.ana.task("say I run it through the shell\nwrite a.py x = 1")
        await page.ana.status(one, S.READY)
        await page.at(one)
        await page.press("right_square_bracket", "l")
        await _to_line(page, "through the shell")
        forge = await page.forge()
        assert not forge.view.pairs
        assert "add a bad example" in page.text()
        await page.examples(forge)
        assert forge.view.language == "python"
        rule = await page.accepted()
        assert "kind: transcript line" in rule


async def test_an_approval_says_that_the_policy_decides_and_takes_examples_all_the_same(
    tmp_path: Path, home: Path
) -> None:
    async with desk(tmp_path) as page:
        one = await page.ana.task('write a.py x = 1\nrequest r1 {"shell": "rm -rf build"}')
        await page.ana.until(lambda: any(item.request for item in page.ana.state.attention.values()))
        await page.at(one)
        forge = await page.forge()
        assert "policy" in forge.view.advice
        assert "approval policy" in page.text()
        await page.examples(forge)
        rule = await page.accepted()
        assert "kind: approval" in rule


async def test_a_mistake_brings_the_fixes_of_all_sessions_as_examples(tmp_path: Path, home: Path) -> None:
    async with desk(tmp_path, CONFIG + CHECK) as page:
        sessions = []
        for name, url in (("a", "url"), ("b", "other")):
            bad, good = BAD.replace("url", url), GOOD.replace("url", url)
            sessions.append(await page.ana.task(f"write {name}.py {bad}", f"write {name}.py {good}"))
            await page.ana.status(sessions[-1], S.READY)
        await page.at(sessions[0], mistake=True)
        forge = await page.forge()
        pairs = {(pair.bad, pair.good) for pair in forge.view.pairs}
        assert pairs == {(BAD, GOOD), (BAD.replace("url", "other"), GOOD.replace("url", "other"))}
        assert forge.view.books[0].is_proven
        rule = await page.accepted()
        assert "kind: mistake" in rule


async def test_a_finding_brings_earlier_fixes_of_the_same_mistake(tmp_path: Path, home: Path) -> None:
    async with desk(tmp_path, CONFIG + CHECK) as page:
        one = await page.ana.task(f"write a.py {BAD}", f"write a.py {GOOD}")
        await page.ana.status(one, S.READY)
        bad = BAD.replace("answer", "reply")
        two = await page.ana.task(f"write b.py {bad}", "wait never-there")
        await page.ana.until(lambda: bool(page.ana.session(two).findings))
        await page.at(two)
        forge = await page.forge()
        pairs = {pair.bad: pair.good for pair in forge.view.pairs}
        assert pairs[BAD] == GOOD
        assert any("reply" in one for one in pairs)
        rule = await page.accepted()
        assert "kind: finding" in rule


async def _to_line(page: Desk, words: str) -> None:
    """Put the cursor on the line that says these words."""
    fleet = page.app.fleet
    if "requests" in words:
        await page.press("d", "l")

    def stands() -> bool:
        pane = fleet.detail.pane
        if not isinstance(pane, ViewPane):
            return False
        at = next((n for n, line in enumerate(pane.view.lines) if words in line.text), None)
        if at is not None:
            pane.view.go(at)
        return at is not None

    await page.until(stands)
    await page.pilot.pause()
