"""What an objection to an import tells besides: other ways there, ways back, and imports for type checkers only."""

from __future__ import annotations

from pathlib import Path

import pytest

from cockpit.rules.service.layers import Edge, Graph
from tests.rules.book import Book

RULE = "id: layers\nengine: layers\nnote: See the map.\nlayers: {domains: ['src/*'], order: [types, repo, ui]}\n"


@pytest.fixture
def book(tmp_path: Path) -> Book:
    return Book(tmp_path).rule(RULE)


def graph(*edges: tuple[str, str]) -> Graph:
    return Graph(lambda: [Edge(start, 1, end, end) for start, end in edges])


def test_the_shortest_way_that_is_not_the_import_itself() -> None:
    known = graph(("a", "z"), ("a", "b"), ("b", "c"), ("c", "z"), ("a", "d"), ("d", "z"), ("z", "a"))
    assert known.way("a", "z") == ("a", "d", "z")
    assert known.way("b", "a") == ("b", "c", "z", "a")
    assert known.way("z", "nowhere") == ()
    assert graph().way("a", "a") == ()


def test_a_graph_of_circles_is_walked_once() -> None:
    names = [str(number) for number in range(300)]
    known = graph(*((one, other) for one in names for other in names[:20] if one != other))
    assert known.way("0", "no") == ()


async def test_an_objection_says_what_else_has_to_go(book: Book) -> None:
    book.write(
        {
            "src/cart/types.py": "from cart import ui\nfrom cart import repo\n",
            "src/cart/repo.py": "import cart.ui\n",
            "src/cart/ui.py": "import cart.more\n",
            "src/cart/more.py": "from cart.types import Cart\n",
        }
    )
    notes = {hit.text: hit.note for hit in (await book.scan()).hits if hit.path == "src/cart/types.py"}
    types, repo, more, ui = (f"src/cart/{name}.py" for name in ("types", "repo", "more", "ui"))
    allowed = (
        "types stands left of ui. Let ui call types: take what is needed as a parameter, or move the code to the left."
    )
    assert notes[ui].splitlines() == [
        allowed,
        f"Without this import it is still reached: {types} -> {repo} -> {ui}.",
        f"It closes a circle: {ui} -> {more} -> {types}.",
        "See the map.",
    ]
    assert f"It closes a circle: {repo} -> {ui} -> {more} -> {types}." in notes[repo]
    assert "Without this import" not in notes[repo]


async def test_chains_lead_through_files_that_did_not_change(book: Book) -> None:
    book.write({"src/cart/types.py": "", "src/cart/repo.py": "import cart.types\n"})
    await book.scan()
    book.write({"src/cart/types.py": "import cart.repo\n"})
    (hit,) = (await book.scan({"src/cart/types.py"})).hits
    assert "It closes a circle: src/cart/repo.py -> src/cart/types.py." in hit.note


async def test_many_objections_stay_readable_and_quick(book: Book) -> None:
    book.write({"src/cart/types.py": "".join(f"import cart.ui.m{number}\n" for number in range(60))})
    book.write({f"src/cart/ui/m{number}.py": "import cart.types\n" for number in range(60)})
    hits = (await book.scan()).hits
    assert len(hits) == 60
    assert sum("closes a circle" in hit.note for hit in hits) == 25


SCRIPT = """\
import type { A } from './ui'
import { type B, type C } from './ui'
export type { D } from './ui'
import type from './ui'
import type, { E } from './ui'
import { type F, g } from './ui'
import { type } from './ui'
import { type as h } from './ui'
import type from from './ui'
"""

PYTHON = """\
from typing import TYPE_CHECKING
import typing as t
if TYPE_CHECKING:
    import shop.ui
    if t:
        from shop import ui
else:
    import shop.ui
if t.TYPE_CHECKING:
    import shop.ui
if not TYPE_CHECKING:
    import shop.ui
if t:
    import shop.ui
"""


@pytest.mark.parametrize(
    ("counted", "script", "python"),
    [("true", [1, 2, 3, 4, 5, 6, 7, 8, 9], [4, 6, 8, 10, 12, 14]), ("false", [4, 5, 6, 7, 8], [8, 12, 14])],
)
async def test_what_only_type_checkers_import_counts_as_the_rule_says(
    book: Book, counted: str, script: list[int], python: list[int]
) -> None:
    book.rule(RULE.replace("layers: {", f"layers: {{type_imports: {counted}, "))
    book.write({"src/cart/types.ts": SCRIPT, "src/cart/ui.ts": "", "src/shop/types.py": PYTHON, "src/shop/ui.py": ""})
    for _again in ("looked at", "known"):
        found = [(hit.path, hit.line) for hit in (await book.scan()).hits]
        assert sorted(line or 0 for path, line in found if path.endswith(".ts")) == script
        assert sorted(line or 0 for path, line in found if path.endswith(".py")) == python
