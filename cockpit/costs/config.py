"""The parts of cockpit.toml about money: `[prices]` and `[budget.fleet]`."""

from __future__ import annotations

from pydantic import field_validator

from cockpit.costs.types import FleetBudget, Price


class PriceConfig(Price):
    """What a model costs, in US dollars for a million tokens; its name may hold `*` and `?`."""


class FleetBudgetConfig(FleetBudget):
    """How much all sessions together may use before they pause and ask. 0 means no limit."""

    @field_validator("*", mode="before")
    @classmethod
    def _zero_is_no_limit(cls, value: object) -> object:
        return None if value == 0 and not isinstance(value, bool) else value
