"""How much attention a decision costs: the time its item was looked at, and the keys pressed meanwhile."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

from cockpit.protocol.types import Attention

AWAY_S = 60.0
"""Longer than this without a key, nobody counts as looking."""


@dataclass(slots=True)
class _Spent:
    looked_s: float = 0.0
    keys: int = 0


class Looking:
    """Sums up by item. One item at most is looked at, at any time."""

    def __init__(self, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._monotonic = monotonic
        self._spent: dict[str, _Spent] = {}
        self._item: str | None = None
        self._since = 0.0

    def turn_to(self, item: str | None) -> None:
        """Look at another item, or at none."""
        if item != self._item:
            self._settle()
            self._item = item

    def begin_anew(self) -> None:
        """Count nothing for the time since the last key or turn: nobody saw the screen."""
        self._since = self._monotonic()

    def key(self) -> None:
        """Count a key for the item that is looked at."""
        if self._item is not None:
            self._settle()
            self._spent.setdefault(self._item, _Spent()).keys += 1

    def spent(self, item: str) -> Attention:
        """Return what an item has cost so far."""
        self._settle()
        spent = self._spent.get(item, _Spent())
        return Attention(looked_s=round(spent.looked_s, 3), keys=spent.keys)

    def forget(self, open_items: set[str]) -> None:
        """Drop the figures of items that are no longer open."""
        for item in [item for item in self._spent if item not in open_items]:
            del self._spent[item]

    def _settle(self) -> None:
        now = self._monotonic()
        if self._item is not None:
            spent = self._spent.setdefault(self._item, _Spent())
            spent.looked_s += min(now - self._since, AWAY_S)
        self._since = now
