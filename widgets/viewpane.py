"""What the panes over long texts share: one view of lines, its keys, and a line at the bottom to type in."""

from __future__ import annotations

from typing import Self

from textual import events, on
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.message import Message
from textual.widgets import Input

from cockpit.providers.text import clean_line
from cockpit.types import SessionId
from widgets.lines import LinesView


class PromptLine(Input):
    """One line to type in, hidden until it is wanted."""

    DEFAULT_CSS = """
    PromptLine { display: none; height: 1; border: none; padding: 0 1; background: $panel; color: $ink; }
    PromptLine:focus { border: none; background: $panel; }
    PromptLine.-shown { display: block; }
    """

    class Ended(Message):
        """Enter (`is_meant`) or escape was pressed."""

        def __init__(self, prompt: PromptLine, text: str, *, is_meant: bool) -> None:
            super().__init__()
            self.prompt, self.text, self.is_meant = prompt, text, is_meant

        @property
        def control(self) -> PromptLine:
            """The line."""
            return self.prompt

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002 - Textual's name for it
        super().__init__(id=id, compact=True, select_on_focus=False)
        self.purpose = ""
        """What the answer is for."""

    def ask(self, purpose: str, placeholder: str, value: str = "") -> None:
        """Show the line and take the keys."""
        self.purpose, self.placeholder, self.value = purpose, placeholder, value
        self.cursor_position = len(value)
        self.add_class("-shown")
        self.focus()

    def on_key(self, event: events.Key) -> None:
        """End with enter or escape."""
        if event.key in ("enter", "escape"):
            event.stop()
            event.prevent_default()
            self.remove_class("-shown")
            self.post_message(self.Ended(self, self.value, is_meant=event.key == "enter"))

    def on_paste(self, event: events.Paste) -> None:
        """Take pasted text without what could drive a terminal."""
        event.text = clean_line(event.text)


class ViewPane(Vertical):
    """A pane around one view of lines: focus, movement and search."""

    DEFAULT_CSS = """
    ViewPane { height: 1fr; background: $background; }
    ViewPane > LinesView { height: 1fr; }
    """

    def __init__(self, *, is_following: bool = False) -> None:
        super().__init__()
        self.view = LinesView(is_following=is_following)
        self.prompt = PromptLine()
        self.subject: SessionId | None = None
        self._needle = ""

    def compose(self) -> ComposeResult:
        """Put the prompt under the view."""
        yield self.view
        yield self.prompt

    def focus(self, scroll_visible: bool = True) -> Self:
        """Give the keys to the view."""
        self.view.focus(scroll_visible)
        return self

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Let `n` step through matches only while there is a search."""
        return bool(self._needle) if action == "find_step" else super().check_action(action, parameters)

    def action_line(self, step: int) -> None:
        """Move by one row."""
        self.view.action_line(step)

    def action_page(self, step: int) -> None:
        """Move by half a page."""
        self.view.action_page(step)

    def action_edge(self, step: int) -> None:
        """Move to the beginning or the end."""
        self.view.action_edge(step)

    def action_find(self) -> None:
        """Search in what is shown."""
        self.prompt.ask("find", "search", self._needle)

    def action_find_step(self, step: int) -> None:
        """Go to the next or previous match."""
        if not self.view.find(self._needle, step):
            self.view.say("not found")

    @on(Input.Changed)
    def search_typed(self, changed: Input.Changed) -> None:
        """Go to the first match while the words are typed."""
        if self.prompt.purpose == "find" and self.prompt.has_focus:
            self._search(changed.value)

    @on(PromptLine.Ended)
    def prompt_ended(self, ended: PromptLine.Ended) -> None:
        """Take what was typed."""
        ended.stop()
        self.view.focus()
        if ended.prompt.purpose == "find":
            self._search(ended.text if ended.is_meant else "")
            self.refresh_bindings()
        elif ended.is_meant:
            self.answered(ended.prompt.purpose, ended.text)

    def answered(self, purpose: str, text: str) -> None:
        """Take the answer to something else that was asked."""

    def _search(self, needle: str) -> None:
        self._needle = needle
        is_found = self.view.find(needle, is_here=True)
        self.view.say("" if is_found or not needle else "not found")
