"""Where a rule is written by hand; the line that cannot be read is marked in its margin."""

from __future__ import annotations

from textual.content import Content
from textual.message import Message
from textual.widgets import TextArea

from cockpit.providers.text import clean


class RuleEditor(TextArea):
    """Several lines of YAML. What is typed is told; whoever hears it says where it is wrong."""

    DEFAULT_CSS = """
    RuleEditor {
        height: 1fr; min-height: 4; padding: 0; border: round $faint; background: $surface; color: $ink;
        border-title-color: $dim; scrollbar-size-vertical: 1;
        & .text-area--cursor-line { background: $panel; }
        & .text-area--gutter { color: $dim; }
        &:focus { border: round $accent; }
    }
    RuleEditor.-wrong, RuleEditor.-wrong:focus { border: round $failed; border-title-color: $failed; }
    """

    class Typed(Message):
        """The text is another one."""

        def __init__(self, editor: RuleEditor, text: str) -> None:
            super().__init__()
            self.editor, self.text_typed = editor, text

        @property
        def control(self) -> RuleEditor:
            """The editor."""
            return self.editor

    def __init__(self) -> None:
        super().__init__(show_line_numbers=True, tab_behavior="focus", soft_wrap=False)
        self.number = 0
        """The candidate that it changes."""
        self._told = ""

    def begin(self, text: str, number: int) -> None:
        """Show a candidate's rule."""
        self.number = number
        self._told = clean(text)
        self.text = self._told
        self.show_error(None)

    def show_error(self, line: int | None) -> None:
        """Say which line cannot be read; None: all can."""
        self.set_class(line is not None, "-wrong")
        self.border_title = Content("rule" if line is None else f"rule: line {line} cannot be read")

    def on_text_area_changed(self) -> None:
        """Tell what was typed."""
        if self.text != self._told:
            self._told = self.text
            self.post_message(self.Typed(self, self.text))
