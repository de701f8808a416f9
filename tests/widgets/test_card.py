"""What a card says, line by line, without an app: everything that is decided on is there, whole."""

from __future__ import annotations

from typing import Any

import pytest
from rich.cells import cell_len

from cockpit.providers.text import Safe
from cockpit.sessions.types import RequestKind
from tests.screens import samples
from tests.screens.supervisor import FakeSupervisor
from widgets.attention import queue_of, waiting_of
from widgets.card_diff import LINES_SHOWN
from widgets.card_lines import LEAVES, card_lines
from widgets.cells import wrap_exact
from widgets.palette import Palette

LOOK = Palette.plain()


def card(title: str, kind: RequestKind = RequestKind.COMMAND, width: int = 80, **known: Any) -> list[str]:
    """Return the lines of the card of one request."""
    supervisor = FakeSupervisor()
    samples.started(supervisor)
    session = samples.working(supervisor, "one", "pytest")
    samples.asks(supervisor, session, title, kind=kind, **known)
    (row,) = queue_of(waiting_of(supervisor.state))
    lines = ["".join(text for text, _ in parts) for parts in card_lines(row, width, LOOK, supervisor.at)]
    assert all(cell_len(line) <= width for line in lines)
    return lines


@pytest.mark.parametrize("width", [30, 46, 80, 120])
def test_a_long_command_is_whole_at_every_width(width: int) -> None:
    command = "find . -name '*.pyc'  -print0 |  xargs -0 rm -f && " + " ".join(f"--flag-{n}=日本語" for n in range(30))
    lines = card(command, width=width, argv=(), shell=command)
    begin = next(n for n, line in enumerate(lines) if "▏" in line)
    end = next(n for n, line in enumerate(lines) if line.strip().startswith(("in ", "why ", "who ")))
    shown = "".join(line[3:] for line in lines[begin:end])
    assert shown.replace(" ", "") == command.replace(" ", "")
    assert sum("▏" in line for line in lines) == 1, "a broken line is not taken for two"


@pytest.mark.parametrize("width", range(2, 14))
def test_rows_of_one_line_hold_every_character(width: int) -> None:
    text = Safe("rm  -r   build 日本語 --no-preserve-root")
    assert "".join(wrap_exact(text, width)) == text
    assert all(cell_len(row) <= width for row in wrap_exact(text, width))


@pytest.mark.parametrize("width", [12, 30, 80])
def test_a_command_that_leaves_the_sandbox_says_so_in_the_colour_of_waiting(width: int) -> None:
    supervisor = FakeSupervisor()
    samples.started(supervisor)
    session = samples.working(supervisor, "one", "pytest")
    samples.asks(supervisor, session, "npm test", escalates=True)
    (row,) = queue_of(waiting_of(supervisor.state))
    parts = [part for line in card_lines(row, width, LOOK, supervisor.at) for part in line]
    (shown,) = (part for part in parts if part[0].strip() and LEAVES.startswith(part[0].rstrip("…")))
    assert shown[1] == LOOK["waiting"]
    assert not any(LEAVES in line for line in card("npm test"))


def test_a_second_line_of_a_command_is_seen_as_one() -> None:
    lines = card("echo a\nrm -r b", argv=(), shell="echo a\nrm -r b")
    assert [line.strip() for line in lines if "▏" in line] == ["▏ echo a", "▏ rm -r b"]


def test_the_words_of_a_command_are_shown_where_they_differ_from_its_title() -> None:
    text = "\n".join(card("run the tests", argv=("sh", "-c", "rm -r ~")))
    assert "▏ run the tests" in text
    assert "▏ sh -c 'rm -r ~'" in text


def test_a_tool_shows_its_name_and_arguments() -> None:
    text = "\n".join(
        card("Create an issue", RequestKind.TOOL, tool="github/create_issue", detail='{"title": "it\u202ebroke"}')
    )
    assert "tool   github/create_issue" in text
    assert '{"title": "it⟨U+202E⟩broke"}' in text


def test_a_connection_shows_its_host_with_lookalikes_told() -> None:
    text = "\n".join(card("Connect", RequestKind.NETWORK, host="p\u0430ypal.com:443"))
    assert "host   p\u0430ypal.com:443" in text
    assert "look-alike letters" in text


def test_a_huge_diff_is_bounded_and_says_so() -> None:
    detail = "@@ -1 +1 @@\n" + "\n".join(f"+line {n}" for n in range(LINES_SHOWN + 40))
    lines = card("edit a.py", RequestKind.EDIT, paths=("/a.py",), detail=detail)
    assert "+ line 398" in "\n".join(lines)
    assert f"⋮ {41} more lines than a card holds" in lines[-1]


def test_arguments_that_look_like_a_diff_are_shown_as_they_are() -> None:
    text = "\n".join(card("send", RequestKind.TOOL, tool="mail/send", detail="+1 please\n-1 never"))
    assert "+1 please" in text
    assert "-1 never" in text
