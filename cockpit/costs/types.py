"""What work costs: prices of models, and how much the whole fleet may spend."""

from __future__ import annotations

from typing import NamedTuple

from pydantic import Field

from cockpit.types import Model

FLEET_LIKENESS = "fleet budget"
"""Likeness of the items that ask whether the fleet may go on: one answer is one for all."""
FLEET_USED_UP = "the fleet's budget is used up"
"""How the reason begins for which a session is paused, or stays queued, until the fleet may go on."""
PER_DAY = "_per_day"
"""Ending of the limits that begin anew each day."""


class Price(Model, extra="forbid"):
    """US dollars for a million tokens."""

    input: float = Field(ge=0, description="tokens that the model reads")
    cached: float | None = Field(default=None, ge=0, description="tokens that it has read before; none: as input")
    output: float = Field(ge=0, description="tokens that it writes")


class FleetBudget(Model, extra="forbid"):
    """How much all sessions together may use before they pause and ask. None means no limit."""

    tokens_per_day: int | None = Field(default=None, ge=1, description="input and output tokens of a day")
    cost_usd_per_day: float | None = Field(default=None, gt=0, description="US dollars of a day, where known")
    tokens: int | None = Field(default=None, ge=1, description="input and output tokens of all days")
    cost_usd: float | None = Field(default=None, gt=0, description="US dollars of all days, where known")

    @property
    def counts_cost(self) -> bool:
        """Whether any limit is one of money."""
        return self.cost_usd is not None or self.cost_usd_per_day is not None


class Meter(NamedTuple):
    """How one limit of the fleet stands.

    Attributes:
        name: Which limit of `FleetBudget`.
        spent: Tokens or US dollars that were used; of a sum with unknown parts, what is known.
        limit: What may be used, with what people have granted beyond the budget.
    """

    name: str
    spent: float
    limit: float

    @property
    def is_used_up(self) -> bool:
        """Whether nothing is left."""
        return self.spent >= self.limit

    def __str__(self) -> str:
        when = " today" if self.name.endswith(PER_DAY) else " in all"
        if self.name.startswith("cost"):
            return f"${self.spent:,.2f}{when} (limit: ${self.limit:,.2f})"
        return f"{self.spent:,.0f} tokens{when} (limit: {self.limit:,.0f})"
