"""How often one may ask: a bucket for each session that fills up with time."""

from __future__ import annotations

_KEPT = 4096


class Pace:
    """Lets `burst` requests through at once, and `per_s` in the long run, for each name."""

    def __init__(self, burst: int, per_s: float) -> None:
        """Everybody begins with a full bucket."""
        self._burst, self._per_s = burst, per_s
        self._left: dict[str, tuple[float, float]] = {}

    def take(self, name: str, now_s: float) -> float:
        """Let one through. Returns 0, or how many seconds to wait instead."""
        left, at = self._left.pop(name, (float(self._burst), now_s))
        left = min(self._burst, left + (now_s - at) * self._per_s)
        is_let = left >= 1
        self._left[name] = (left - is_let, now_s)
        if len(self._left) > _KEPT:  # the one that asked longest ago has a full bucket again
            self._left.pop(next(iter(self._left)))
        return 0.0 if is_let else (1 - left) / self._per_s
