"""Keys as a terminal would have sent them, whichever way the person's own terminal spelled them; and readable inks."""

from __future__ import annotations

import pytest
from textual import events
from textual._xterm_parser import XTermParser
from textual.app import App, ComposeResult
from textual.widgets import Static

from cockpit.screens.themes import built_in, tokens
from widgets.terminal_inks import Inks
from widgets.terminal_keys import typed


def sent(sequence: str) -> str:
    parser = XTermParser()
    keys = [*parser.feed(sequence), *parser.tick()]
    return "".join(typed(key) for key in keys if isinstance(key, events.Key))


@pytest.mark.parametrize(
    ("sequence", "expected"),
    [
        ("a", "a"),
        ("Z", "Z"),
        ("é", "é"),
        ("日", "日"),
        (" ", " "),
        ("?", "?"),
        ("+", "+"),
        ("\r", "\r"),
        ("\t", "\t"),
        ("\x7f", "\x7f"),
        ("\x01", "\x01"),
        ("\x03", "\x03"),
        ("\x04", "\x04"),
        ("\x1a", "\x1a"),
        ("\x1c", "\x1c"),
        ("\x1d", "\x1d"),
        ("\x1f", "\x1f"),
        ("\x1b[A", "\x1b[A"),
        ("\x1bOA", "\x1b[A"),
        ("\x1b[1;5C", "\x1b[1;5C"),
        ("\x1b[Z", "\x1b[Z"),
        ("\x1b[3~", "\x1b[3~"),
        ("\x1b[5~", "\x1b[5~"),
        ("\x1b[15~", "\x1b[15~"),
        # as a terminal with the kitty protocol spells them
        ("\x1b[97u", "a"),
        ("\x1b[97;5u", "\x01"),
        ("\x1b[93;5u", "\x1d"),
        ("\x1b[13u", "\r"),
        ("\x1b[13;2u", "\r"),
        ("\x1b[27u", "\x1b"),
        ("\x1b[9;2u", "\x1b[Z"),
        ("\x1b[127u", "\x7f"),
        ("\x1b[120;3u", "\x1bx"),
    ],
)
def test_keys_are_sent_as_a_terminal_sends_them(sequence: str, expected: str) -> None:
    assert sent(sequence) == expected


class Themed(App[None]):
    """Something in one of our themes."""

    def __init__(self, theme: str) -> None:
        super().__init__()
        for each in built_in():
            self.register_theme(each)
        self.theme = theme

    def get_theme_variable_defaults(self) -> dict[str, str]:
        return tokens(self.current_theme)

    def compose(self) -> ComposeResult:
        yield Static()


@pytest.mark.parametrize(("theme", "lost", "kept"), [("cockpit-dark", "|0|", "|15|"), ("cockpit-light", "|15|", "|0|")])
async def test_an_ink_that_nobody_can_read_is_the_themes_own(theme: str, lost: str, kept: str) -> None:
    app = Themed(theme)
    async with app.run_test():
        inks = Inks(app.query_one(Static))
        assert inks[lost].color is None
        assert inks[kept].color is not None
        assert inks["b|#ff0000|"].color is not None
        assert inks["b|#ff0000|"].bold
        for strange in ("b", "||", "x|999|#12", "|#zzzzzz|", "a|b|c|d"):
            assert inks[strange].color is None
