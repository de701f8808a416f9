"""Source lines and the view of many of them: wrapping, the row index, what is drawn and what is not."""

from __future__ import annotations

import random

from rich.cells import cell_len
from textual import events
from textual.app import App, ComposeResult
from textual.pilot import Pilot

from cockpit.providers.text import Safe
from cockpit.screens.themes import built_in, tokens
from tests.widgets.harness import screen_of
from widgets.highlight import spans_of
from widgets.lines import LinesView, marked
from widgets.markdown import Markdown
from widgets.palette import Palette
from widgets.rowindex import RowIndex
from widgets.sourceline import Flow, Line, TextLine, breaks, inked

PLAIN = Palette.plain()


def text_of(line: Line, row: int, width: int) -> str:
    return "".join(text for text, _ in line.parts(row, width, PLAIN))


def rows_of(line: Line, width: int) -> list[str]:
    return [text_of(line, row, width) for row in range(line.rows(width))]


# --- one line


def test_words_are_kept_whole_and_continued_under_the_text() -> None:
    line = TextLine(Safe("one two three four"), lead=(("●  ", ""),))
    assert rows_of(line, 13) == ["●  one two", "   three four"]


def test_code_is_broken_wherever_the_row_is_full() -> None:
    line = TextLine(Safe("abcdefghij"), flow=Flow.HARD, lead=(("> ", ""),))
    assert rows_of(line, 6) == ["> abcd", "  efgh", "  ij"]


def test_a_line_that_is_cut_keeps_its_right_end() -> None:
    line = TextLine(Safe("run a rather long command"), flow=Flow.CUT, right=(("✓ 1s", ""),))
    assert rows_of(line, 16) == ["run a rath… ✓ 1s"]
    assert rows_of(line, 32)[0].endswith("  ✓ 1s")


def test_no_row_is_wider_than_the_view_whatever_it_holds() -> None:
    dice = random.Random(7)
    for _ in range(300):
        text = "".join(dice.choice("ab 漢字é🙂") for _ in range(dice.randint(0, 60)))
        flow = dice.choice(list(Flow))
        line = TextLine(Safe(text), flow=flow, lead=(("· ", ""),), right=(("x", ""),) if flow is Flow.CUT else ())
        width = dice.randint(10, 40)
        assert all(cell_len(row) <= width for row in rows_of(line, width)), (text, width, flow)
        if flow is Flow.HARD:
            assert "".join(row[2:] for row in rows_of(line, width)) == text


def test_breaks_leave_out_nothing_but_blanks() -> None:
    text = "the quick brown  fox jumps over"
    found = breaks(text, 9, is_hard=False)
    assert [text[a:b].strip() for a, b in found] == ["the quick", "brown", "fox jumps", "over"]


def test_inks_lie_over_their_part_of_a_row() -> None:
    parts = inked("hello world", 3, 9, "ink", [(0, 5, "bold"), (6, 11, "code")], PLAIN)
    assert [text for text, _ in parts] == ["lo", " ", "wor"]


def test_a_search_is_marked_across_parts() -> None:
    from rich.style import Style

    hit = Style(reverse=True)
    parts = marked([("He", Style()), ("llo hell", Style())], "hell", hit)
    assert [text for text, style in parts if style.reverse] == ["He", "ll", "hell"]


# --- rows


def test_the_row_index_equals_counting() -> None:
    dice = random.Random(3)
    index, lines = RowIndex(), [TextLine(Safe("x" * dice.randint(0, 50)), flow=Flow.HARD) for _ in range(80)]
    index.measure(lines, 10)
    for _ in range(60):
        start = dice.randint(0, len(lines))
        stop = min(len(lines), start + dice.randint(0, 5))
        new = [TextLine(Safe("y" * dice.randint(0, 50)), flow=Flow.HARD) for _ in range(dice.randint(0, 5))]
        lines[start:stop] = new
        index.splice(start, stop, new, 10)
        places = [(place, row) for place, line in enumerate(lines) for row in range(line.rows(10))]
        assert index.rows == len(places)
        row = dice.randrange(len(places))
        assert index.locate(row) == places[row]


# --- markdown


def markdown(text: str, width: int = 60) -> list[str]:
    made = Markdown((("● ", ""),), (("  ", ""),), 1).lines(text, is_whole=True)
    return [row.rstrip() for line in made for row in rows_of(line, width)]


def test_markdown_is_styled_lightly() -> None:
    assert markdown("# Title\n- **bold** `code`\n  - [x] done\n> quote\n---\n```py\nx = 1\n```\nend") == [
        "● Title",
        "  • bold code",
        "    ☑ done",
        "  ▎ quote",
        "  ────────────────────────",
        "  │ x = 1",
        "  end",
    ]


def test_a_growing_message_keeps_the_lines_that_are_complete() -> None:
    prose = Markdown((), (), 1)
    first = prose.lines("one\ntwo\nthr", is_whole=False)
    second = prose.lines("one\ntwo\nthree\n```py\ndef f", is_whole=False)
    assert second[:2] == first[:2]
    assert [line.text for line in second] == ["one", "two", "three", "def f"]
    closed = prose.lines("one\ntwo\nthree\n```py\ndef f(): 1\n```\n", is_whole=False)
    assert closed[3].spans and closed[:3] == second[:3]
    assert [line.text for line in prose.lines("other", is_whole=False)] == ["other"]


