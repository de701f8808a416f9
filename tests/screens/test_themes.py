"""Themes: files of our own and of a person, and the colours that every theme must have."""

from __future__ import annotations

from pathlib import Path

import pytest
from textual.color import Color
from textual.theme import BUILTIN_THEMES

from cockpit.screens.themes import ThemeError, all_themes, built_in, read_folder, read_theme, resolve, tokens
from tests.screens import samples
from tests.screens.pages import screen
from widgets.look import LOOK_MEANINGS

OURS = ("cockpit-ansi", "cockpit-dark", "cockpit-high-contrast", "cockpit-light")
OWN = 'dark = true\nprimary = "#ff8800"\nbackground = "#101010"\n'


def test_our_themes_are_files() -> None:
    assert tuple(sorted(theme.name for theme in built_in())) == OURS


@pytest.mark.parametrize("name", [*OURS, *sorted(BUILTIN_THEMES)])
def test_every_theme_has_a_colour_for_every_meaning(name: str) -> None:
    themes, _ = all_themes(None)
    theme = themes[name]
    variables = {**theme.to_color_system().generate(), **tokens(theme)}
    for variable, _weight in LOOK_MEANINGS.values():
        assert Color.parse(variables[variable.rpartition("$")[2]])


@pytest.mark.parametrize("name", ["cockpit-dark", "cockpit-light", "cockpit-high-contrast"])
def test_text_can_be_read_on_its_background(name: str) -> None:
    themes, _ = all_themes(None)
    theme = themes[name]
    colours = tokens(theme)
    limit = 7.0 if name == "cockpit-high-contrast" else 4.5
    for meaning in ("ink", "dim", "waiting", "working", "ready", "failed"):
        for back in (theme.background, theme.surface, colours["cursor"] if meaning == "ink" else theme.background):
            assert back is not None
            assert contrast(colours[meaning], back) >= limit, (meaning, back)


def contrast(one: str, two: str) -> float:
    """Return the contrast of two colours as WCAG counts it."""

    def luminance(colour: str) -> float:
        parts = [part / 255 for part in Color.parse(colour).rgb]
        red, green, blue = (p / 12.92 if p <= 0.03928 else ((p + 0.055) / 1.055) ** 2.4 for p in parts)
        return 0.2126 * red + 0.7152 * green + 0.0722 * blue

    low, high = sorted((luminance(one), luminance(two)))
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("primary = ", "own.toml: Invalid value"),
        ('primary = "no colour"', "primary = 'no colour' is no colour"),
        ('primary = "red"\nprimry = "red"', "there is no field 'primry'"),
        ('dark = "yes"\nprimary = "red"', "dark must be true or false"),
        ("dark = true", "primary is missing"),
        ('primary = "red"\nvariables = 3', "variables must be a table"),
        ('primary = "red"\nluminosity_spread = "wide"', "luminosity_spread must be a number"),
    ],
)
def test_a_broken_file_is_told_with_its_name(tmp_path: Path, text: str, told: str) -> None:
    file = tmp_path / "own.toml"
    file.write_text(text)
    with pytest.raises(ThemeError, match=r"own\.toml") as caught:
        read_theme(file)
    assert told in str(caught.value)


def test_a_folder_gives_what_is_good_and_tells_the_rest(tmp_path: Path) -> None:
    (tmp_path / "fine.toml").write_text(OWN)
    (tmp_path / "torn.toml").write_bytes(b"\xff\xfe")
    good, problems = read_folder(tmp_path)
    assert [theme.name for theme in good] == ["fine"]
    assert len(problems) == 1
    assert problems[0].startswith("torn.toml: ")
    assert read_folder(tmp_path / "nowhere") == ([], [])


def test_a_short_name_means_ours() -> None:
    names = ["cockpit-dark", "nord", "dark-sea"]
    assert resolve("dark", names) == "cockpit-dark"
    assert resolve("nord", names) == "nord"
    assert resolve("lost", names) is None


async def test_a_persons_theme_is_used_followed_and_kept_when_it_breaks(tmp_path: Path) -> None:
    folder = tmp_path / "home" / "config" / "themes"
    folder.mkdir(parents=True, mode=0o700)
    (folder / "mine.toml").write_text(OWN)
    files = {"cockpit.toml": '[ui]\ntheme = "mine"\n'}
    async with screen(tmp_path, before=samples.fleet, files=files) as fleet:
        assert fleet.app.theme == "mine"
        assert fleet.app.theme_variables["accent"]
        (folder / "mine.toml").write_text(OWN.replace("#ff8800", "#00ff88"))
        await fleet.until(lambda: fleet.app.current_theme.primary == "#00ff88")
        (folder / "mine.toml").write_text("primary = ")
        await fleet.until(lambda: "mine.toml" in fleet.toasts())
        assert fleet.app.current_theme.primary == "#00ff88"


async def test_an_unknown_theme_is_told(tmp_path: Path) -> None:
    async with screen(tmp_path, before=samples.started, files={"cockpit.toml": '[ui]\ntheme = "plaid"\n'}) as fleet:
        assert fleet.app.theme == "cockpit-dark"
        await fleet.until(lambda: "there is no theme 'plaid'" in fleet.toasts())


@pytest.mark.parametrize("name", OURS)
async def test_the_fleet_is_drawn_in_each_of_ours(tmp_path: Path, name: str) -> None:
    files = {"cockpit.toml": f'[ui]\ntheme = "{name}"\n'}
    async with screen(tmp_path, size=(80, 24), before=samples.fleet, files=files) as fleet:
        assert fleet.app.theme == name
        assert "Needs you" in fleet.text()
