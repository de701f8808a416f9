"""The terminal pane on the whole screen: shown where there is one, typed into, detached from, and never raw."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from textual import events

from cockpit.journal import types as ev
from cockpit.protocol.types import ErrorInfo, ResizeTerminal, ShowTerminal, TypeKeys
from cockpit.sessions.types import AgentExited, ScreenRow, TerminalScreen
from cockpit.types import SessionId
from tests.screens import samples
from tests.screens.pages import FleetPage, screen
from tests.screens.supervisor import FakeSupervisor
from widgets.terminal import TerminalPane

SHELL = "talk to a shell"


def story(supervisor: FakeSupervisor) -> None:
    samples.started(supervisor)
    session = samples.working(supervisor, SHELL, "sh")
    supervisor.happen(
        session, ev.AgentLaunched(run=1, driver="terminal", agent="shell", is_resume=False, abilities=("has_screen",))
    )
    samples.working(supervisor, "another task", "pytest")


class TerminalPage:
    """The terminal tab of the session with a shell."""

    def __init__(self, fleet: FleetPage) -> None:
        self.fleet = fleet
        self.session = SHELL.replace(" ", "-")
        self._frame = 0

    @property
    def pane(self) -> TerminalPane:
        """The pane."""
        pane = self.fleet.app.fleet.detail.pane
        assert isinstance(pane, TerminalPane)
        return pane

    async def open(self) -> TerminalPage:
        """See the tab."""
        await self.fleet.row(SHELL)
        await self.fleet.press("tab")
        await self.fleet.until(lambda: self.fleet.app.fleet.detail.tab == "Terminal")
        return self

    async def draw(
        self,
        *rows: tuple[tuple[str, str], ...],
        size: tuple[int, int] = (60, 20),
        cursor: tuple[int, int] | None = (0, 0),
        is_whole: bool = True,
        first: int = 0,
    ) -> None:
        """Let the program show these rows."""
        self._frame += 1
        lines = tuple(ScreenRow(y=first + y, runs=runs) for y, runs in enumerate(rows))
        self.fleet.supervisor.progress(
            self.session,
            TerminalScreen(
                frame=self._frame, columns=size[0], rows=size[1], cursor=cursor, is_whole=is_whole, lines=lines
            ),
        )
        watched = self.fleet.app.store.watched(SessionId(self.session))
        assert watched is not None
        await self.fleet.until(lambda: watched.glass.frame == self._frame)
        self.fleet.app.fleet.flush()
        await self.fleet.pilot.pause()

    async def attach(self) -> None:
        """Give the keys to the program."""
        self.pane.focus()
        await self.fleet.press("i")
        assert self.pane.takes_every_key

    async def typed(self, text: str) -> None:
        """Wait until the program has got this text."""
        sent = self.fleet.supervisor
        await self.fleet.until(lambda: "".join(one.data for one in sent.of(TypeKeys)) == text)


@pytest.fixture
async def page(tmp_path: Path) -> AsyncIterator[TerminalPage]:
    async with screen(tmp_path, before=story) as fleet:
        yield TerminalPage(fleet)


async def test_the_tab_is_there_for_agents_with_a_screen_only(page: TerminalPage) -> None:
    fleet = page.fleet
    await fleet.row("another task")
    assert "Terminal" not in fleet.text(fleet.app.fleet.detail)
    await page.open()
    await fleet.row("another task")
    await fleet.until(lambda: fleet.app.fleet.detail.tab == "Overview")
    await fleet.row(SHELL)
    await fleet.until(lambda: fleet.app.fleet.detail.tab == "Terminal")


async def test_what_the_program_shows_is_seen_in_its_colours(page: TerminalPage) -> None:
    await page.open()
    assert (await page.fleet.supervisor.commanded(ShowTerminal))[0].is_whole
    await page.draw((("$ ls ", ""), ("readme", "b|1|"), (" 日本", "|#00ff00|")))
    assert "$ ls readme 日本" in page.fleet.text(page.pane)
    styles = {segment.text: segment.style for segment in page.pane.render_line(1) if segment.style is not None}
    assert styles["readme"].bold
    assert styles[" 日本"].color is not None
    assert styles[" 日本"].color.get_truecolor() == (0, 255, 0)
    await page.draw((("only this row", ""),), is_whole=False, first=3)
    assert "only this row" in page.fleet.text(page.pane)
    assert "$ ls readme" in page.fleet.text(page.pane)


async def test_after_a_missed_frame_a_whole_screen_is_asked_for(page: TerminalPage) -> None:
    await page.open()
    await page.draw((("first", ""),))
    asked = len(page.fleet.supervisor.of(ShowTerminal))
    page._frame += 1
    await page.draw((("third", ""),), is_whole=False)
    await page.fleet.until(lambda: any(one.is_whole for one in page.fleet.supervisor.of(ShowTerminal)[asked:]))


async def test_attached_every_key_goes_to_the_program_but_those_that_leave(page: TerminalPage) -> None:
    await page.open()
    await page.draw((("$ ", ""),))
    await page.attach()
    fleet = page.fleet
    assert "your keys go to the program   ^] gives them back" in fleet.text(page.pane)
    assert "^] take the keys back" in fleet.text()
    assert "redirect" not in fleet.text().splitlines()[-1]
    await fleet.press("q", "1", "question_mark", "ctrl+c", "ctrl+p", "escape", "up", "shift+tab", "enter", "space")
    await page.typed("q1?\x03\x10\x1b\x1b[A\x1b[Z\r ")
    assert any(one.is_attached for one in fleet.supervisor.of(ShowTerminal))
    await fleet.press("ctrl+right_square_bracket")
    assert not page.pane.takes_every_key
    assert "i types into it" in fleet.text(page.pane)
    await fleet.press("h")
    assert fleet.app.fleet.list.has_focus
    await page.typed("q1?\x03\x10\x1b\x1b[A\x1b[Z\r ")


async def test_pasted_text_is_sent_as_one_paste(page: TerminalPage) -> None:
    await page.open()
    await page.draw((("$ ", ""),))
    await page.attach()
    page.fleet.app.post_message(events.Paste("two\nlines"))
    await page.typed("two\nlines")
    assert page.fleet.supervisor.of(TypeKeys)[0].is_paste


async def test_keys_stay_in_order_while_the_supervisor_is_slow(page: TerminalPage) -> None:
    await page.open()
    await page.draw((("$ ", ""),))
    await page.attach()
    text = "echo the quick brown fox jumps over the lazy dog"
    await page.fleet.press(*("space" if char == " " else char for char in text))
    await page.typed(text)


async def test_a_screen_larger_than_the_pane_is_cropped_around_the_cursor_and_says_so(page: TerminalPage) -> None:
    await page.open()
    rows = tuple(((f"row {y} " + "x" * 190 + "end", ""),) for y in range(100))
    page.pane.focus()
    await page.draw(*rows, size=(200, 100), cursor=(3, 99))
    shown = page.fleet.text(page.pane)
    assert "row 99" in shown
    assert "row 0 " not in shown
    height, width = page.pane.size.height - 1, page.pane.size.width
    assert f"200x100, rows {101 - height}-100, columns 1-{width}; f fits it" in shown.replace("\n", " ")
    await page.fleet.press("g")
    assert "row 0 " in page.fleet.text(page.pane)
    await page.fleet.press("f")
    resize = (await page.fleet.supervisor.commanded(ResizeTerminal))[0]
    assert (resize.columns, resize.rows) == (width, height)


async def test_hostile_runs_cannot_reach_the_terminal(page: TerminalPage) -> None:
    await page.open()
    await page.draw((("\x1b]52;c;ZXZpbA==\x07\x1b[2Jok \u202eevil", "zzz|999|#gg0000"),))
    shown = page.fleet.text(page.pane)
    assert "ok" in shown
    assert not any(hostile in shown for hostile in ("\x1b", "\x07", "\u202e"))


async def test_who_is_refused_has_the_keys_back(page: TerminalPage) -> None:
    await page.open()
    await page.draw((("$ ", ""),))
    await page.attach()
    page.fleet.supervisor.refusals["type_keys"] = ErrorInfo(what="The agent's terminal does not answer.")
    await page.fleet.press("x")
    await page.fleet.until(lambda: not page.pane.takes_every_key)
    await page.fleet.until(lambda: "does not answer" in page.fleet.toasts())


async def test_a_program_that_ends_gives_the_keys_back(page: TerminalPage) -> None:
    await page.open()
    await page.draw((("bye", ""),))
    await page.attach()
    page.fleet.supervisor.say(page.session, AgentExited(exit_code=0))
    await page.fleet.settle()
    await page.fleet.until(lambda: not page.pane.takes_every_key)
    assert "the program has ended" in page.fleet.text(page.pane)
    assert "bye" in page.fleet.text(page.pane)


async def test_a_peek_shows_the_end_of_the_terminal(page: TerminalPage) -> None:
    await page.fleet.row(SHELL)
    await page.fleet.press("space")
    assert (await page.fleet.supervisor.commanded(ShowTerminal))[0].is_whole
    await page.draw((("$ make", ""),), (("", ""),), (("all is well", "b|2|"),))
    await page.fleet.until(lambda: "all is well" in page.fleet.text())
    assert "$ make" in page.fleet.text()
