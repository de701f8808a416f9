"""What "always" may mean, as lines: each choice with what it would have answered, and where it would be written."""

from __future__ import annotations

from collections.abc import Iterator

from textual import events
from textual.strip import Strip
from textual.widget import Widget

from cockpit.approvals.types import LineOffer, Offers, PolicyPlace
from cockpit.providers.text import Safe, clean, show_escaped
from cockpit.screens.keys import Keyboard
from widgets.attention import AttentionRow
from widgets.card_lines import LEAVES
from widgets.cells import cut, strip_of, wrap, wrap_exact
from widgets.look import Look
from widgets.rows import Parts

_FILES: dict[PolicyPlace, str] = {
    "repository": "cockpit.toml, for everybody who works on this repository",
    "user": "your own config.toml, on this machine only",
}


class OfferLines(Widget):
    """Scrolls by itself so that the choice is in sight."""

    DEFAULT_CSS = "OfferLines { height: 4; max-height: 1fr; background: $surface; color: $ink; }"

    def __init__(self, row: AttentionRow, keyboard: Keyboard) -> None:
        super().__init__()
        self._row, self._keyboard = row, keyboard
        self._offers: Offers | None = None
        self._chosen = 0
        self._lines: list[Parts] = []
        self._top = 0
        self._look: Look | None = None
        self.place: PolicyPlace = "repository"

    @property
    def offer(self) -> LineOffer | None:
        """The choice under the cursor; None: nothing is offered (yet)."""
        return self._offers.choices[self._chosen] if self._offers is not None and self._offers.choices else None

    def show(self, offers: Offers) -> None:
        """Show what is offered, the narrowest first."""
        self._offers, self._chosen = offers, 0
        self._draw()

    def step(self, step: int) -> None:
        """Go to a broader (+1) or narrower (-1) choice."""
        if self._offers is not None and self._offers.choices:
            self._chosen = min(max(0, self._chosen + step), len(self._offers.choices) - 1)
            self._draw()

    def turn(self, place: PolicyPlace) -> None:
        """Choose the file."""
        self.place = place
        self._draw()

    def on_resize(self, _event: events.Resize) -> None:
        """Draw for the new width."""
        self._draw()

    def notify_style_update(self) -> None:
        """Draw again with the new colours."""
        super().notify_style_update()
        self._look = None
        if self.is_mounted:
            self._draw()

    def render_line(self, y: int) -> Strip:
        """Draw one line of the window."""
        self._look = self._look or Look(self)
        line = self._top + y
        parts = self._lines[line] if line < len(self._lines) else []
        return strip_of(parts, self.size.width, self._look.base)

    def _draw(self) -> None:
        if not self.size.width:
            return
        look = self._look = self._look or Look(self)
        room = self.size.width
        head = list(self._head(room, look))
        choices = [list(self._choice(place, room, look)) for place in range(self._total)]
        foot = list(self._foot(room, look))
        self._lines = [*head, *(line for choice in choices for line in choice), *foot]
        before = len(head) + sum(map(len, choices[: self._chosen]))
        after = before + (len(choices[self._chosen]) if choices else 0)
        height = self.size.height
        is_short = len(self._lines) <= height or after + len(foot) <= height
        self._top = 0 if is_short else min(before, max(0, len(self._lines) - height))
        self.styles.height = len(self._lines)
        self.refresh()

    @property
    def _total(self) -> int:
        return len(self._offers.choices) if self._offers is not None else 0

    def _head(self, room: int, look: Look) -> Iterator[Parts]:
        yield [("Always allow, without asking anybody?", look["title"])]
        for line in str(show_escaped(self._row.item.title)).split("\n"):
            for place, piece in enumerate(wrap_exact(Safe(line), room - 2)):
                yield [("  " if place else "▏ ", look["dim"]), (piece, look["dim"])]
        request = self._row.askers[0].request
        if request is not None and request.escalates:
            yield [(cut(Safe(LEAVES), room), look["waiting"])]
        yield []
        if self._offers is None:
            yield [("Looking through the journal for what it would have answered…", look["dim"])]
        elif self._offers.choices:
            yield [(cut(Safe("One line of [policy] will be written, this one:"), room), look["ink"])]

    def _choice(self, place: int, room: int, look: Look) -> Iterator[Parts]:
        assert self._offers is not None
        offer = self._offers.choices[place]
        is_chosen = place == self._chosen
        mark = ("▸ " if is_chosen else "  ", look["accent"])
        section = f"{offer.section.value}  "
        for number, piece in enumerate(wrap_exact(show_escaped(offer.line), room - 2 - len(section))):
            lead = [mark, (section, look["dim"])] if number == 0 else [(" " * (2 + len(section)), look["dim"])]
            yield [*lead, (piece, look["strong" if is_chosen else "ink"])]
        inset = " " * (2 + len(section))
        yield [(inset, look["dim"]), (cut(_matched(offer), room - len(inset)), look["waiting" if is_chosen else "dim"])]
        if is_chosen:
            for example in offer.examples:
                for number, piece in enumerate(wrap_exact(show_escaped(example), room - len(inset) - 2)):
                    yield [(f"{inset}{'  ' if number else '· '}", look["faint"]), (piece, look["dim"])]

    def _foot(self, room: int, look: Look) -> Iterator[Parts]:
        if self._offers is None:
            return
        if self._offers.choices:
            key = self._keyboard.first("always.place")
            yield []
            yield [("into ", look["dim"]), (cut(Safe(_FILES[self.place]), room - 5), look["strong"])]
            other = next(text for place, text in _FILES.items() if place != self.place)
            yield [(f"{key} ", look["accent"]), (cut(Safe(f"instead into {other}"), room - len(key) - 1), look["dim"])]
        if self._offers.refusal:
            yield []
            for line in wrap(clean(self._offers.refusal), room):
                yield [(line, look["badge"])]
            if not self._offers.choices:
                once, session = self._keyboard.first("always.once"), self._keyboard.first("always.session")
                text = f"It can still be allowed once ({once}) or for this session ({session})."
                for line in wrap(Safe(text), room):
                    yield [(line, look["ink"])]


def _matched(offer: LineOffer) -> Safe:
    if not offer.of:
        return Safe("no such request is in the journal yet")
    return Safe(f"would have answered {offer.matched} of the last {offer.of} requests")
