"""What the pages say is so: links lead somewhere, examples are valid, commands and files exist."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from cockpit.cli.arguments import parse as parse_command
from cockpit.config import parse

ROOT = Path(__file__).parents[2]
PAGES = (ROOT / "README.md", ROOT / "AGENTS.md", *sorted((ROOT / "docs").glob("*.md")))
_LINK = re.compile(r"!?\[[^\]]*\]\(([^)#\s]+)(?:#[^)]*)?\)")
_TOML = re.compile(r"^ *```toml\n(.*?)^ *```$", re.DOTALL | re.MULTILINE)
_MAKE = re.compile(r"\bmake ([a-z]+)\b")
_COMMAND = re.compile(r"^    (cockpit [^#\n]*?) *(?:#.*)?$", re.MULTILINE)


def text_of(page: Path) -> str:
    return page.read_text("utf-8")


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_to_files_of_this_repository(page: Path) -> None:
    links = _LINK.findall(re.sub(r"`[^`\n]*`", "", text_of(page).replace("](#", "](x#")))
    missing = [one for one in links if one != "x" and "://" not in one and not (page.parent / one).exists()]
    assert missing == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_examples_of_the_configuration_are_valid(page: Path) -> None:
    for example in _TOML.findall(text_of(page)):
        parse("\n".join(line.strip() for line in example.splitlines()))


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_commands_that_are_named_exist(page: Path) -> None:
    makefile = text_of(ROOT / "Makefile")
    known = set(re.findall(r"^([a-z]+):", makefile, re.MULTILINE))
    named = set(_MAKE.findall("\n".join(re.findall(r"`[^`\n]*`|^    .*$", text_of(page), re.MULTILINE))))
    assert named - known == set()
    for command in _COMMAND.findall(text_of(page)):
        words = re.findall(r'"[^"]*"|\S+', command)[1:]
        parse_command([word.strip('"') for word in words])


def test_the_map_names_places_that_exist() -> None:
    rows = re.findall(r"^\| (`.*?) \|", text_of(ROOT / "AGENTS.md"), re.MULTILINE)
    places = [place for row in rows for place in re.findall(r"`([^`]+)`", row)]
    assert places
    near = [ROOT, ROOT / "cockpit"]
    assert [place for place in places if not any((folder / place).exists() for folder in near)] == []


def test_the_map_is_short() -> None:
    assert len(text_of(ROOT / "AGENTS.md").splitlines()) <= 120


def test_every_command_is_in_the_help_of_make() -> None:
    makefile = text_of(ROOT / "Makefile")
    phony = re.search(r"^\.PHONY: (.*)$", makefile, re.MULTILINE)
    assert phony is not None
    inner = {"venv", "packages", "agents"}
    assert set(re.findall(r"^([a-z]+):.*## ", makefile, re.MULTILINE)) == set(phony[1].split()) - inner


def test_the_lock_file_names_exact_versions_and_no_place_to_fetch_them_from() -> None:
    lock = text_of(ROOT / "requirements.lock")
    assert "://" not in lock
    assert not re.search(r"^-|^\S+ @", lock, re.MULTILINE)
    wanted = re.findall(r"^[A-Za-z0-9_.\[\]-]+", lock, re.MULTILINE)
    assert len(wanted) == len(re.findall(r"^[A-Za-z0-9_.\[\]-]+==", lock, re.MULTILINE)) > 40
