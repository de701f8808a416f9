"""What programs print, on a terminal in memory: what pyte cannot do, and what must not harm."""

from __future__ import annotations

import random

import pytest

from agents.terminal.frames import MOST_RUNS, Frames
from agents.terminal.parser import Parser
from agents.terminal.screen import TerminalMemory
from cockpit.providers.text import clean
from cockpit.state.terminal import Glass


class Tube:
    """A terminal, what it answered, and its frames put together again."""

    def __init__(self, columns: int = 40, rows: int = 6) -> None:
        self.answers: list[str] = []
        self.screen = TerminalMemory(columns, rows, self.answers.append)
        self.frames = Frames(self.screen)
        self.glass = Glass()
        self.parser = Parser(self.screen)

    def feed(self, text: str | bytes) -> Tube:
        data = text.encode() if isinstance(text, str) else text
        self.parser.feed(self.parser.without_flood(data))
        return self

    def shown(self) -> str:
        if (frame := self.frames.next()) is not None:
            self.glass.take(frame)
        return self.glass.text()


@pytest.fixture
def tube() -> Tube:
    return Tube()


def test_text_colours_and_cursor(tube: Tube) -> None:
    tube.feed("plain \x1b[1;31mred\x1b[0m \x1b[2;38;5;208;48;2;1;2;3mboth\x1b[0m \x1b[4:3m\x1b[94mwavy\x1b[m\r\nnext")
    assert tube.shown() == "plain red both wavy\nnext"
    assert tube.glass.lines[0] == (
        ("plain ", ""),
        ("red", "b|1|"),
        (" ", ""),
        ("both", "d|208|#010203"),
        (" ", ""),
        ("wavy", "u|12|"),
    )
    assert tube.glass.cursor == (4, 1)
    tube.feed("\x1b[?25l")
    tube.shown()
    assert tube.glass.cursor is None


@pytest.mark.parametrize(
    "hostile",
    [
        "\x1b]0;a title\x07",
        "\x1b]52;c;ZXZpbA==\x1b\\",
        "\x1b]8;;http://evil\x1b\\link\x1b]8;;\x1b\\",
        "\x1bP+q544e\x1b\\",
        "\x1b_Gf=100;AAAA\x1b\\",
        "\x1b^privacy\x1b\\",
        "\x1b[>4;2m",
        "\x1b[<1u",
        "\x1b[=5;1u",
        "\x1b[?2026h",
        "\x1b[?3h",
        "\x1b[99999999999999999999A",
        "\x1b[" + ";" * 1000 + "m",
        "\x1b[" + "1" * 10_000 + "m",
        "\x1b[5;1000;3;4;5;6;7H\x1b[H",
        "\x1b[?1;2;3A\x1b[0 q\x1b[!p\x1b#8\x1b[2J\x1b[H",
        "\x1b7" * 500 + "\x1b8" * 500,
        "\x00\x05\x07\x0e\x0f\x7f\x9b31m\x85",
    ],
)
def test_what_is_not_for_the_screen_leaves_no_trace_on_it(tube: Tube, hostile: str) -> None:
    tube.feed(hostile + "ok")
    shown = tube.shown().replace("link", "")
    assert shown.lstrip("\n").startswith(("ok", "31mok"))
    assert (tube.glass.columns, tube.glass.rows) == (40, 6)
    assert tube.glass.lines[max(tube.glass.lines)][-1][1] == "", "no style is left behind"


@pytest.mark.parametrize("size", [1, 2, 3, 7])
def test_sequences_may_be_cut_anywhere(tube: Tube, size: int) -> None:
    data = "a\x1b[1;31mb\x1b]0;title\x1b\\c\x1b]2;x\x07d\x1bPq\x1b\\é日\x1b[0m\x1b(0q\x1b(Bz\x1b[6n".encode()
    for place in range(0, len(data), size):
        tube.feed(data[place : place + size])
    assert tube.shown() == "abcdé日─z"
    assert tube.answers == ["\x1b[1;9R"] or tube.answers == ["\x1b[1;10R"]


def test_a_string_that_never_ends_does_not_swallow_the_rest_for_ever(tube: Tube) -> None:
    tube.feed("\x1b]0;")
    for _ in range(11):
        tube.feed("x" * 100_000)
    tube.feed("\x1b[2J\x1b[Hback")
    assert tube.shown() == "back"


def test_questions_are_answered_to_the_program_alone(tube: Tube) -> None:
    tube.feed("\x1b[5n\x1b[3;5H\x1b[6n\x1b[c\x1b[>c\x1b[?6n\x1b[?2026$p\x1b[?25$p\x1b[?2004$p")
    answers = ["\x1b[0n", "\x1b[3;5R", "\x1b[?62;22c", "\x1b[>0;0;0c", "\x1b[?3;5R", "\x1b[?2026;0$y"]
    assert tube.answers == [*answers, "\x1b[?25;1$y", "\x1b[?2004;2$y"]
    assert tube.shown() == ""


