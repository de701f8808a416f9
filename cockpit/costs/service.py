"""What a model call costs. No I/O."""

from __future__ import annotations

from collections.abc import Mapping
from fnmatch import fnmatchcase

from cockpit.costs.types import Price
from cockpit.sessions.types import UsageReported

_MILLION = 1_000_000


def price_of(model: str, prices: Mapping[str, Price]) -> Price | None:
    """Return the price of a model: by its very name, else by the longest pattern that matches; None: not known."""
    if not model:
        return None
    if model in prices:
        return prices[model]
    matching = [pattern for pattern in prices if fnmatchcase(model, pattern)]
    return prices[max(matching, key=len)] if matching else None


def cost_usd(price: Price, call: UsageReported) -> float:
    """Return the US dollars of a call; its cached tokens are part of the input."""
    cached = min(call.cached_tokens, call.input_tokens)
    rate = price.input if price.cached is None else price.cached
    given = (call.input_tokens - cached) * price.input + cached * rate
    return (given + call.output_tokens * price.output) / _MILLION
