"""Where a rule or an example is written by hand; the line that cannot be read is marked, and says why beside it."""

from __future__ import annotations

from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.content import Content
from textual.message import Message
from textual.strip import Strip
from textual.widgets import TextArea

from cockpit.providers.text import Safe, clean, clean_line
from widgets.cells import fit
from widgets.look import Look
from widgets.sourceline import cells_of

_LEAST_WORDS = 12
"""A message that has less room than this many cells is told below the editor only."""


class RuleEditor(TextArea):
    """Several lines of text. What is typed is told; whoever hears it says where it is wrong."""

    DEFAULT_CSS = """
    RuleEditor {
        height: 1fr; min-height: 4; padding: 0; border: round $faint; background: $surface; color: $ink;
        border-title-color: $dim; border-subtitle-color: $dim; scrollbar-size-vertical: 1;
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
        self.title = "rule"
        self._told = ""
        self._wrong: tuple[int, Safe] | None = None
        self._known_look: Look | None = None

    @property
    def wrong_line(self) -> int | None:
        """The line that cannot be read, from 1."""
        return self._wrong[0] if self._wrong is not None else None

    def begin(self, text: str, number: int = 0, *, title: str = "rule") -> None:
        """Show a text to be written on."""
        self.number, self.title = number, title
        self._told = clean(text)
        self.text = self._told
        self.border_subtitle = Content("ctrl+z undoes · esc: done")
        self.show_error(None)

    def show_error(self, line: int | None, why: str = "") -> None:
        """Say which line cannot be read, and why beside it; None: all can."""
        self._wrong = (line, clean_line(why)) if line is not None else None
        self.set_class(line is not None, "-wrong")
        self.border_title = Content(self.title if line is None else f"{self.title}: line {line} cannot be read")
        self.refresh()

    def render_line(self, y: int) -> Strip:
        """Draw a row; the wrong line is marked, and what is wrong stands at its end as far as there is room."""
        strip = super().render_line(y)
        if self._wrong is None or self.scroll_offset.y + y != self._wrong[0] - 1:
            return strip
        self._known_look = self._known_look or Look(self)
        words, ink = self._wrong[1], self._known_look["failed"]
        width = strip.cell_length
        used = min(width, self.gutter_width + cells_of(self.document.get_line(self._wrong[0] - 1).expandtabs(4)) + 1)
        room = width - used - 3
        if room < _LEAST_WORDS or not words:
            return _inked(strip, ink)
        behind = next((segment.style for segment in reversed(list(strip)) if segment.style is not None), Style())
        said = Strip([Segment(fit(Safe(f" ◂ {words}"), room + 2), behind + ink)])
        return Strip.join([_inked(strip.crop(0, used), ink), said]).adjust_cell_length(width, behind)

    def on_text_area_changed(self) -> None:
        """Tell what was typed."""
        if self.text != self._told:
            self._told = self.text
            self.post_message(self.Typed(self, self.text))

    def on_paste(self, event: events.Paste) -> None:
        """Take pasted text without what could drive a terminal."""
        event.text = clean(event.text.replace("\r\n", "\n").replace("\r", "\n"))

    def notify_style_update(self) -> None:
        """Forget the old colours."""
        super().notify_style_update()
        self._known_look = None


def _inked(strip: Strip, ink: Style) -> Strip:
    """Return a strip in another ink; what is behind it stays."""
    return Strip(Segment.apply_style(strip, post_style=ink), strip.cell_length)
