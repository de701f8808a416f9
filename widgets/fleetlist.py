"""The list of the fleet: the attention queue, then the sessions by state, with one cursor over both."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar, Literal

from textual.binding import BindingType
from textual.message import Message
from textual.strip import Strip

from cockpit.providers.text import Safe, clean_line
from cockpit.screens.keys import Context, Keyboard, bindings
from cockpit.screens.store import LinkStatus
from cockpit.sessions.types import RequestKind
from widgets.attention import AttentionRow
from widgets.cells import strip_of, wrap
from widgets.rows import Parts, Row, RowList

What = Literal["open", "peek", "approve", "session", "always", "apart", "refuse"]


@dataclass
class Wanted(Message):
    """A person wants something done with the row under the cursor."""

    what: What


@dataclass
class CardScrolled(Message):
    """A person reads on in the card."""

    step: int


class FleetList(RowList):
    """Rows of the fleet. The keys that approve act only while the cursor is on something that needs a decision."""

    BINDINGS: ClassVar[list[BindingType]] = list(bindings(Context.LIST, Context.CARD))
    DEFAULT_CSS = "FleetList { padding: 0; }"

    def __init__(self, keyboard: Keyboard, *, id: str | None = None) -> None:  # noqa: A002 - Textual's name for it
        super().__init__(id=id)
        self._keyboard = keyboard
        self._lesson: Sequence[str] = ()

    def set_rows(self, rows: Sequence[Row], lesson: Sequence[str] = ()) -> None:
        """Show other rows, or without any, what a person can do now."""
        self._lesson = lesson if not rows else ()
        super().set_rows(rows)
        if not rows:
            self.refresh()
        self.refresh_bindings()

    def render_line(self, y: int) -> Strip:
        """Draw one line of the window."""
        if self._lesson:
            look = self.look
            lines = [(line, n) for n, text in enumerate(self._lesson) for line in wrap(Safe(text), self.size.width - 4)]
            line, sentence = lines[y - 1] if 0 < y <= len(lines) else ("", 0)
            parts: Parts = [("  ", look["dim"]), (line, look["dim" if sentence else "strong"])]
            return strip_of(parts, self.size.width, look.base)
        return super().render_line(y)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Let approving keys act only on what needs a decision."""
        if action in ("approve", "allow", "apart", "scroll_card"):
            if not isinstance(self.row, AttentionRow):
                return False
            if action == "apart":
                return self.row.is_folded or self.row.is_apart
            if action == "approve" and self.row.is_mistake:
                return False
            request = self.row.askers[0].request
            return action != "allow" or (request is not None and request.kind is not RequestKind.QUESTION)
        return super().check_action(action, parameters)

    def action_open(self) -> None:
        """Go into the detail."""
        self._want("open")

    def action_peek(self) -> None:
        """Show the last lines, and reply."""
        self._want("peek")

    def action_approve(self) -> None:
        """Say yes, in the way the item asks for."""
        self._want("approve")

    def action_allow(self, reach: Literal["session", "always"]) -> None:
        """Allow what the agent asks for, beyond this once."""
        self._want(reach)

    def action_apart(self) -> None:
        """Show what several sessions ask alike one by one, or as one again."""
        self._want("apart")

    def action_scroll_card(self, step: int) -> None:
        """Read on in a long card."""
        self.post_message(CardScrolled(step))

    def action_refuse(self) -> None:
        """Say no, with a reason."""
        self._want("refuse")

    def _want(self, what: What) -> None:
        if self.row is not None:
            self.post_message(Wanted(what))


def lesson_of(link: LinkStatus, keyboard: Keyboard, wanted: str) -> tuple[str, ...]:
    """Return what an empty list teaches."""
    if link in (LinkStatus.CONNECTING, LinkStatus.GONE):
        return ("Waiting for the supervisor…", "It starts with `cockpit up`; this screen connects by itself.")
    if wanted:
        return (f"Nothing matches “{clean_line(wanted)}”.", f"{keyboard.first('fleet.back')} ends the filter.")
    return (
        "No sessions yet.",
        f"Press {keyboard.first('fleet.dispatch')}, type what should be done, and press enter.",
        f"{keyboard.first('app.help')} shows all keys.",
    )
