"""“You said this before?”: what a person says is compared with what people said earlier, and may count as the same.

It is looked for once the words are on their way, and offered in one quiet line. Once the fix is known the supervisor
looks again, and what it finds stands on the card of the session when that needs a person. Whoever wants to reads up to
three earlier remarks; one key counts what was said as the same mistake, another passes it for good.
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
from cockpit.protocol.types import ConfirmSame, FindSimilar, PassSimilar
from cockpit.providers.text import Safe, clean_line
from cockpit.rules.types.mistakes import Remark, RemarkKind
from cockpit.screens.keys import Context, Keyboard, bindings
from cockpit.state.said_before import offer_of
from widgets.attention import AttentionRow
from widgets.bar import Bar
from widgets.footer import KeyFooter
from widgets.lines import LinesView
from widgets.pane import Trouble
from widgets.said_lines import Likely, Offer, offer_words, said_lines
from widgets.timeline import TimelinePane
from widgets.transcript import TranscriptPane

if TYPE_CHECKING:
    from cockpit.screens.deciding import DecidingScreen

JUST_COME_S = 0.5
"""A key so soon after a card's offer came, or took the place of another one, was meant for something else."""
MOST_ASKED = 5
"""Remarks of one decision that are looked at: its words, and its first line comments."""


class SaidBar(Bar):
    """The quiet line; hidden while nothing is offered."""

    DEFAULT_CSS = "SaidBar { display: none; background: $panel; } SaidBar.-shown { display: block; }"


class SaidBefore:
    """Looks for earlier remarks for a screen, and offers them."""

    def __init__(self, screen: DecidingScreen) -> None:
        self._screen = screen
        self.bar = SaidBar()
        self.offer: Offer | None = None
        """What is offered of what was just said."""
        self.standing: Offer | None = None
        """What the card offers, of what was said earlier and is put right by now."""
        self._stands_since = 0.0
        self._answered: set[str] = set()
        """Remarks of which the person has said something that is on its way."""

    @property
    def offered(self) -> Offer | None:
        """What the keys are for."""
        return self.offer or self.standing

    def stand(self, row: AttentionRow | None) -> Offer | None:
        """Return what the card of a row has to offer; nothing while something else is offered."""
        found = self._found(row) if row is not None and not row.is_mistake and self.offer is None else None
        if found != self.standing:
            was, self.standing = self.standing, found
            if _subject(was) != _subject(found):
                self._stands_since = time.monotonic()
                self._screen.refresh_bindings()
        return found

    def _found(self, row: AttentionRow) -> Offer | None:
        state = self._screen.store.state
        for session in dict.fromkeys(asker.session.id for asker in row.askers):
            offer = offer_of(state, session, besides=self._answered)
            if offer is not None:
                remark, found = offer
                return self._offer(remark, tuple(Likely(state.remarks[one.remark], one.score) for one in found))
        return None

    def heard(self, result: dict[str, Any]) -> None:
        """Look, in the background, whether what a command said was said before."""
        remarks = result.get("remarks")
        if isinstance(remarks, list) and remarks:
            self._screen.later(self._look([str(one) for one in remarks]))

    def confirm(self, of: str = "") -> None:
        """Count what is offered as the same mistake as the earlier remark `of`, or as the most likely one."""
        if (offer := self._taken()) is not None:
            self._screen.later(self._confirm(offer, of or offer.first.id))

    def decline(self) -> None:
        """Say that what is offered is not the same."""
        if (offer := self._taken()) is not None:
            self._screen.later(self._pass(offer))

    def _taken(self) -> Offer | None:
        """Return what is offered, which is offered no longer; None: nothing, or the person has not seen it yet."""
        row = self._screen.item_row
        is_seen = self.offer is not None or (row is not None and self._screen.is_seen(row))
        offer = self.offered
        if offer is None:
            return None
        if not is_seen or (offer is self.standing and time.monotonic() - self._stands_since < JUST_COME_S):
            self._screen.say(Safe("This has only just come; press again."))
            return None
        self.end()
        self._answered.add(offer.remark.id)
        return offer

    def end(self) -> None:
        """Take the line about what was just said away."""
        self._show(None)

    def read(self, focused: Widget | None) -> None:
        """Show what was just offered, else what is like the remark under the cursor, else what the card offers."""
        remarks = self._pointed_at(focused) if self.offer is None else []
        if remarks:
            self._screen.later(self._look_by_hand(remarks))
            return
        if (offer := self.offered) is not None:
            self._open(offer)
            return
        hint = "Put the cursor on a redirect, comment or reason in the transcript or the timeline."
        self._screen.tell(Trouble("Nothing here was said by a person, or it is remembered no longer.", next=hint))

    # --- looking

    async def _look(self, remarks: Sequence[str]) -> None:
        found = [offer for one in remarks[:MOST_ASKED] if (offer := await self._similar(one, remarks)) is not None]
        if found:
            self._show(max(found, key=lambda offer: offer.likely[0].score))

    def _offer(self, remark: Remark, likely: tuple[Likely, ...]) -> Offer:
        sessions = self._screen.store.state.sessions
        earlier = (sessions.get(one.remark.session) for one in likely)
        return Offer(remark, likely, {one.id: one.number for one in earlier if one is not None})

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
        return self._offer(asked, tuple(Likely.of(one) for one in result["similar"]))

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
            self.bar.say(*offer_words(offer, self.bar.look, self._screen.keyboard, time.time()))
        self._screen.refresh_bindings()

    def _open(self, offer: Offer) -> None:
        self._screen.app.push_screen(SaidSheet(offer, self._screen.keyboard), self._chosen(offer))

    def _chosen(self, offer: Offer) -> Any:
        def ended(choice: Choice | None) -> None:
            if choice is None:
                return
            self.end()
            if choice.is_same:
                self._answered.add(offer.remark.id)
                self._screen.later(self._confirm(offer, choice.remark.id))
            else:
                self._screen.open_session(choice.remark.session)

        return ended

    async def _confirm(self, offer: Offer, of: str) -> None:
        result = await self._screen.send(ConfirmSame(remark=offer.remark.id, of=of))
        if result is None:
            self._answered.discard(offer.remark.id)
            return
        self._screen.say(Safe(f"One mistake from now on, made {int(result['count'])} times; it is in the queue"))

    async def _pass(self, offer: Offer) -> None:
        if await self._screen.send(PassSimilar(remark=offer.remark.id)) is None:
            self._answered.discard(offer.remark.id)
            return
        by_hand = self._screen.keyboard.first("said.read")
        self._screen.say(Safe(f"Not asked again; {by_hand} on the words in the timeline looks by hand"))


def _subject(offer: Offer | None) -> tuple[str, str] | None:
    """Return what an offer is about."""
    return (offer.remark.id, offer.first.id) if offer is not None else None


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

    def __init__(self, offer: Offer, keyboard: Keyboard) -> None:
        super().__init__()
        self._offer, self._keyboard = offer, keyboard
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
        self.view.replace(said_lines(self._offer.likely, self._offer.numbers, time.time()), cursor=0)

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
