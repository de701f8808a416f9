"""An app around one pane, and how its screen reads."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path

from textual.app import App, ComposeResult
from textual.pilot import Pilot
from textual.widget import Widget

from cockpit.screens.store import Store
from cockpit.screens.themes import built_in, tokens
from cockpit.types import SessionId
from tests.widgets.stories import SESSION
from widgets.lines import LinesView
from widgets.pane import CommentsWritten, Trouble


class PaneApp(App[None]):
    """Shows one pane and flushes it when told to."""

    ENABLE_COMMAND_PALETTE = False

    def __init__(self, pane: Widget, store: Store, theme: str = "cockpit-dark", session: SessionId = SESSION) -> None:
        super().__init__()
        self.pane, self.store, self.session = pane, store, session
        self.written: list[CommentsWritten] = []
        self.troubles: list[Trouble] = []
        for each in built_in():
            self.register_theme(each)
        self.theme = theme

    def get_theme_variable_defaults(self) -> dict[str, str]:
        """Return a colour for every meaning."""
        return tokens(self.current_theme)

    def compose(self) -> ComposeResult:
        """Show the pane."""
        yield self.pane

    def on_mount(self) -> None:
        """Turn to the session."""
        self.pane.focus()
        self.pane.show(self.session)  # type: ignore[attr-defined]  # every pane has it

    def on_comments_written(self, message: CommentsWritten) -> None:
        """Keep what was written."""
        self.written.append(message)

    def on_trouble(self, message: Trouble) -> None:
        """Keep what went wrong."""
        self.troubles.append(message)

    def flush(self) -> None:
        """Let the pane follow the store."""
        self.pane.flush(self.store)  # type: ignore[attr-defined]  # every pane has it


async def until(pilot: Pilot[None], is_so: Callable[[], bool]) -> None:
    """Flush until something is so; the test's time limit ends a wait in vain."""
    app = pilot.app
    assert isinstance(app, PaneApp)
    while True:
        app.flush()
        await pilot.pause()
        if is_so():
            return


async def settled(pilot: Pilot[None]) -> None:
    """Flush until nothing is fetched any more."""
    app = pilot.app
    assert isinstance(app, PaneApp)
    for _ in range(2):
        app.flush()
        await app.workers.wait_for_complete()
        await pilot.pause()


def screen_of(view: LinesView) -> list[str]:
    """Return what a view shows, row by row."""
    return [view.render_line(y).text.rstrip() for y in range(view.size.height)]


def all_rows(view: LinesView) -> list[str]:
    """Return every row of a view, seen or not."""
    width, palette = view.columns, view.palette
    return [
        "".join(text for text, _ in line.parts(row, width, palette)).rstrip()
        for line in view.lines
        for row in range(line.rows(width))
    ]


def picture(app: App[None], file: Path) -> None:
    """Write a picture of the screen; for eyes, not for tests."""
    svg = file.with_suffix(".svg")
    svg.write_text(app.export_screenshot())
    subprocess.run(["rsvg-convert", "-o", str(file), str(svg)], check=True)
