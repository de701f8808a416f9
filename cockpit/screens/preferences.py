"""A person's looks and keys from cockpit.toml, their own file and their themes folder; read again when they change."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from textual.theme import Theme

from cockpit.config.load import FILE_NAME, reload
from cockpit.config.model import Config
from cockpit.config.ui import UiConfig
from cockpit.screens.keys import Keyboard
from cockpit.screens.themes import built_in, read_folder


@dataclass(frozen=True, slots=True)
class Taste:
    """What is in force now, and what was wrong with the files; for those the last good content holds."""

    ui: UiConfig
    keyboard: Keyboard
    themes: tuple[Theme, ...]
    problems: tuple[str, ...]


class Preferences:
    """Reads files, so call it off the loop."""

    def __init__(self, repo: Path, config_folder: Path) -> None:
        self._repo, self._user_file = repo, config_folder / "config.toml"
        self._themes_folder = config_folder / "themes"
        self._config = Config()
        self._themes = {theme.name: theme for theme in built_in()}
        self._marks: tuple[object, ...] | None = None

    def read(self) -> Taste | None:
        """Return what is in force, or None when no file has changed since the last time."""
        marks = tuple(_mark(file) for file in self._files())
        if marks == self._marks:
            return None
        self._marks = marks
        self._config, error = reload(self._config, self._repo, self._user_file)
        good, problems = read_folder(self._themes_folder)
        self._themes.update((theme.name, theme) for theme in good)
        keyboard = Keyboard(self._config.ui.keys)
        told = ([str(error)] if error is not None else []) + problems + keyboard.problems
        return Taste(self._config.ui, keyboard, tuple(self._themes.values()), tuple(told))

    def _files(self) -> list[Path]:
        own = sorted(self._themes_folder.glob("*.toml")) if self._themes_folder.is_dir() else []
        return [self._repo / FILE_NAME, self._user_file, *own]


def _mark(file: Path) -> tuple[str, int, int]:
    try:
        found = file.stat()
    except OSError:
        return str(file), 0, 0
    return str(file), found.st_mtime_ns, found.st_size
