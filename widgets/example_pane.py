"""The examples of a forge side by side with what is made of them: added, mended, turned round, taken away."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import ClassVar, Literal

from textual.binding import BindingType
from textual.message import Message

from cockpit.providers.text import Safe, clean_line
from cockpit.rules.types import ExampleKind
from cockpit.rules.types.forging import Sample
from cockpit.screens.keys import Context, bindings
from widgets.highlight import spans_of
from widgets.lines import LinesView
from widgets.sourceline import Flow, Line, TextLine

_LONGEST_LINES = 40
_WHOSE = {"found": "", "fix": "the fix", "mark": "your mark", "person": "yours"}

Change = Literal["put", "remove", "switch"]


class ExamplePane(LinesView):
    """Every example as it is; the one under the cursor is the one that keys act on."""

    BINDINGS: ClassVar[list[BindingType]] = list(bindings(Context.EXAMPLES))
    DEFAULT_CSS = """
    ExamplePane { border: round $faint; border-title-color: $dim; height: 1fr; }
    ExamplePane:focus { border: round $accent; }
    """

    class Wanted(Message):
        """An example is to be written (`put`), removed or switched."""

        def __init__(self, pane: ExamplePane, change: Change, place: int | None, kind: ExampleKind) -> None:
            super().__init__()
            self.pane, self.change, self.place, self.kind = pane, change, place, kind

        @property
        def control(self) -> ExamplePane:
            """The pane."""
            return self.pane

    def __init__(self) -> None:
        super().__init__()
        self.samples: Sequence[Sample] = ()

    @property
    def place(self) -> int | None:
        """Place of the example under the cursor."""
        line = self.cursor_line
        return line.mark if line is not None and isinstance(line.mark, int) else None

    def show(self, samples: Sequence[Sample], language: str) -> None:
        """Show these examples; the cursor stays where it was."""
        if samples == self.samples and self.lines:
            return
        self.samples = samples
        lines = [line for place, one in enumerate(samples) for line in example_lines(place, one, language)]
        if not lines:
            words = "No example yet: without a bad one nothing can be proven."
            lines = [TextLine(Safe(words), "dim", lead=((" ", ""),))]
        self.border_title = "examples"
        self.replace(lines, cursor=self.cursor, top=self.scroll_offset.y)
        self.refresh_bindings()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Mend, turn and remove only what is there."""
        if action in ("change", "turn", "remove"):
            return self.place is not None
        return super().check_action(action, parameters)

    def action_add(self, kind: str) -> None:
        """Write a new example."""
        self.post_message(self.Wanted(self, "put", None, ExampleKind(kind)))

    def action_change(self) -> None:
        """Mend the example under the cursor."""
        self._want("put")

    def action_turn(self) -> None:
        """Say that it is good, if it was bad, and the other way round."""
        self._want("switch")

    def action_remove(self) -> None:
        """Take it away."""
        self._want("remove")

    def _want(self, change: Change) -> None:
        if (place := self.place) is not None and place < len(self.samples):
            self.post_message(self.Wanted(self, change, place, self.samples[place].kind))


def example_lines(place: int, sample: Sample, language: str) -> Iterator[Line]:
    """Yield one example: what it shows, where it is from, and its code."""
    is_bad = sample.kind is ExampleKind.BAD
    head = ", ".join(filter(None, (sample.kind.value, _WHOSE[sample.whose])))
    yield TextLine(
        clean_line(head),
        "failed" if is_bad else "ready",
        lead=((" ", ""),),
        right=((clean_line(sample.path), "dim"),) if sample.path else (),
        flow=Flow.CUT,
        mark=place,
    )
    texts = [clean_line(text) for text in sample.text.split("\n")]
    shown = texts[:_LONGEST_LINES]
    spans = spans_of(shown, sample.path or language, is_file=bool(sample.path))
    back = "removed-back" if is_bad else "added-back"
    for text, inks in zip(shown, spans, strict=True):
        yield TextLine(text, spans=inks, lead=((" │ ", "faint"),), back=back, mark=place, flow=Flow.HARD)
    if len(texts) > len(shown):
        more = Safe(f"{len(texts) - len(shown)} more lines")
        yield TextLine(more, "dim", lead=((" │ ", "faint"),), mark=place)