@pytest.mark.parametrize("size", [1, 4, 100])
def test_a_question_about_colours_is_answered_and_no_other_string_is(tube: Tube, size: int) -> None:
    asked = "\x1b]11;?\x07\x1b]10;?\x1b\\\x1b]52;c;?\x07\x1bP11;?\x1b\\\x1b]11;?more\x07x"
    for place in range(0, len(asked), size):
        tube.feed(asked[place : place + size])
    assert tube.answers == ["\x1b]11;rgb:1515/1818/2020\x1b\\", "\x1b]10;rgb:d8d8/d8d8/e0e0\x1b\\"]
    assert tube.shown() == "x"


def test_the_alternate_screen_gives_the_main_one_back(tube: Tube) -> None:
    tube.feed("main\r\n$ \x1b[?1049h\x1b[2J\x1b[Hfull screen")
    assert tube.shown() == "full screen"
    assert tube.screen.has_alternate
    tube.feed("\x1b[?1049l")
    assert tube.shown() == "main\n$"
    assert tube.glass.cursor == (2, 1)


def test_wide_characters_keep_the_columns(tube: Tube) -> None:
    tube.feed("日本語|x\x1b[1;2Hy" + "\x1b[2;40H日")
    assert tube.shown() == " y本語|x\n\n日", "half of a wide one is a blank, and none is cut by the edge"


def test_marks_are_kept_few_and_what_deceives_becomes_a_sign(tube: Tube) -> None:
    tube.feed("e" + "\u0301" * 5000 + "|a\u202eb\u200bc\u00add|👨\u200d👩")
    shown = tube.shown()
    assert len(shown) < 20
    assert clean(shown) == shown
    assert "\u202e" not in shown


def test_scrolling_regions_and_editing(tube: Tube) -> None:
    tube.feed("\r\n".join(f"line {n}" for n in range(6)) + "\x1b[2;4r\x1b[4;1H\n\x1b[r")
    assert tube.shown() == "line 0\nline 2\nline 3\n\nline 4\nline 5"
    tube.feed("\x1b[1;1H\x1b[2P\x1b[2;1H\x1b[2@\x1b[3;1H\x1b[3X\x1b[5;1H\x1b[M\x1b[1;1H\x1b[S\x1b[T\x1b[6;1Hab\x1b[3b")
    assert tube.shown() == "\n  line 2\n   e 3\n\nline 5\nabbbb"


def test_a_new_size_keeps_what_fits(tube: Tube) -> None:
    tube.feed("0123456789" * 4 + "second")
    assert tube.shown() == "0123456789" * 4 + "\nsecond"
    tube.screen.resize(5, 20)
    assert tube.shown() == "second" or tube.shown().startswith("01234567890123456789")
    assert (tube.glass.columns, tube.glass.rows) == (20, 5)


def test_a_flood_of_lines_costs_its_end_only(tube: Tube) -> None:
    tube.feed("begin\r\n" + "y\r\n" * 20_000 + "end")
    assert tube.shown() == "y\n" * 5 + "end"
    long = "".join(f"{n} {'-' * 90}\r\n" for n in range(3000))
    plain = Tube()
    for line in long.splitlines(keepends=True):
        plain.feed(line)
    assert tube.feed("\r\n" + long).shown() == plain.shown()


def test_a_frame_of_noise_goes_out_without_styles() -> None:
    tube = Tube(300, 100)
    tube.feed("".join(f"\x1b[38;5;{n % 256}m{n % 10}" for n in range(300 * 99)))
    frame = tube.frames.next()
    assert frame is not None
    assert sum(len(line.runs) for line in frame.lines) <= MOST_RUNS
    assert len(frame.model_dump_json()) < 500_000


def test_only_what_changed_is_sent(tube: Tube) -> None:
    tube.feed("one\r\ntwo\r\nthree")
    tube.shown()
    assert tube.frames.next() is None
    tube.feed("\x1b[2;1Htwo\x1b[3;1HTHREE")
    frame = tube.frames.next()
    assert frame is not None
    assert [line.y for line in frame.lines] == [2]
    assert not frame.is_whole


def test_noise_neither_raises_nor_grows(tube: Tube) -> None:
    noise = random.Random(7)
    pieces = ["\x1b[", "\x1b]", "\x1bP", "\x1b", "?", ";", "1", "999", "m", "H", "J", "r", "h", "l", "日", "\u0301"]
    for _ in range(300):
        tube.feed("".join(noise.choice(pieces) for _ in range(60)))
        tube.feed(noise.randbytes(200))
        text = tube.shown()
        assert clean(text) == text
    tube.feed("\x1b\\\x18\x1bc\x1b[Hquiet")
    assert tube.shown().startswith("quiet")
    assert len(tube.screen.savepoints) <= 1
