"""One App with its driver: shown on the terminal of an attachment, or kept ready for the next person who attaches.

Making an App, styling its widgets and painting them for the first time takes longer than everything else of an
attach. So the host keeps one more App than there are terminals: made like the last one that was asked for, drawn once
for nobody, then resting as a suspended screen does. Whoever attaches with the same hello is shown it at once.
"""

from __future__ import annotations

import asyncio
import logging
import traceback
from collections.abc import Callable
from typing import Any, Protocol

from textual.app import App

from cockpit.screens.driver import RelayDriver, driver_for
from cockpit.screens.traps import dress
from cockpit.screens.wire import Hello

_log = logging.getLogger(__name__)

MakeApp = Callable[[Hello], App[Any]]

CLOSE_WITHIN_S = 5.0
SPARE_AFTER_S = 2.0
"""How long after an attach the next screen is made ready: the person who has just attached comes first."""
REST_AFTER_S = 0.5
"""How long an App that nobody sees yet may draw, so that everything is styled and its supervisor has been heard."""
_SHOWN_CALLS = 3
_QUERY, _ANSWER = b"\x1b[5n", b"\x1b[0n"


class Viewer(Protocol):
    """What a screen needs of the terminal that it is shown on."""

    columns: int
    rows: int

    def output(self, data: bytes) -> None:
        """Send bytes to the terminal; never blocks."""

    def suspend(self) -> None:
        """Give the terminal back to its shell until the person continues."""

    def driver_ready(self, driver: RelayDriver) -> None:
        """Take the driver that input, sizes and congestion are to be told to."""

    def screen_ended(self, code: int, message: str) -> None:
        """The App has ended, with an exit status and what it would have printed."""


class LiveScreen:
    """An App that runs; it is the `Link` of its driver, whoever looks.

    Args:
        make_app: makes the App from what a relay said.
        hello: whom the App is made for.
        viewer: the terminal it is shown on; None: nobody's yet.
    """

    def __init__(self, make_app: MakeApp, hello: Hello, viewer: Viewer | None = None) -> None:
        self.hello = hello
        self.columns, self.rows, self.term_program = hello.columns, hello.rows, hello.term_program
        self._make_app = make_app
        self._viewer = viewer
        self._app: App[Any] | None = None
        self._driver: RelayDriver | None = None
        self._task: asyncio.Task[None] | None = None
        self._rest_timer: asyncio.TimerHandle | None = None
        self._is_leaving = False
        self.is_sound = False
        """Whether it came as far as drawing, and has not crashed."""

    @property
    def is_ready(self) -> bool:
        """Whether it waits, drawn and at rest, for somebody to look."""
        return self._viewer is None and self._driver is not None and self._rest_timer is None and not self._is_leaving

    def begin(self, tasks: asyncio.TaskGroup) -> None:
        """Let the App run until it is left or ends by itself."""
        self._task = tasks.create_task(self._run(), name="screen")

    def show_on(self, viewer: Viewer) -> None:
        """Show a ready screen on a terminal of the size it was made for."""
        assert self.is_ready
        assert self._driver is not None
        self._viewer = viewer
        viewer.driver_ready(self._driver)
        self._driver.terminal_continued()

    def leave(self) -> None:
        """End the App, by force if it does not end by itself in time."""
        if self._is_leaving:
            return
        self._is_leaving = True
        if self._app is not None:
            with self._app._context():
                self._app.exit()
        if self._task is not None and not self._task.done():
            force = asyncio.get_running_loop().call_later(CLOSE_WITHIN_S, self._task.cancel)
            self._task.add_done_callback(lambda _task: force.cancel())

    async def _run(self) -> None:
        code, message = 1, ""
        try:
            app = self._make_app(self.hello)
            last_words = dress(app, self.hello)
            app.driver_class = driver_for(self)
            self._app = app
            if not self._is_leaving:
                await app.run_async(size=(self.columns, self.rows))
            code, message = app.return_code or 0, last_words.getvalue().strip()
            if app._exception is not None:
                self.is_sound = False
                _log.error("a screen crashed", exc_info=app._exception)
                message = _crash_report(app._exception)
        except Exception as error:  # one broken App must not take the others down
            _log.exception("a screen could not run")
            message = f"The screen could not run: {type(error).__name__}: {error}"
        finally:
            self._is_leaving = True
            self._driver = self._app = None
            if self._rest_timer is not None:
                self._rest_timer.cancel()
            if self._viewer is not None:
                self._viewer.screen_ended(code, message)

    def _rest(self) -> None:
        self._rest_timer = None
        if self._driver is not None:
            self._driver.terminal_suspended()

    # -- the driver's link

    def write(self, data: bytes) -> None:
        """Send output to the terminal; before there is one, answer as a terminal would."""
        if self._viewer is not None:
            self._viewer.output(data)
        elif self._driver is not None and (queries := data.count(_QUERY)):
            asyncio.get_running_loop().call_soon(self._driver.feed, _ANSWER * queries)

    def suspend(self) -> None:
        """Let the relay give the terminal back to its shell."""
        if self._viewer is not None:
            self._viewer.suspend()

    def driver_ready(self, driver: RelayDriver) -> None:
        """Hand the driver to whoever looks; when nobody does, rest after a while."""
        self._driver, self.is_sound = driver, True
        if self._viewer is not None:
            self.columns, self.rows = self._viewer.columns, self._viewer.rows
            self._viewer.driver_ready(driver)
        else:
            self._rest_timer = asyncio.get_running_loop().call_later(REST_AFTER_S, self._rest)


class SpareScreen:
    """Gives screens to whoever attaches, and keeps one ready for the next.

    Args:
        make_app: makes the App from what a relay said.
        tasks: owns what runs.
    """

    def __init__(self, make_app: MakeApp, tasks: asyncio.TaskGroup) -> None:
        self._make_app, self._tasks = make_app, tasks
        self._spare: LiveScreen | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._is_closed = False

    @property
    def is_ready(self) -> bool:
        """Whether a screen is ready to be shown."""
        return self._spare is not None and self._spare.is_ready

    def take(self, hello: Hello, viewer: Viewer) -> LiveScreen:
        """Return a screen shown on the viewer: the ready one if it was made for such a hello, else a new one."""
        spare, self._spare = self._spare, None
        if spare is not None and spare.is_ready and spare.hello == hello:
            screen = spare
            screen.show_on(viewer)
        else:
            if spare is not None:
                spare.leave()
            screen = LiveScreen(self._make_app, hello, viewer)
            screen.begin(self._tasks)
        if self._timer is not None:
            self._timer.cancel()
        self._timer = asyncio.get_running_loop().call_later(SPARE_AFTER_S, self._prepare, screen)
        return screen

    def close(self) -> None:
        """Let go of the ready screen, and make no other."""
        self._is_closed = True
        if self._timer is not None:
            self._timer.cancel()
        if self._spare is not None:
            self._spare.leave()

    def _prepare(self, last: LiveScreen) -> None:
        # One that crashed would crash again.
        if last.is_sound and not self._is_closed:
            self._spare = LiveScreen(self._make_app, last.hello)
            self._spare.begin(self._tasks)


def _crash_report(error: Exception) -> str:
    """What the person sees of a crash: the last calls, and none of the values that Textual's own report would print."""
    trace = "".join(traceback.format_exception(error, limit=-_SHOWN_CALLS))
    return f"{trace}This screen has crashed. The sessions go on; `cockpit attach` brings a new screen."
