"""The driver against a terminal made of a list of bytes: pacing, stalls, hostile input, colours."""

from __future__ import annotations

import asyncio
import contextlib
import webbrowser
from collections.abc import AsyncIterator, Callable

import pytest
from textual.widgets import Input

from cockpit.screens import driver as driver_module
from cockpit.screens.driver import MAX_UNANSWERED_FRAMES, RelayDriver, can_draw, driver_for
from cockpit.screens.traps import close_traps, dress
from cockpit.screens.wire import Hello
from tests.screens.glass import Glass
from tests.screens.sample_host import Rows, SampleApp

QUERY, ANSWER = b"\x1b[5n", b"\x1b[0n"


class FakeTerminal(Glass):
    """A link that keeps what it is sent and answers queries when told to."""

    def __init__(self, columns: int = 60, rows: int = 12, *, answers: bool = True) -> None:
        super().__init__(columns, rows)
        self.term_program = ""
        self.answers = answers
        self.suspensions = 0
        self.driver: RelayDriver
        self._changed = asyncio.Event()

    def write(self, data: bytes) -> None:
        self.draw(data)
        self._changed.set()
        if self.answers:
            self.answer(data.count(QUERY))

    def answer(self, times: int = 1) -> None:
        asyncio.get_running_loop().call_soon(self.driver.feed, ANSWER * times)

    def suspend(self) -> None:
        self.suspensions += 1

    def driver_ready(self, driver: RelayDriver) -> None:
        self.driver = driver

    async def until(self, condition: Callable[[], bool]) -> None:
        """Wait until output, or a while, has made the condition true."""
        async with asyncio.timeout(10):
            while not condition():
                self._changed.clear()
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(0.02):
                        await self._changed.wait()

    async def shows_cursor_at(self, row: int) -> None:
        await self.until(lambda: self.shows(f"> row {row:04d}"))


@contextlib.asynccontextmanager
async def running(terminal: FakeTerminal, **facts: object) -> AsyncIterator[SampleApp]:
    """A sample App on a terminal, ended afterwards."""
    close_traps()
    hello = Hello.model_validate(
        {"version": 1, "repo": "/", "columns": terminal.columns, "rows": terminal.rows, "colorterm": "truecolor"}
        | facts
    )
    app = SampleApp(hello)
    dress(app, hello)
    app.driver_class = driver_for(terminal)
    task = asyncio.create_task(app.run_async(size=(terminal.columns, terminal.rows)))
    try:
        await terminal.shows_cursor_at(0)
        yield app
    finally:
        app.exit()
        await task


def cursor_of(app: SampleApp) -> int:
    return app.query_one(Rows).cursor


async def settled(app: SampleApp) -> None:
    """Wait until the App has taken all that was posted and drawn what it may."""
    done = asyncio.Event()
    app.call_later(lambda: app.call_after_refresh(done.set))
    async with asyncio.timeout(5):
        await done.wait()


async def test_a_key_repaints_two_lines_and_nothing_else() -> None:
    terminal = FakeTerminal(columns=160, rows=48)
    async with running(terminal) as app:
        terminal.driver.feed(b"j")
        await terminal.shows_cursor_at(1)
        await settled(app)
        before = len(terminal.output)
        terminal.driver.feed(b"j")
        await terminal.shows_cursor_at(2)
        assert len(terminal.output) - before < 4 * 160
        assert terminal.driver.bytes_written == len(terminal.output)


async def test_the_terminal_is_taken_without_reports_of_every_mouse_move_and_given_back() -> None:
    terminal = FakeTerminal()
    async with running(terminal):
        taken = bytes(terminal.output)
    for mode in (b"?1049h", b"?1000h", b"?1002h", b"?1006h", b"?2004h", b"?2026$p", b">25u"):
        assert b"\x1b[" + mode in taken
    assert b"?1003h" not in terminal.output
    for mode in (b"?1049l", b"?1000l", b"?1002l", b"?1006l", b"?2004l", b"<u", b"?25h"):
        assert b"\x1b[" + mode in terminal.output


