"""What the forge's screen shows of the agent that drafts, and how it is ended."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

from cockpit.rules.types import Example, ExampleKind
from cockpit.rules.types.forging import Drafting
from tests.screens.test_forge import ForgePage, a_view, book, forge


def show(page: ForgePage, **update: Any) -> None:
    page.smith.view = a_view(version=page.smith.view.version + 1, **update)


def at_work(**more: Any) -> Drafting:
    return Drafting(agent="scribe", since=time.time() - 75, says="drafting", **more)


async def test_it_says_which_agent_drafts_and_for_how_long(tmp_path: Path) -> None:
    async with forge(tmp_path, size=(80, 24)) as page:
        assert not page.forge.drafting.display
        show(page, drafting=at_work(is_scripted=True))
        await page.until(lambda: "scribe drafts: drafting" in page.text)
        line = next(line for line in page.text.split("\n") if "scribe" in line)
        assert line.split()[-6:] == ["1m", "[scripted", "model]", "esc", "stops", "it"]


async def test_escape_ends_the_agent_and_only_then_the_forge(tmp_path: Path) -> None:
    async with forge(tmp_path) as page:
        show(page, drafting=at_work())
        await page.until(lambda: "scribe drafts" in page.text)
        await page.press("escape")
        await page.until(lambda: bool(page.smith.named("stop_drafting")))
        assert "scribe drafts: stopping" in page.text
        assert not page.ended
        await page.press("escape")
        await page.until(lambda: page.ended == [""])
        assert len(page.smith.named("stop_drafting")) == 1


async def test_an_ended_agent_is_told_and_leaves_escape_alone(tmp_path: Path) -> None:
    async with forge(tmp_path) as page:
        since = time.time() - 900
        over = Drafting(agent="scribe", since=since, until=since + 12, says="its turn was\x1b[31m cut", is_bad=True)
        show(page, drafting=over)
        await page.until(lambda: "scribe drafted: its turn was cut" in page.text)
        assert "12s" in page.text
        await page.press("escape")
        await page.until(lambda: page.ended == [""])
        assert not page.smith.named("stop_drafting")


async def test_a_draft_stands_behind_the_others_and_moves_nobody(tmp_path: Path) -> None:
    async with forge(tmp_path) as page:
        await page.press("j")
        chosen = page.forge.book
        assert chosen is not None
        own = (Example(kind=ExampleKind.BAD, text="requests.post(url)"), Example(kind=ExampleKind.GOOD, text="sure()"))
        drafted = book(3, "a call without a timeout", source="agent", by="scribe", own=own, in_tree=2)
        show(page, books=(*a_view().books, drafted))
        await page.until(lambda: "drafted by scribe: a call without a timeout" in page.text)
        assert page.forge.book == chosen
        assert page.page.text(page.forge.table).split("\n")[3].split()[-4:] == ["2/2", "2", "0", "0"]
        await page.press("j")
        await page.until(lambda: "examples of scribe" in page.text)
        text = page.page.text(page.forge.reading)
        assert text.index("good, not hit") < text.index("examples of scribe") < text.index("requests.post(url)")
        assert text.index("requests.post(url)") < text.index("sure()") < text.index("hits  ")
