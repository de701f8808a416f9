"""What is made from the code is up to date. `make docs` mends it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from docs.generate import pages, pictures

PAGES = sorted(pages())


@pytest.mark.parametrize("file", PAGES, ids=lambda file: file.name)
def test_a_page_is_as_the_code_says(file: Path) -> None:
    assert file.read_text("utf-8") == pages()[file], f"{file.name} is out of date: run `make docs`"


@pytest.mark.parametrize("page", PAGES, ids=lambda file: file.name)
def test_every_reference_on_a_page_leads_to_a_heading_of_it(page: Path) -> None:
    text = page.read_text("utf-8")
    headings = {re.sub(r"[^\w -]", "", line.lstrip("# ")).lower() for line in text.splitlines() if line.startswith("#")}
    assert set(re.findall(r"\(#([\w-]+)\)", text)) - headings == set()


def test_the_picture_shows_what_the_screen_shows() -> None:
    for file, drawn in pictures().items():
        assert words(file.read_text("utf-8")) == words(drawn), f"{file.name} is out of date: run `make docs`"


def test_the_picture_needs_nothing_from_elsewhere() -> None:
    for file in pictures():
        assert "url(http" not in file.read_text("utf-8")


def words(svg: str) -> list[str]:
    """Return what a picture says, without its looks."""
    return re.findall(r">([^<>\n]+)</text>", svg)