async def test_frames_wait_for_the_terminal_and_the_newest_state_is_shown() -> None:
    terminal = FakeTerminal()
    async with running(terminal) as app:
        await settled(app)
        terminal.answers = False
        driver = terminal.driver
        sent = driver.frames_written
        for row in range(1, 31):
            driver.feed(b"j")
            await terminal.until(lambda row=row: cursor_of(app) == row)  # type: ignore[misc]  # a default binds the row
        await settled(app)
        assert driver.frames_written - sent == MAX_UNANSWERED_FRAMES
        assert not can_draw(app)
        driver.feed(b"k" * 25)
        await terminal.until(lambda: cursor_of(app) == 5)
        terminal.answers = True
        terminal.answer(MAX_UNANSWERED_FRAMES)
        await terminal.shows_cursor_at(5)


async def test_a_terminal_that_never_answers_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(driver_module, "MUTE_AFTER_S", 0.01)
    terminal = FakeTerminal(answers=False)
    async with running(terminal):
        for row in range(1, 9):
            terminal.driver.feed(b"j")
            await terminal.shows_cursor_at(row)


async def test_a_terminal_that_stops_answering_is_asked_again_and_painted_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = FakeTerminal()
    async with running(terminal) as app:
        await settled(app)
        monkeypatch.setattr(driver_module, "MUTE_AFTER_S", 0.01)
        monkeypatch.setattr(driver_module, "VANISHED_AFTER_S", 0.0)
        terminal.driver.feed(b"j")
        await terminal.shows_cursor_at(1)
        await settled(app)
        terminal.answers = False
        terminal.driver.feed(b"j")
        await terminal.shows_cursor_at(2)
        terminal.wipe()
        await terminal.until(lambda: QUERY in terminal.output)
        assert not terminal.driver.can_draw
        assert not terminal.output.replace(QUERY, b"")
        terminal.answers = True
        terminal.answer()
        await terminal.until(lambda: b"row 0011" in terminal.output)


async def test_a_full_link_gets_nothing_and_is_painted_when_it_has_room() -> None:
    terminal = FakeTerminal()
    async with running(terminal) as app:
        await settled(app)
        driver = terminal.driver
        driver.pause()
        before = len(terminal.output)
        driver.feed(b"j" * 40)
        await terminal.until(lambda: cursor_of(app) == 40)
        app.bell()
        driver.resize(50, 10)
        await settled(app)
        assert len(terminal.output) == before
        driver.feed(b"k" * 35)
        await terminal.until(lambda: cursor_of(app) == 5)
        driver.resume()
        await terminal.shows_cursor_at(5)


async def test_what_changes_size_while_nothing_may_be_drawn_is_painted_whole_afterwards() -> None:
    terminal = FakeTerminal(columns=60, rows=12)
    async with running(terminal) as app:
        await settled(app)
        terminal.driver.pause()
        terminal.driver.resize(70, 20)
        await terminal.until(lambda: app.screen.size == (70, 20))
        await settled(app)
        terminal.wipe()
        terminal.grow(70, 20)
        terminal.driver.resume()
        await terminal.until(lambda: terminal.shows("row 0000") and terminal.shows("row 0019"))


async def test_resizing_repaints() -> None:
    terminal = FakeTerminal(columns=60, rows=12)
    async with running(terminal):
        terminal.grow(70, 20)
        terminal.driver.resize(70, 20)
        await terminal.until(lambda: "row 0019" in terminal.lines()[19])


HOSTILE = [
    b"\xff\xfe\x80",
    b"\xc3",
    b"\x1b[99999999999999999999u",
    b"\x1b[1114112;1u",
    b"\x1b[97:65;5:1u",
    b"\x1b[97;5:3;65:66u",
    b"\x1b[<0;99999999999;99999999999M",
    b"\x1b[<999;1;1m",
    b"\x1b[M\xff\xff\xff",
    b"\x1b[48;1;1;1;1t",
    b"\x1b[999999;999999R",
    b"\x1b]52;c;AAAA\x07",
    b"\x1bP1$r0m\x1b\\",
    b"\x1b[?2026;9$y\x1b[?1;2c",
    b"\x1b[200~pasted \xff \x1b[201~",
    b"\x1b\x1b\x1b",
    b"\0" * 10,
    b"\x1b[" + b"1;" * 30 + b"m",  # longer than any sequence: it is typed, a key each, so no longer than needed
]


