"""“You said this before?”: what a person says is compared with what people said earlier, and may count as the same.

It is looked for once the words are on their way, and offered in one quiet line. Whoever wants to reads up to three
earlier remarks; one key counts what was just said as the same mistake.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Vertical
from textual.screen import ModalScreen
from textual.widget import Widget

from cockpit.protocol.client import CommandFailed, SupervisorGone
from cockpit.protocol.types import ConfirmSame, FindSimilar
from cockpit.providers.text import Safe, clean_line
from cockpit.rules.types.mistakes import Remark, RemarkKind
from cockpit.screens.keys import Context, Keyboard, bindings
from cockpit.types import SessionId
from widgets.bar import Bar
from widgets.footer import KeyFooter
from widgets.lines import LinesView
from widgets.pane import Trouble
from widgets.said_lines import Likely, offer_words, said_lines
from widgets.timeline import TimelinePane
from widgets.transcript import TranscriptPane

if TYPE_CHECKING:
    from cockpit.screens.deciding import DecidingScreen

MOST_ASKED = 5
"""Remarks of one decision that are looked at: its words, and its first line comments."""


@dataclass(frozen=True, slots=True)
class Offer:
    """What was said, and what is like it, the most likely first."""

    remark: Remark
    likely: tuple[Likely, ...]


class SaidBar(Bar):
    """The quiet line; hidden while nothing is offered."""

    DEFAULT_CSS = "SaidBar { display: none; background: $panel; } SaidBar.-shown { display: block; }"


class SaidBefore:
    """Looks for earlier remarks for a screen, and offers them."""

    def __init__(self, screen: DecidingScreen) -> None:
        self._screen = screen
        self.bar = SaidBar()
        self.offer: Offer | None = None

    def heard(self, result: dict[str, Any]) -> None:
        """Look, in the background, whether what a command said was said before."""
        remarks = result.get("remarks")
        if isinstance(remarks, list) and remarks:
            self._screen.later(self._look([str(one) for one in remarks]))

    def confirm(self, of: str = "") -> None:
        """Count what is offered as the same mistake as the earlier remark `of`, or as the most likely one."""
        if (offer := self.offer) is not None:
            self.end()
            self._screen.later(self._confirm(offer, of or offer.likely[0].remark.id))

    def end(self) -> bool:
        """Take the offer away. Returns whether there was one."""
        had = self.offer is not None
        self._show(None)
        return had

    def read(self, focused: Widget | None) -> None:
        """Show what is offered, else what is like the remark under the cursor."""
        if self.offer is not None:
            self._open(self.offer)
            return
        remarks = self._pointed_at(focused)
        if remarks:
            self._screen.later(self._look_by_hand(remarks))
            return
        hint = "Put the cursor on a redirect, comment or reason in the transcript or the timeline."
        self._screen.tell(Trouble("Nothing here was said by a person, or it is remembered no longer.", next=hint))

    # --- looking

    async def _look(self, remarks: Sequence[str]) -> None:
        found = [offer for one in remarks[:MOST_ASKED] if (offer := await self._similar(one, remarks)) is not None]
        if found:
            self._show(max(found, key=lambda offer: offer.likely[0].score))

    async def _look_by_hand(self, remarks: Sequence[str]) -> None:
        found = [offer for one in remarks if (offer := await self._similar(one, remarks, by_hand=True)) is not None]
        if found:
            self._open(max(found, key=lambda offer: offer.likely[0].score))
        else:
            self._screen.say(Safe("Nobody said anything like it before."))

    async def _similar(self, remark: str, besides: Sequence[str], *, by_hand: bool = False) -> Offer | None:
        """Return what is like a remark; None: nothing is. What goes wrong unasked troubles nobody."""
        command = FindSimilar(remark=remark, besides=tuple(besides), only_likely=not by_hand)
        if by_hand:
            result = await self._screen.send(command)
        else:
            try:
                result = await self._screen.link.call(command)
            except (CommandFailed, SupervisorGone):
                return None
        asked = self._screen.store.state.remarks.get(remark)
        if not result or not result["similar"] or asked is None:
            return None
        return Offer(asked, tuple(Likely.of(one) for one in result["similar"]))

    def _pointed_at(self, focused: Widget | None) -> list[str]:
        """Return the ids of the remarks under the cursor: of a decision, or an objection of a review."""
        remarks = self._screen.store.state.remarks
        ancestors = focused.ancestors_with_self if focused is not None else ()
        pane = next((one for one in ancestors if isinstance(one, TimelinePane | TranscriptPane)), None)
        if pane is None or self._screen.subject is None:
            return []
        if found := _remarks_of(pane.decision, remarks):
            return found
        line = pane.view.cursor_line
        reviewed = (one for one in remarks.values() if one.kind is RemarkKind.REVIEW)
        mine = (one for one in reviewed if one.session == self._screen.subject.id)
        return [one.id for one in mine if line is not None and clean_line(one.text.partition("\n")[0]) in line.text]

    # --- showing

    def _show(self, offer: Offer | None) -> None:
        if offer is None and self.offer is None:
            return
        self.offer = offer
        self.bar.set_class(offer is not None, "-shown")
        if offer is not None:
            numbers = self._numbers()
            self.bar.say(*offer_words(offer.likely, numbers, self.bar.look, self._screen.keyboard, time.time()))
        self._screen.refresh_bindings()

    def _open(self, offer: Offer) -> None:
        self._screen.app.push_screen(SaidSheet(offer, self._numbers(), self._screen.keyboard), self._chosen(offer))

    def _chosen(self, offer: Offer) -> Any:
        def ended(choice: Choice | None) -> None:
            if choice is None:
                return
            self.end()
            if choice.is_same:
                self._screen.later(self._confirm(offer, choice.remark.id))
            else:
                self._screen.open_session(choice.remark.session)

        return ended

    def _numbers(self) -> dict[SessionId, int]:
        return {one.id: one.number for one in self._screen.store.state.sessions.values()}

    async def _confirm(self, offer: Offer, of: str) -> None:
        result = await self._screen.send(ConfirmSame(remark=offer.remark.id, of=of))
        if result is not None:
            self._screen.say(Safe(f"One mistake from now on, made {int(result['count'])} times; it is in the queue"))


def _remarks_of(decision: str, remarks: Iterable[str]) -> list[str]:
    """Return the remarks that came with a decision: its words, and its line comments."""
    return [one for one in remarks if decision and (one == decision or one.startswith(f"{decision}/"))]


@dataclass(frozen=True, slots=True)
class Choice:
    """What a person chose on the sheet: an earlier remark that is the same, or whose session to go to."""

    remark: Remark
    is_same: bool


class SaidSheet(ModalScreen[Choice | None]):
    """Up to three earlier remarks to read. Escape ends it with None: nothing is counted."""

    BINDINGS: ClassVar[list[BindingType]] = list(bindings(Context.SAID))
    AUTO_FOCUS = "LinesView"
    DEFAULT_CSS = """
    SaidSheet { align: center middle; background: $background 60%; }
    SaidSheet > Vertical {
        width: 96; max-width: 96%; height: auto; max-height: 92%;
        background: $surface; border: round $accent; padding: 0 1;
    }
    SaidSheet LinesView { height: auto; max-height: 24; background: $surface; }
    SaidSheet Bar, SaidSheet KeyFooter { background: $surface; }
    """

    def __init__(self, offer: Offer, numbers: dict[SessionId, int], keyboard: Keyboard) -> None:
        super().__init__()
        self._offer, self._numbers, self._keyboard = offer, numbers, keyboard
        self.view = LinesView()

    @property
    def _remark(self) -> Remark:
        """The earlier remark that the cursor is on."""
        line = self.view.cursor_line
        place = line.mark if line is not None and isinstance(line.mark, int) else 0
        return self._offer.likely[place].remark

    def compose(self) -> ComposeResult:
        """Put what was said over what is like it."""
        with Vertical():
            yield Bar(id="asked")
            yield self.view
            yield KeyFooter(self._keyboard)

    def on_mount(self) -> None:
        """Show them."""
        bar = self.query_one("#asked", Bar)
        bar.say([("You said  ", bar.look["dim"]), (clean_line(self._offer.remark.text), bar.look["question"])])
        self.view.replace(said_lines(self._offer.likely, self._numbers, time.time()), cursor=0)

    def action_line(self, step: int) -> None:
        """Go up or down."""
        self.view.action_line(step)

    def action_confirm(self) -> None:
        """It is the same mistake as the one under the cursor."""
        self.dismiss(Choice(self._remark, is_same=True))

    def action_go(self) -> None:
        """Go to the session of the one under the cursor."""
        self.dismiss(Choice(self._remark, is_same=False))

    def action_leave(self) -> None:
        """Close."""
        self.dismiss(None)
