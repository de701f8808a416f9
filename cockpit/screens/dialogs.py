"""Dialogs that ask for words: redirect, reject, deny, answer. Closing one keeps what was typed."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Vertical
from textual.screen import ModalScreen

from cockpit.providers.text import Safe, clean_line, show_escaped
from cockpit.screens.keys import Context, Keyboard, bindings
from widgets.bar import Bar
from widgets.cells import cut
from widgets.dispatch import TextBox
from widgets.footer import KeyFooter
from widgets.rows import Parts

NOTHING = Safe("")


@dataclass(frozen=True, slots=True)
class Question:
    """What a dialog asks for."""

    name: str
    """Under which its draft is kept."""
    title: Safe
    about: str
    """What it is about; shown with every character visible."""
    hint: Safe = NOTHING
    options: tuple[str, ...] = ()
    """Suggested answers; a digit takes one while nothing is typed."""
    choice: tuple[Safe, Safe] | None = None
    """Two ways to send, the usual one first."""
    note: Safe = NOTHING
    """What a person should know before sending, where there is nothing to choose."""
    needs_text: bool = False


@dataclass(frozen=True, slots=True)
class Asked:
    """What a person answered."""

    text: str
    is_other: bool = False
    """The second way was chosen."""


class DialogBox(TextBox):
    """The box of a dialog."""

    BINDINGS: ClassVar[list[BindingType]] = list(bindings(Context.WORDS))
    DEFAULT_CSS = "DialogBox { min-height: 3; max-height: 10; background: $surface; border-left: thick $accent; }"

    def action_confirm(self) -> None:
        """Hand the text over."""
        self.post_message(self.Sent(self, self.text))


class AskDialog(ModalScreen[None]):
    """Asks for words. It closes when they were sent, and stays with them when that failed."""

    Then = Callable[[Asked], Awaitable[bool]]
    BINDINGS: ClassVar[list[BindingType]] = list(bindings(Context.DIALOG))
    DEFAULT_CSS = """
    AskDialog { align: center middle; background: $background 60%; }
    AskDialog > Vertical {
        width: 72; max-width: 94%; height: auto; max-height: 90%;
        background: $surface; border: round $accent; padding: 0 1;
        border-title-color: $accent; border-title-style: bold;
    }
    AskDialog Bar { background: $surface; }
    """

    def __init__(self, question: Question, then: Then, drafts: dict[str, str], keyboard: Keyboard) -> None:
        super().__init__()
        self._question, self._then, self._drafts, self._keyboard = question, then, drafts, keyboard
        self._is_other = False
        self._box = DialogBox(drafts.get(question.name, ""), placeholder=question.hint, id="words")

    def compose(self) -> ComposeResult:
        """Put the words under the question."""
        with Vertical() as frame:
            frame.border_title = None
            yield Bar(id="asks")
            yield Bar(id="about")
            for number, _ in enumerate(self._question.options[:9], 1):
                yield Bar(id=f"option-{number}")
            yield self._box
            if self._question.choice or self._question.note:
                yield Bar(id="choice")
            yield KeyFooter(self._keyboard, id="dialog-keys")

    def on_mount(self) -> None:
        """Begin to type."""
        self._box.focus()
        self._box.move_cursor(self._box.document.end)
        self.call_after_refresh(self._draw)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Offer another way to send only where there is one."""
        if action in ("other", "confirm_other"):
            return self._question.choice is not None
        return super().check_action(action, parameters)

    def action_other(self) -> None:
        """Change the way it will be sent."""
        self._is_other = not self._is_other
        self._draw()

    def action_confirm_other(self) -> None:
        """Send it the second way, whatever is chosen."""
        self._is_other = True
        self._draw()
        self._box.action_confirm()

    def action_cancel(self) -> None:
        """Close; what was typed stays for the next time."""
        self._drafts[self._question.name] = self._box.text
        self.dismiss()

    def on_resize(self) -> None:
        """Draw for the new width."""
        self.call_after_refresh(self._draw)

    @on(TextBox.Sent)
    def confirm(self, sent: TextBox.Sent) -> None:
        """Send the words."""
        sent.stop()
        text = sent.text_sent.strip()
        options = self._question.options
        if text.isdigit() and 0 < int(text) <= len(options):
            text = options[int(text) - 1]
        if text or not (self._question.needs_text or options):
            self.run_worker(self._hand_over(Asked(text, self._is_other)), exclusive=True)

    async def _hand_over(self, asked: Asked) -> None:
        self._drafts[self._question.name] = self._box.text
        if await self._then(asked):
            self._drafts.pop(self._question.name, None)
            self.dismiss()

    def _draw(self) -> None:
        asks = self.query_one("#asks", Bar)
        look, room = asks.look, max(10, asks.size.width - 1)
        asks.say([(cut(self._question.title, room), look["title"])])
        about = Safe(show_escaped(self._question.about).replace("\n", "⏎"))
        self.query_one("#about", Bar).say([(cut(about, room), look["dim"])])
        for number, option in enumerate(self._question.options[:9], 1):
            parts: Parts = [(f"{number} ", look["accent"]), (cut(clean_line(option), room - 3), look["ink"])]
            self.query_one(f"#option-{number}", Bar).say(parts)
        if self._question.choice:
            usual, other = self._question.choice
            sign = self._keyboard.first("dialog.other")
            chosen, rest = (other, usual) if self._is_other else (usual, other)
            self.query_one("#choice", Bar).say(
                [("▸ ", look["accent"]), (chosen, look["strong"]), (f"   {sign}: {rest}", look["dim"])]
            )
        elif self._question.note:
            self.query_one("#choice", Bar).say([(cut(self._question.note, room), look["badge"])])