async def test_no_input_kills_the_screen() -> None:
    terminal = FakeTerminal()
    async with running(terminal, options={"input": ""}) as app:
        typed = app.query_one(Input)
        for data in HOSTILE:
            for byte in data:
                terminal.driver.feed(bytes([byte]))
            terminal.driver.feed(data * 3)
            terminal.driver.feed(b"")
            terminal.driver._end_escape()
            # Whatever sequence was left open is ended, then an ordinary word must arrive.
            terminal.driver.feed(b"\x1b[201~")
            await settled(app)
            typed.focus()
            typed.clear()
            await settled(app)
            terminal.driver.feed("Grüße".encode())
            await terminal.until(lambda: "Grüße" in typed.value)
            assert app.size == (60, 12)


async def test_characters_and_answers_may_arrive_in_pieces() -> None:
    terminal = FakeTerminal(answers=False)
    async with running(terminal, options={"input": ""}) as app:
        for byte in "aé".encode() + ANSWER + "水".encode() + ANSWER:
            terminal.driver.feed(bytes([byte]))
        await terminal.until(lambda: app.query_one(Input).value == "aé水")


async def test_a_lone_escape_is_a_key() -> None:
    terminal = FakeTerminal()
    async with running(terminal) as app:
        pressed: list[str] = []
        app.action_escaped = lambda: pressed.append("escape")  # type: ignore[attr-defined]  # an action of this test
        app.bind("escape", "escaped")
        terminal.driver.feed(b"j")
        terminal.driver.feed(b"\x1b")
        await terminal.until(lambda: pressed == ["escape"])


async def test_a_key_right_after_escape_is_a_key_of_its_own() -> None:
    terminal = FakeTerminal()
    async with running(terminal) as app:
        pressed: list[str] = []
        app.action_seen = lambda key: pressed.append(key)  # type: ignore[attr-defined]  # an action of this test
        for key in ("escape", "r", "ctrl+t", "f5"):
            app.bind(key, f"seen('{key}')")
        terminal.driver.feed(b"\x1br\x1b\x14")
        for piece in (b"\x1b", b"r", b"\x1b", b"[15~", b"\x1b\x1b", b"[1", b"5~"):
            terminal.driver.feed(piece)
        wanted = ["escape", "r", "escape", "ctrl+t", "escape", "r", "f5", "escape", "f5"]
        await terminal.until(lambda: len(pressed) >= len(wanted))
        assert pressed == wanted


async def test_alt_and_enter_is_one_key_however_the_terminal_spells_it() -> None:
    terminal = FakeTerminal()
    async with running(terminal) as app:
        pressed: list[str] = []
        app.action_seen = lambda: pressed.append("alt+enter")  # type: ignore[attr-defined]  # an action of this test
        app.bind("alt+enter", "seen")
        terminal.driver.feed(b"\x1b\r")
        terminal.driver.feed(b"\x1b[13;3u")
        await terminal.until(lambda: pressed == ["alt+enter"] * 2)


async def test_suspending_is_the_relays_and_continuing_paints_everything() -> None:
    terminal = FakeTerminal()
    async with running(terminal) as app:
        terminal.driver.feed(b"\x1a")
        await terminal.until(lambda: terminal.suspensions == 1)
        await settled(app)
        terminal.wipe()
        terminal.driver.feed(b"j")
        await terminal.until(lambda: cursor_of(app) == 1)
        await settled(app)
        assert not terminal.output
        terminal.driver.terminal_continued()
        await terminal.shows_cursor_at(1)
        assert b"\x1b[?1049h" in terminal.output
        assert "row 0011" in terminal.lines()[11]


async def test_an_address_is_shown_and_not_opened(monkeypatch: pytest.MonkeyPatch) -> None:
    opened: list[str] = []
    monkeypatch.setattr(webbrowser, "open", opened.append)
    terminal = FakeTerminal(columns=80, rows=20)
    async with running(terminal):
        terminal.driver.feed(b"u")
        await terminal.until(lambda: terminal.shows("https://example.org/"))
    assert opened == []


async def test_each_terminal_gets_its_own_colours() -> None:
    rich, poor, grey = FakeTerminal(), FakeTerminal(), FakeTerminal()
    async with running(rich), running(poor, colorterm="", term="xterm-256color"), running(grey, no_color=True):
        for terminal in (rich, poor, grey):
            terminal.driver.feed(b"j")
            await terminal.shows_cursor_at(1)
        assert b"38;2;210;180;40" in rich.output
        assert b"38;2;" not in poor.output
        assert b"38;5;" in poor.output
        assert b"38;2;210;180;40" not in grey.output
        assert b"38;5;" not in rich.output
