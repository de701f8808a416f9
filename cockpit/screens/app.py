"""The Textual app of one attached person: it wires store, link, keys, themes and screens, and decides nothing."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any, ClassVar

from textual import events
from textual.app import App
from textual.binding import BindingType
from textual.notifications import SeverityLevel

from cockpit.providers.paths import Paths
from cockpit.providers.text import clean
from cockpit.screens.fleet import FleetScreen
from cockpit.screens.keys import Context, Key, Keyboard, bindings
from cockpit.screens.link import Link
from cockpit.screens.news import News
from cockpit.screens.palette import CommandProvider
from cockpit.screens.preferences import Preferences, Taste
from cockpit.screens.store import Store
from cockpit.screens.stylesheet import SharedStylesheet
from cockpit.screens.themes import DEFAULT_THEME, resolve, tokens
from cockpit.screens.waiting import WaitingSigns
from cockpit.screens.wire import Hello

_SIGNS_S = 0.25
_PREFERENCES_S = 1.5


class CockpitApp(App[None], inherit_bindings=False):
    """One person's screen on one repository.

    Args:
        hello: what the person's terminal said of itself.
        paths: where the supervisor listens, and where the person's settings are.
    """

    BINDINGS: ClassVar[list[BindingType]] = list(bindings(Context.APP))
    COMMANDS: ClassVar[set[Any]] = {CommandProvider}
    COMMAND_PALETTE_BINDING = "f2"  # Textual binds one by itself; ours is in the table
    ENABLE_COMMAND_PALETTE = True
    TITLE = "cockpit"
    CSS = """
    Toast { background: $panel; color: $ink; }
    CommandPalette { background: $background 60%; }
    """

    def __init__(self, hello: Hello, paths: Paths) -> None:
        super().__init__()
        self.store = Store()
        self.link = Link(self.store, paths, hello.user or "somebody")
        self.keyboard = Keyboard()
        self.signs = WaitingSigns(self._write, hello.repo, hello.term_program or hello.term, is_tmux=hello.tmux)
        self.news = News()
        self._preferences = Preferences(Path(hello.repo), paths.config)
        self._told: tuple[str, ...] = ()
        self._wanted_theme = ""
        self.fleet = FleetScreen(self.store, self.link, self.keyboard, hello.repo)
        self._apply(self._preferences.read())
        self.stylesheet = SharedStylesheet(variables=self.get_css_variables())
        self._styled_with = self.current_theme

    def get_default_screen(self) -> FleetScreen:
        """The fleet is where everything begins."""
        return self.fleet

    def get_theme_variable_defaults(self) -> dict[str, str]:
        """Give every theme our colours by meaning."""
        return tokens(self.current_theme)

    def refresh_css(self, animate: bool = True) -> None:
        """Style everything anew for another theme; Textual asks for it also when an app begins with the one it has."""
        if self.current_theme != self._styled_with:
            self._styled_with = self.current_theme
            super().refresh_css(animate)

    def on_mount(self) -> None:
        """Begin to follow the supervisor and the files."""
        self.app_resume_signal.subscribe(self, self._shown)
        self.run_worker(self.link.run(), group="link", exit_on_error=True)
        self.run_worker(self._follow_preferences(), group="preferences", exit_on_error=True)
        self.set_interval(_SIGNS_S, self._follow_waiting)
        self._tell(self._told)

    async def on_event(self, event: events.Event) -> None:
        """Count every key, also those that a box takes: they are part of what a decision costs."""
        if isinstance(event, events.Key) and not event.is_forwarded:
            self.fleet.looking.key()
        await super().on_event(event)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Leave every key but the one that detaches to a program that a person types into."""
        if action != "detach" and self.screen_stack and getattr(self.focused, "takes_every_key", False):
            return False
        return super().check_action(action, parameters)

    def action_detach(self) -> None:
        """Leave the screen. The supervisor and its agents go on."""
        self.exit(message="Detached. The supervisor and its agents go on; `cockpit attach` brings this screen back.")

    def action_how_to_leave(self) -> None:
        """Say which key leaves, because this one stops programs elsewhere."""
        sign = self.keyboard.first("app.detach")
        self.notify(f"{sign} detaches; the supervisor and its agents go on.", markup=False, timeout=4)

    def action_show_keys(self) -> None:
        """Show every key."""
        from cockpit.screens.help import HelpScreen  # a screen of its own, made when it is first wanted

        if not isinstance(self.screen, HelpScreen):
            self.push_screen(HelpScreen(self.keyboard))

    async def press(self, key: Key) -> None:
        """Do what a row of the table does, on the fleet."""
        owner: Any = self
        match key.context:
            case Context.FLEET:
                owner = self.fleet
            case Context.LIST | Context.CARD:
                owner = self.fleet.list
                owner.focus()
            case _:
                pass
        await self.run_action(key.action, owner)

    def _write(self, sequence: str) -> None:
        if self._driver is not None and not self.is_headless:
            self._driver.write(sequence)

    def _shown(self, _app: App[Any]) -> None:
        """The screen is on a terminal: for the first time if it was kept ready, or again after a suspension."""
        self.signs.begin_anew()
        self.fleet.looking.begin_anew()

    def _follow_waiting(self) -> None:
        self.signs.follow(self.store)
        for item in self.news.follow(self.store):
            severity: SeverityLevel = "error" if item.is_bad else "information"
            self.notify(item.text, title=item.title, severity=severity, markup=False, timeout=12)

    async def _follow_preferences(self) -> None:
        while True:
            await asyncio.sleep(_PREFERENCES_S)
            taste = await asyncio.to_thread(self._preferences.read)
            if taste is not None:
                self._apply(taste)
                self._tell(taste.problems)

    def _apply(self, taste: Taste | None) -> None:
        if taste is None:
            return
        self.keyboard.take(taste.keyboard)
        self.set_keymap(self.keyboard.keymap())
        self.signs.bell, self.signs.notify = taste.ui.bell, taste.ui.notify
        for theme in taste.themes:
            self.register_theme(theme)
        self._told = taste.problems
        if taste.ui.theme != self._wanted_theme:
            self._wanted_theme = taste.ui.theme
            name = resolve(taste.ui.theme, self.available_themes)
            if name is None:
                self._told = (*self._told, f"ui.theme: there is no theme {taste.ui.theme!r}")
            self.theme = name or DEFAULT_THEME

    def _tell(self, problems: tuple[str, ...]) -> None:
        for problem in problems:
            self.notify(clean(problem), title="Settings", severity="warning", markup=False, timeout=15)


def make_app(hello: Hello) -> CockpitApp:
    """Return the app for a person who attaches; not yet running."""
    return CockpitApp(hello, Paths.for_repo(Path(hello.repo)))
