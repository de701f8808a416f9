"""Cells and rows: widths in cells, and a list that draws only what is in sight and only what changed."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass

import pytest
from rich.cells import cell_len
from textual.app import App, ComposeResult

from cockpit.providers.text import Safe
from cockpit.screens.themes import built_in, tokens
from widgets.cells import age, count, cut, fit, wrap
from widgets.look import Look
from widgets.rows import Parts, RowList

WIDE = Safe("日本語のエラー")


@pytest.mark.parametrize("width", range(16))
@pytest.mark.parametrize("text", [Safe("plain"), WIDE, Safe(""), Safe("a日b本c")])
def test_text_is_fitted_by_cells(text: Safe, width: int) -> None:
    assert cell_len(fit(text, width)) == width
    assert cell_len(cut(text, width)) <= width


@pytest.mark.parametrize("width", range(2, 12))
def test_wrapped_lines_fit_and_nothing_is_lost(width: int) -> None:
    text = Safe("to be or 日本語 not\n\nsupercalifragilistic")
    lines = wrap(text, width)
    assert all(cell_len(line) <= width for line in lines)
    assert "".join(lines).replace(" ", "") == text.replace(" ", "").replace("\n", "")


@pytest.mark.parametrize(
    ("seconds", "shown"), [(-3, "0s"), (9.9, "9s"), (60, "1m"), (3599, "59m"), (86_399, "23h"), (9e6, "104d")]
)
def test_ages_take_four_cells(seconds: float, shown: str) -> None:
    assert age(seconds) == shown


@pytest.mark.parametrize(
    ("number", "shown"),
    [(0, "0"), (999, "999"), (1_000, "1.0k"), (99_949, "99.9k"), (999_960, "1.0M"), (4.2e9, "4.2G")],
)
def test_counts_take_five_cells(number: float, shown: str) -> None:
    assert count(number) == shown


@dataclass
class Line:
    """A row that counts how often it is drawn."""

    name: str
    version: int = 0
    drawn: int = 0
    is_choice: bool = True
    height: int = 1

    @property
    def id(self) -> str:
        return self.name

    def stamp(self, _now: float) -> Hashable:
        return self.version

    def draw(self, width: int, look: Look, _now: float) -> list[Parts]:
        self.drawn += 1
        return [[(fit(Safe(f" {self.name} {self.version}"), width), look["ink"])]] * self.height


class ListApp(App[None]):
    """Nothing but a list."""

    def __init__(self, lines: list[Line]) -> None:
        super().__init__()
        self.register_theme(next(theme for theme in built_in() if theme.name == "cockpit-dark"))
        self.theme = "cockpit-dark"
        self.lines = lines
        self.rows = RowList()
        self.moved: list[str | None] = []

    def row(self) -> object:
        """Return the row under the cursor."""
        return self.rows.row

    def get_theme_variable_defaults(self) -> dict[str, str]:
        return tokens(self.current_theme)

    def compose(self) -> ComposeResult:
        yield self.rows

    def on_mount(self) -> None:
        self.rows.set_rows(self.lines)

    def on_row_list_moved(self, moved: RowList.Moved) -> None:
        self.moved.append(moved.row)


async def test_a_thousand_rows_draw_only_what_is_in_sight_and_changed() -> None:
    lines = [Line(f"row {n}") for n in range(1_000)]
    app = ListApp(lines)
    async with app.run_test(size=(40, 20)) as pilot:
        await pilot.pause()
        assert sum(line.drawn > 0 for line in lines) == 20
        before = sum(line.drawn for line in lines)
        for line in lines:
            line.version += line.name in ("row 3", "row 700")
        app.rows.flush(0.0)
        await pilot.pause()
        assert sum(line.drawn for line in lines) == before + 1


async def test_a_move_draws_two_rows() -> None:
    lines = [Line(f"row {n}") for n in range(100)]
    app = ListApp(lines)
    async with app.run_test(size=(40, 20)) as pilot:
        await pilot.pause()
        app.rows.action_cursor(1)
        await pilot.pause()
        before = [line.drawn for line in lines]
        app.rows.action_cursor(1)
        await pilot.pause()
        changed = [n for n, line in enumerate(lines) if line.drawn != before[n]]
        assert set(changed) <= {1, 2}
        assert app.moved[-1] == "row 2"


async def test_the_cursor_skips_headings_and_keeps_to_its_row() -> None:
    lines = [Line("head", is_choice=False), Line("a"), Line("b"), Line("foot", is_choice=False), Line("c", height=2)]
    app = ListApp(lines)
    async with app.run_test(size=(40, 20)) as pilot:
        await pilot.pause()
        assert app.row() is lines[1]
        app.rows.action_edge(1)
        assert app.row() is lines[4]
        app.rows.action_cursor(-1)
        assert app.row() is lines[2]
        app.rows.set_rows([lines[4], lines[2], lines[1]])
        assert app.row() is lines[2]
        app.rows.set_rows([lines[4]])
        assert app.row() is lines[4]
        app.rows.set_rows([])
        assert app.row() is None
        app.rows.action_cursor(1)
        app.rows.action_page(1)


async def test_paging_and_edges_keep_the_cursor_in_sight() -> None:
    lines = [Line(f"row {n}") for n in range(100)]
    app = ListApp(lines)
    async with app.run_test(size=(40, 20)) as pilot:
        await pilot.pause()
        app.rows.action_page(1)
        assert app.row() is lines[10]
        app.rows.action_edge(1)
        await pilot.pause()
        assert app.row() is lines[99]
        assert app.rows.scroll_offset.y == 80
        app.rows.action_page(-1)
        assert app.row() is lines[89]
        app.rows.action_edge(-1)
        await pilot.pause()
        assert app.rows.scroll_offset.y == 0


async def test_a_click_moves_and_a_second_opens() -> None:
    lines = [Line(f"row {n}") for n in range(10)]
    app = ListApp(lines)
    async with app.run_test(size=(40, 20)) as pilot:
        await pilot.pause()
        await pilot.click(RowList, offset=(5, 4))
        assert app.row() is lines[4]
