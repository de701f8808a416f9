"""Writes the pages and pictures that are made from the code: `make docs`. A test fails when they are out of date."""

from __future__ import annotations

from pathlib import Path

from docs.generate import configuration, events, keys, protocol, readme

ROOT = Path(__file__).parents[2]


def pages() -> dict[Path, str]:
    """Return every generated file with what it should hold; `picture` is apart, because it takes a while to draw."""
    return {
        ROOT / "docs" / "configuration.md": configuration.page(),
        ROOT / "docs" / "events.md": events.page(),
        ROOT / "docs" / "keys.md": keys.page(),
        ROOT / "docs" / "protocol.md": protocol.page(),
        ROOT / "README.md": readme.page((ROOT / "README.md").read_text("utf-8")),
    }


def pictures() -> dict[Path, str]:
    """Return every drawn file with what it should hold."""
    from docs.generate import picture  # it needs the whole screen, and the pages do not

    docs = ROOT / "docs"
    return {docs / "screen-fleet.svg": picture.fleet(), docs / "screen-approvals.svg": picture.approvals()}
