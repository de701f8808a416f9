"""A host with a small App for tests: a list drawn by the line, and odd keys."""

from __future__ import annotations

import asyncio
import sys
import time
from typing import ClassVar

from rich.segment import Segment
from rich.style import Style
from textual.app import App, ComposeResult
from textual.binding import Binding
from textual.geometry import Size
from textual.scroll_view import ScrollView
from textual.strip import Strip
from textual.widgets import Input

from cockpit.screens.host import main
from cockpit.screens.wire import Hello

PLAIN = Style.parse("rgb(210,180,40) on rgb(10,20,60)")
CURSOR = Style.parse("rgb(10,20,60) on rgb(210,180,40)")


class Rows(ScrollView, can_focus=True):
    """Rows over a store; a cursor move repaints two lines."""

    BINDINGS: ClassVar = [Binding("j", "move(1)", "Down"), Binding("k", "move(-1)", "Up")]

    def __init__(self, count: int) -> None:
        super().__init__()
        self.cursor = 0
        self.count = count

    def on_mount(self) -> None:
        self.virtual_size = Size(20, self.count)

    def action_move(self, by: int) -> None:
        before, self.cursor = self.cursor, max(0, min(self.count - 1, self.cursor + by))
        self.refresh_line(before)
        self.refresh_line(self.cursor)

    def render_line(self, y: int) -> Strip:
        row = y + self.scroll_offset.y
        is_cursor = row == self.cursor
        text = f"{'>' if is_cursor else ' '} row {row:04d} session idle ü"
        return Strip([Segment(text, CURSOR if is_cursor else PLAIN)]).adjust_cell_length(self.size.width, PLAIN)


class SampleApp(App[None]):
    """What the tests attach to."""

    BINDINGS: ClassVar = [
        Binding("ctrl+z", "suspend_process", "Suspend"),
        Binding("q", "quit", "Quit"),
        Binding("c", "crash", "Crash"),
        Binding("b", "block", "Block"),
        Binding("x", "say_bye", "Bye"),
        Binding("u", "visit", "Visit"),
        Binding("h", "hang", "Hang"),
        Binding("p", "say_on_stdout", "Print"),
    ]

    def __init__(self, hello: Hello) -> None:
        super().__init__()
        self.hello = hello

    def compose(self) -> ComposeResult:
        if "input" in self.hello.options:
            yield Input(id="typed")
        yield Rows(int(self.hello.options.get("rows", "200")))

    def action_crash(self) -> None:
        raise RuntimeError("the wing came off")

    def action_block(self) -> None:
        time.sleep(0.4)

    async def action_hang(self) -> None:
        await asyncio.Event().wait()

    def action_say_bye(self) -> None:
        self.exit(return_code=7, message="bye \x1b[31mfrom the screen")

    def action_visit(self) -> None:
        self.open_url("https://example.org/")

    def action_say_on_stdout(self) -> None:
        print("printed by a screen")


def make_app(hello: Hello) -> SampleApp:
    if hello.options.get("screen") == "broken":
        raise ValueError("no such screen: broken")
    return SampleApp(hello)


if __name__ == "__main__":
    sys.exit(main(make_app=make_app))
