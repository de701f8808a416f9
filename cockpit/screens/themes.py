"""Themes as files: our own, Textual's, and a person's from the config folder.

A theme file is TOML with the fields of `textual.theme.Theme` and a table of `variables`. Widgets name colours by
meaning (`$waiting`, `$dim`, ...); `tokens` gives every theme, also a foreign one, a colour for each meaning.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import fields
from pathlib import Path
from typing import Any

from textual.color import Color, ColorParseError
from textual.theme import BUILTIN_THEMES, Theme

import themes as own_themes

DEFAULT_THEME = "cockpit-dark"
_FIELDS = {field.name for field in fields(Theme)} - {"name", "variables"}
_FLAGS = frozenset({"dark", "ansi"})
_NUMBERS = frozenset({"luminosity_spread", "text_alpha"})
_SIZE_LIMIT_BYTES = 100_000


class ThemeError(Exception):
    """A theme file cannot be used. The message names the file and the cure."""


def read_theme(file: Path) -> Theme:
    """Return the theme that a file describes; its name is the file's.

    Raises:
        ThemeError: it cannot be read, is no TOML, or has a field or colour that does not exist.
    """
    try:
        with file.open("rb") as stream:
            text = stream.read(_SIZE_LIMIT_BYTES).decode()
        data = tomllib.loads(text)
    except (OSError, ValueError) as error:
        raise ThemeError(f"{file.name}: {error}") from error
    variables = data.pop("variables", {})
    if not isinstance(variables, dict):
        raise ThemeError(f"{file.name}: variables must be a table of colours")
    for name, value in data.items():
        _check(file, name, value)
    for name, value in variables.items():
        _check_colour(file, f"variables.{name}", value)
    if "primary" not in data:
        raise ThemeError(f"{file.name}: primary is missing")
    if data.get("ansi"):  # Textual's own rules for such themes name variables that only they have
        base = BUILTIN_THEMES["ansi-dark" if data.get("dark", True) else "ansi-light"]
        variables = {**base.variables, **variables}
    return Theme(name=file.stem, variables=variables, **data)


def read_folder(folder: Path) -> tuple[list[Theme], list[str]]:
    """Return the themes of a folder that can be used, and what is wrong with the others."""
    good, problems = [], []
    for file in sorted(folder.glob("*.toml")) if folder.is_dir() else ():
        try:
            good.append(read_theme(file))
        except ThemeError as error:
            problems.append(str(error))
    return good, problems


def built_in() -> list[Theme]:
    """Return the themes that come with the cockpit."""
    return [read_theme(file) for path in own_themes.__path__ for file in sorted(Path(path).glob("*.toml"))]


def resolve(name: str, known: Iterable[str]) -> str | None:
    """Return the full name of a theme: `dark` means `cockpit-dark`. None when there is no such theme."""
    names = set(known)
    return next((full for full in (name, f"cockpit-{name}") if full in names), None)


def tokens(theme: Theme) -> dict[str, str]:
    """Return a colour for every meaning that our widgets name, derived from the theme where it gives none."""
    if theme.ansi:
        quiet = {"dim": "ansi_bright_black", "faint": "ansi_bright_black"}
        quiet |= {"cursor": "ansi_blue", "cursor-idle": "ansi_black"}
    else:
        quiet = _blended(theme)
    foreground = theme.foreground or ("#e0e0e0" if theme.dark else "#202020")
    meanings = {
        "ink": foreground,
        "waiting": theme.warning or "#ffa62b",
        "working": theme.accent or theme.primary,
        "ready": theme.success or "#4ebf71",
        "failed": theme.error or "#ba3c5b",
        "added": theme.success or "#4ebf71",
        "removed": theme.error or "#ba3c5b",
        "badge": theme.warning or "#ffa62b",
    }
    return {**meanings, **quiet, **theme.variables}


def _blended(theme: Theme) -> dict[str, str]:
    back = Color.parse(theme.background or ("#121212" if theme.dark else "#efefef"))
    ink = Color.parse(theme.foreground or ("#e0e0e0" if theme.dark else "#202020"))
    accent = Color.parse(theme.accent or theme.primary)
    return {
        "dim": back.blend(ink, 0.58).hex,
        "faint": back.blend(ink, 0.2).hex,
        "cursor": back.blend(accent, 0.22).hex,
        "cursor-idle": back.blend(ink, 0.08).hex,
    }


def _check(file: Path, name: str, value: Any) -> None:
    if name not in _FIELDS:
        raise ThemeError(f"{file.name}: there is no field {name!r}")
    if name in _FLAGS:
        if not isinstance(value, bool):
            raise ThemeError(f"{file.name}: {name} must be true or false")
    elif name in _NUMBERS:
        if not isinstance(value, int | float):
            raise ThemeError(f"{file.name}: {name} must be a number")
    else:
        _check_colour(file, name, value)


def _check_colour(file: Path, name: str, value: Any) -> None:
    try:
        Color.parse(value)
    except (ColorParseError, TypeError, AttributeError) as error:
        raise ThemeError(f"{file.name}: {name} = {value!r} is no colour") from error


def all_themes(user_folder: Path | None) -> tuple[Mapping[str, Theme], list[str]]:
    """Return every theme by name (a person's own win over ours), and what is wrong with the person's files."""
    found = {**BUILTIN_THEMES, **{theme.name: theme for theme in built_in()}}
    own, problems = read_folder(user_folder) if user_folder else ([], [])
    return {**found, **{theme.name: theme for theme in own}}, problems
