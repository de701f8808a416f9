"""How a candidate of the forge is accepted: to block, to warn or only to count; asked twice where there is a doubt."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Literal

from cockpit.protocol.forge import GetRuleFiles
from cockpit.protocol.rules import AcceptRule
from cockpit.providers.text import Safe, clean_line
from cockpit.rules.types.forging import Book, ForgeView, Offence

if TYPE_CHECKING:
    from cockpit.screens.forge.screen import ForgeScreen

State = Literal["block", "warn", "shadow"]

_STATES: tuple[State, ...] = ("block", "warn", "shadow")
_WHAT = {"block": "blocks", "warn": "warns", "shadow": "is only counted"}


class Accepting:
    """Puts the chosen candidate into force."""

    def __init__(self, screen: ForgeScreen, offences: Sequence[Offence]) -> None:
        self._screen, self._offences = screen, offences
        self.state: State = "block"
        self._is_under_way = False
        self._confirmed: tuple[int, str] = (0, "")
        """Candidate and doubts that the person has been told of."""
        self.let_be = ""
        """What is told of the places that the accepted rule leaves alone."""

    @property
    def words(self) -> Safe:
        """What accepting would do, in a few words."""
        key = self._screen.keyboard.first("forge.accept")
        return Safe(f"{key}: it {_WHAT[self.state]}")

    @property
    def does(self) -> str:
        """What the rule does as it is accepted."""
        return _WHAT[self.state]

    def step(self) -> None:
        """Choose the next way to accept."""
        self.state = _STATES[(_STATES.index(self.state) + 1) % len(_STATES)]

    def accept(self, book: Book | None, view: ForgeView) -> None:
        """Accept a candidate, or say what speaks against it."""
        screen = self._screen
        if book is None or self._is_under_way:
            return
        if against := self._against(book, view):
            screen.say(Safe(against), is_bad=True)
            return
        doubts = "; ".join([*book.doubts, *(["nothing here has tried it"] if book.is_untried else [])])
        if doubts and self._confirmed != (book.number, doubts):
            self._confirmed = book.number, doubts
            key = screen.keyboard.first("forge.accept")
            screen.say(Safe(f"{key} again accepts it all the same. {clean_line(doubts)}"), is_bad=True)
            return
        screen.run_worker(self._accept(book), group="accept")

    def _against(self, book: Book, view: ForgeView) -> str:
        if book.is_untried:
            return ""
        examples = book.candidate.examples or [one for one in view.examples if one.kind.value == "good"]
        if not examples and not any(pair.good for pair in view.pairs) and not view.fine:
            key = self._screen.keyboard.first("forge.good")
            return f"there is no good example yet: {key} says how it should be"
        if not book.verdicts:
            return "its examples are being tried" if not book.problem else "it cannot be carried out: change it"
        if not any(one.example.kind.value == "bad" for one in book.verdicts):
            key = self._screen.keyboard.first("forge.examples")
            return f"there is no bad example yet: {key} shows the examples, where one can be added"
        if not book.is_proven:
            return "its examples do not come out right yet: change it, or choose another"
        return ""

    async def _accept(self, book: Book) -> None:
        screen = self._screen
        self._is_under_way = True
        try:
            made = await screen.asked(GetRuleFiles(forge=screen.forge, candidate=book.number, state=self.state))
            if made is None:
                return
            rule = str(made["rule"])
            self.let_be = _let_be(book)
            screen.say(Safe(f"accepting {clean_line(rule)}{self.let_be}…"))
            mistakes = tuple(dict.fromkeys(one.mistake for one in self._offences if one.mistake))
            if await screen.asked(AcceptRule(rule=rule, files=made["files"], mistakes=mistakes)) is None:
                return
            await screen.end(is_done=True)
            screen.dismiss(rule)
        finally:
            self._is_under_way = False


def _let_be(book: Book) -> str:
    """Return what is told of the places that are there now."""
    if not book.in_tree:
        return ""
    return f"; {book.in_tree} places there now are let be" if book.in_tree > 1 else "; 1 place there now is let be"
