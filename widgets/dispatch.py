"""Boxes to type in: the dispatch box at the bottom, and its kin in dialogs. What was typed is never lost."""

from __future__ import annotations

from typing import ClassVar

from textual import events
from textual.binding import BindingType
from textual.message import Message
from textual.widgets import TextArea

from cockpit.providers.text import clean
from cockpit.screens.keys import Context, bindings


class TextBox(TextArea):
    """Several lines of text; a key of its own ends a line, because enter sends."""

    DEFAULT_CSS = """
    TextBox {
        height: auto; min-height: 1; max-height: 8; padding: 0 1; border: none;
        background: $background; color: $ink; scrollbar-size-vertical: 1;
        & .text-area--cursor-line { background: $background; }
        & .text-area--placeholder { color: $dim; }
        &:focus { border: none; }
    }
    """

    class Sent(Message):
        """Enter was pressed."""

        def __init__(self, box: TextBox, text: str) -> None:
            super().__init__()
            self.box, self.text_sent = box, text

        @property
        def control(self) -> TextBox:
            """The box."""
            return self.box

    def __init__(self, text: str = "", *, placeholder: str = "", id: str | None = None) -> None:  # noqa: A002 - Textual's name for it
        super().__init__(text, id=id, soft_wrap=True, placeholder=placeholder, highlight_cursor_line=False)

    def action_newline(self) -> None:
        """Begin a new line."""
        self.insert("\n")

    def on_key(self, event: events.Key) -> None:
        """Leave enter to whoever sends."""
        if event.key == "enter":
            event.prevent_default()

    def on_paste(self, event: events.Paste) -> None:
        """Take pasted text without what could drive a terminal."""
        event.text = clean(event.text)


class DispatchBox(TextBox):
    """Where a task is written; always at hand at the bottom of the fleet."""

    BINDINGS: ClassVar[list[BindingType]] = list(bindings(Context.DISPATCH))
    DEFAULT_CSS = """
    DispatchBox { border-top: solid $faint; border-title-color: $dim; border-title-align: left; }
    DispatchBox:focus { border-top: solid $accent; border-title-color: $accent; }
    """

    def action_send(self) -> None:
        """Hand the text over; it stays until the task is a session."""
        if self.text.strip():
            self.post_message(self.Sent(self, self.text))
