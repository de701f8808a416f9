"""The examples of one forge: those that were found, and what a person adds, mends, takes away or turns round."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Literal

from cockpit.rules.service.gate import examples_of
from cockpit.rules.types import Example, ExampleKind
from cockpit.rules.types.forge import Pair
from cockpit.rules.types.forging import Sample

MOST = 40
"""Examples of one forge; each costs every candidate a try."""

_Side = Literal["bad", "good", "fine"]


class ForgeRefused(Exception):
    """What was asked of a forge cannot be done; the message says why."""


class Samples:
    """Bad snippets, each with its fix where one is known, and code that is fine by itself."""

    def __init__(self) -> None:
        self.pairs: list[Pair] = []
        self.fine: list[str] = []
        self.is_touched = False
        """Whether a person has changed them."""
        self._whose: dict[str, Literal["mark", "person"]] = {}

    def found(self, pairs: Iterable[Pair]) -> None:
        """Begin with what was found; of the same bad code one with a fix is kept before one without."""
        best: dict[str, Pair] = {}
        for pair in pairs:
            known = best.get(pair.bad)
            if known is None or (pair.good and not known.good):
                best[pair.bad] = pair
            elif pair.good and pair.good != known.good and pair.good not in self.fine:
                self.fine.append(pair.good)
        self.pairs = list(best.values())[:MOST]

    def restore(self, pairs: Sequence[Pair], fine: Sequence[str]) -> None:
        """Take the examples of a draft."""
        self.pairs, self.fine, self.is_touched = list(pairs), list(fine), True

    def listed(self) -> tuple[Sample, ...]:
        """Return all of them, bad ones first; the place in this list names an example."""
        return tuple(self._sample(side, at) for side, at in self._places())

    def examples(self) -> list[Example]:
        """Return them as the gate takes them, in the order of the list."""
        return [*examples_of(self.pairs), *(Example(kind=ExampleKind.GOOD, text=text) for text in self.fine)]

    def mark(self, text: str, path: str, *, is_bad: bool) -> None:
        """Take code that a person has judged where it stands."""
        if is_bad and all(pair.bad != text for pair in self.pairs):
            self.pairs.append(Pair(bad=text, path=path))
        elif not is_bad and text not in self.fine:
            self.fine.append(text)
        self._whose[text] = "mark"
        self.is_touched = True

    def give_fix(self, text: str) -> None:
        """Take how the first bad example should be. Raises `ForgeRefused`."""
        if not self.pairs:
            raise ForgeRefused("There is no bad example that this could be the fix of.")
        if text.strip() == self.pairs[0].bad.strip():
            raise ForgeRefused("This is the bad example.")
        self.pairs[0] = self.pairs[0].model_copy(update={"good": text})
        self._whose[text] = "person"
        self.is_touched = True

    def put(self, place: int | None, kind: ExampleKind, text: str, path: str = "") -> None:
        """Put an example in the place of another of its kind, or a new one. Raises `ForgeRefused`."""
        text = text.strip("\n")
        if not text.strip():
            raise ForgeRefused("An example is some code.")
        others = [one for at, one in enumerate(self.listed()) if at != place]
        if any(one.text == text for one in others):
            other = next(one for one in others if one.text == text)
            raise ForgeRefused(f"This is a {other.kind.value} example already.")
        if place is None:
            self._add(kind, text, path)
        else:
            self._mend(*self._at(place), text)
        self._whose[text] = "person"
        self.is_touched = True

    def change(self, do: Literal["put", "remove", "switch"], place: int | None, kind: ExampleKind, text: str) -> None:
        """Put, remove or switch an example. Raises `ForgeRefused`."""
        if do == "put":
            self.put(place, kind, text)
        elif place is None:
            raise ForgeRefused("Say which example.")
        elif do == "remove":
            self.remove(place)
        else:
            self.switch(place)

    def remove(self, place: int) -> None:
        """Take an example away; the fix of a bad one that goes is fine by itself. Raises `ForgeRefused`."""
        side, at = self._at(place)
        if side == "bad":
            gone = self.pairs.pop(at)
            self.fine += [gone.good] if gone.good else []
        elif side == "good":
            self.pairs[at] = self.pairs[at].model_copy(update={"good": ""})
        else:
            del self.fine[at]
        self.is_touched = True

    def switch(self, place: int) -> None:
        """Turn a bad example into a good one, or a good one into a bad one. Raises `ForgeRefused`."""
        sample, (side, at) = self._sample(*self._at(place)), self._at(place)
        path = sample.path or (self.pairs[at].path if side != "fine" else "")
        self.remove(place)
        if side == "bad":
            self.fine.append(sample.text)
        else:
            self.pairs.append(Pair(bad=sample.text, path=path))
        self._whose[sample.text] = "person"

    def _add(self, kind: ExampleKind, text: str, path: str) -> None:
        if len(self._places()) >= MOST:
            raise ForgeRefused(f"There are {MOST} examples; take one away first.")
        if kind is ExampleKind.BAD:
            self.pairs.append(Pair(bad=text, path=path))
            return
        lone = next((at for at, pair in enumerate(self.pairs) if not pair.good), None)
        if lone is None:
            self.fine.append(text)
        else:
            self.pairs[lone] = self.pairs[lone].model_copy(update={"good": text})

    def _mend(self, side: _Side, at: int, text: str) -> None:
        if side == "fine":
            self.fine[at] = text
        else:
            self.pairs[at] = self.pairs[at].model_copy(update={side: text})

    def _at(self, place: int) -> tuple[_Side, int]:
        places = self._places()
        if not 0 <= place < len(places):
            raise ForgeRefused("This example is not there any more.")
        return places[place]

    def _places(self) -> list[tuple[_Side, int]]:
        bad: list[tuple[_Side, int]] = [("bad", at) for at in range(len(self.pairs))]
        good: list[tuple[_Side, int]] = [("good", at) for at, pair in enumerate(self.pairs) if pair.good]
        return [*bad, *good, *(("fine", at) for at in range(len(self.fine)))]

    def _sample(self, side: _Side, at: int) -> Sample:
        if side == "fine":
            text = self.fine[at]
            return Sample(kind=ExampleKind.GOOD, text=text, whose=self._whose.get(text, "found"))
        pair = self.pairs[at]
        text, kind = (pair.bad, ExampleKind.BAD) if side == "bad" else (pair.good, ExampleKind.GOOD)
        path = pair.path if side == "bad" else pair.good_path or pair.path
        return Sample(
            kind=kind, text=text, path=path, whose=self._whose.get(text, "fix" if side == "good" else "found")
        )
