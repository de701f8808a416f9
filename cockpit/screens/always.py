"""The sheet behind "always": the line as it will be written, in which file, and what it would have answered so far."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, ClassVar

from pydantic import ValidationError
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Vertical
from textual.screen import ModalScreen

from cockpit.approvals.types import LineOffer, Offers, PolicyPlace
from cockpit.protocol.types import Command, PreviewAlways
from cockpit.screens.keys import Context, Keyboard, bindings
from cockpit.sessions.types import AnswerDecision
from widgets.attention import AttentionRow
from widgets.footer import KeyFooter
from widgets.offers import OfferLines

_PLACES: tuple[PolicyPlace, ...] = ("repository", "user")
_NOT_ASKED = "The supervisor could not say what an “always” would mean."


@dataclass(frozen=True, slots=True)
class Chosen:
    """What a person chose on the sheet."""

    decision: AnswerDecision
    line: str = ""
    where: PolicyPlace = "repository"


class AlwaysSheet(ModalScreen[None]):
    """Nothing is written before enter; escape leaves everything as it was."""

    BINDINGS: ClassVar[list[BindingType]] = list(bindings(Context.SHEET))
    DEFAULT_CSS = """
    AlwaysSheet { align: center middle; background: $background 60%; }
    AlwaysSheet > Vertical {
        width: 96; max-width: 96%; height: auto; max-height: 92%;
        background: $surface; border: round $accent; padding: 0 1;
    }
    AlwaysSheet KeyFooter { background: $surface; }
    """

    def __init__(
        self,
        row: AttentionRow,
        then: Callable[[Chosen], Awaitable[bool]],
        ask: Callable[[Command], Awaitable[dict[str, Any] | None]],
        keyboard: Keyboard,
    ) -> None:
        super().__init__()
        self._row, self._then, self._ask, self._keyboard = row, then, ask, keyboard
        self._lines = OfferLines(row, keyboard)

    @property
    def _offer(self) -> LineOffer | None:
        return self._lines.offer

    def compose(self) -> ComposeResult:
        """Put the choices over the keys."""
        with Vertical():
            yield self._lines
            yield KeyFooter(self._keyboard)

    def on_mount(self) -> None:
        """Ask what is offered."""
        self.run_worker(self._preview(), exclusive=True, group="preview")

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Write only what is there to be written."""
        if action in ("write", "place", "choose"):
            return self._offer is not None
        return super().check_action(action, parameters)

    def action_choose(self, step: int) -> None:
        """Look at a broader or a narrower line."""
        self._lines.step(step)

    def action_place(self) -> None:
        """Write it into the other file."""
        self._lines.turn(_PLACES[(_PLACES.index(self._lines.place) + 1) % len(_PLACES)])

    def action_write(self) -> None:
        """Write the line and allow what is asked."""
        if (offer := self._offer) is not None:
            self._decide(Chosen(AnswerDecision.ALWAYS, offer.line, self._lines.place))

    def action_allow(self, reach: str) -> None:
        """Allow it without writing anything."""
        self._decide(Chosen(AnswerDecision(reach)))

    def action_cancel(self) -> None:
        """Leave everything as it was."""
        self.dismiss()

    def _decide(self, chosen: Chosen) -> None:
        self.run_worker(self._hand_over(chosen), exclusive=True, group="decide")

    async def _hand_over(self, chosen: Chosen) -> None:
        if await self._then(chosen):
            self.dismiss()

    async def _preview(self) -> None:
        result = await self._ask(PreviewAlways(session=self._row.session.id, request=self._row.item.request))
        try:
            offers = Offers.model_validate(result) if result is not None else Offers(refusal=_NOT_ASKED)
        except ValidationError:
            offers = Offers(refusal=_NOT_ASKED)
        self._lines.show(offers)
        self.refresh_bindings()