def test_growing_in_pieces_ends_as_the_whole() -> None:
    source = "## A\n\ntext *x* and **y**\n\n```python\ndef f():\n    return 1\n```\n- a\n\n\nend `z`"
    whole = [(line.text, list(line.spans)) for line in Markdown((), (), 1).lines(source, is_whole=True)]
    prose = Markdown((), (), 1)
    for end in range(0, len(source), 3):
        prose.lines(source[:end], is_whole=False)
    assert [(line.text, list(line.spans)) for line in prose.lines(source, is_whole=True)] == whole


def test_code_is_coloured_by_language_or_file_name() -> None:
    assert spans_of(["def f(): pass"], "src/a.py")[0][0] == (0, 3, "keyword")
    assert spans_of(["def f(): pass"], "python", is_file=False)[0]
    assert spans_of(["x"], "no.such-ending") == [[]]
    assert spans_of(["x" * 5_000], "a.py") == [[]]


# --- the view


class ViewApp(App[None]):
    def __init__(self, lines: int, *, is_following: bool = False) -> None:
        super().__init__()
        for theme in built_in():
            self.register_theme(theme)
        self.theme = "cockpit-dark"
        self.view = LinesView(is_following=is_following)
        self.made = [self.line(number) for number in range(lines)]

    @staticmethod
    def line(number: int) -> Line:
        return TextLine(Safe(f"line {number}"))

    def get_theme_variable_defaults(self) -> dict[str, str]:
        return tokens(self.current_theme)

    def compose(self) -> ComposeResult:
        yield self.view

    def on_mount(self) -> None:
        self.view.focus()
        self.view.replace(self.made)


async def drawn_by(pilot: Pilot[None], view: LinesView) -> int:
    before = view.drawn_rows
    await pilot.pause()
    return view.drawn_rows - before


async def test_only_what_is_seen_is_drawn_and_each_row_once() -> None:
    app = ViewApp(100_000)
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.pause()
        assert app.view.drawn_rows < 24 * 4
        app.view.action_page(1)
        await pilot.pause()
        before = app.view.drawn_rows
        app.view.action_page(-1)
        app.view.action_page(1)
        assert await drawn_by(pilot, app.view) <= 4  # the cursor's rows; all others come from the cache
        assert before < 24 * 6


async def test_adding_below_does_not_repaint_a_view_that_was_scrolled_up() -> None:
    app = ViewApp(1_000, is_following=True)
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.pause()
        view = app.view
        assert view.is_following and screen_of(view)[-1] == "line 999"
        view.action_edge(-1)
        await pilot.pause()
        sizes = []
        view._told += 1_000  # the next time to tell the scroll bar is far away
        for number in range(50):
            view.splice(len(view.lines), len(view.lines), [app.line(1_000 + number)])
            sizes.append(view.virtual_size.height)
        assert set(sizes) == {1_000}
        assert await drawn_by(pilot, view) == 0
        view._told -= 2_000
        view.settle()
        assert view.virtual_size.height == 1_050
        view.action_edge(1)
        assert view.is_following and screen_of(view)[-1] == "line 1049"


async def test_what_is_in_sight_stays_there_when_lines_come_before_it() -> None:
    app = ViewApp(500)
    async with app.run_test(size=(80, 24)) as pilot:
        view = app.view
        view.go(200, top=5)
        await pilot.pause()
        before = screen_of(view)
        view.splice(10, 12, [app.line(n) for n in range(9_000, 9_040)])
        await pilot.pause()
        assert screen_of(view) == before
        assert view.cursor_line is not None and view.cursor_line.text == "line 200"


async def test_the_first_line_in_sight_survives_another_width() -> None:
    app = ViewApp(0)
    app.made = [TextLine(Safe(f"{n} " + "word " * 30)) for n in range(200)]
    async with app.run_test(size=(80, 24)) as pilot:
        app.view.go(100, top=0)
        await pilot.pause()
        first = screen_of(app.view)[0]
        await pilot.resize_terminal(40, 24)
        await pilot.pause()
        assert screen_of(app.view)[0].split()[0] == first.split()[0] == "100"


async def test_what_was_drawn_before_it_was_measured_is_drawn_again() -> None:
    app = ViewApp(10)
    async with app.run_test(size=(80, 24)) as pilot:
        view = app.view
        await pilot.pause()
        view._width = 40  # as when Textual draws at a new width before it tells of it
        view._drawn.clear()
        before = view.drawn_rows
        view.on_resize(events.Resize(view.size, view.virtual_size))
        await pilot.pause()
        assert view.drawn_rows - before >= 10


async def test_a_view_that_was_never_told_its_size_shows_its_lines_when_it_settles() -> None:
    app = ViewApp(10)
    app.view.disable_messages(events.Resize)
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.pause()
        assert not screen_of(app.view)[0].strip()
        app.view.settle()
        await pilot.pause()
        assert screen_of(app.view)[0].strip() == "line 0"


async def test_search_goes_round_and_a_note_is_shown() -> None:
    app = ViewApp(300)
    async with app.run_test(size=(80, 24)) as pilot:
        view = app.view
        assert view.find("LINE 25", is_here=True) and view.cursor == 25
        assert view.find("line 25") and view.cursor == 250
        assert view.find("line 25", -1) and view.cursor == 25
        assert not view.find("nowhere")
        view.say("↓ 3 new")
        await pilot.pause()
        assert screen_of(view)[-1].endswith("↓ 3 new")
