"""Tokens and allowances, as codex counts them: sums that are repeated, and pieces that must be put together."""

from __future__ import annotations

from typing import Any

from cockpit.sessions.types import RateLimit, RateLimitsReported, UsageReported

_MINUTES_IN = (("week", 7 * 24 * 60), ("day", 24 * 60), ("hour", 60))
_MOST_LIMITS = 16


class TokenCount:
    """Turns codex's running sums into what each model call took: the same sum is told more than once."""

    def __init__(self) -> None:
        """Know of no call yet; a resumed conversation begins with what it took before."""
        self._known: dict[str, int] | None = None

    def begin(self) -> None:
        """Count from zero: the conversation is new."""
        self._known = {}

    def take(self, usage: dict[str, Any], *, is_own: bool, is_working: bool) -> UsageReported | None:
        """Take one report; None when it tells nothing new.

        Args:
            usage: codex's `tokenUsage`.
            is_own: the context is this agent's, and not that of one it called in.
            is_working: a turn has begun; what is told before it, was spent earlier.
        """
        total, last = usage.get("total") or {}, usage.get("last") or {}
        before, self._known = self._known, _numbers(total)
        if not is_working:
            return None
        if before is None:
            spent = _numbers(last)
        else:
            spent = {key: max(0, value - before.get(key, 0)) for key, value in self._known.items()}
        if not any(spent.values()):
            return None
        return UsageReported(
            input_tokens=spent.get("inputTokens", 0),
            cached_tokens=spent.get("cachedInputTokens", 0),
            output_tokens=spent.get("outputTokens", 0),
            context_used=last.get("totalTokens") if is_own else None,
            context_window=usage.get("modelContextWindow") if is_own else None,
        )


def _numbers(counts: dict[str, Any]) -> dict[str, int]:
    return {key: value for key, value in counts.items() if isinstance(value, int)}


class Allowances:
    """The account's rate limits; an update names only what changed."""

    def __init__(self) -> None:
        """Know of none."""
        self._known: dict[tuple[str, str], RateLimit] = {}

    def take(self, snapshot: dict[str, Any]) -> RateLimitsReported | None:
        """Take a (partial) snapshot; None when nothing is different."""
        before = dict(self._known)
        limit = str(snapshot.get("limitId") or "codex")
        for which in ("primary", "secondary"):
            window = snapshot.get(which)
            if isinstance(window, dict) and ((limit, which) in self._known or len(self._known) < _MOST_LIMITS):
                name = _name(str(snapshot.get("limitName") or ""), window.get("windowDurationMins"))
                self._known[limit, which] = RateLimit(
                    name=name or which,
                    used_percent=max(0.0, float(window.get("usedPercent") or 0)),
                    resets_at=window.get("resetsAt"),
                )
        return RateLimitsReported(limits=tuple(self._known.values())) if self._known != before else None


def _name(limit: str, minutes: int | None) -> str:
    length = ""
    for word, size in _MINUTES_IN if minutes else ():
        if minutes and minutes >= size and not minutes % size:
            count = minutes // size
            length = f"{count} {word}{'s' if count > 1 else ''}"
            break
    else:
        length = f"{minutes} minutes" if minutes else ""
    return " ".join(part for part in (limit, length) if part)
