"""What a call costs by the table of prices."""

from __future__ import annotations

import pytest

from cockpit.config import ConfigError, parse
from cockpit.costs.service import cost_usd, price_of
from cockpit.costs.types import FleetBudget, Price
from cockpit.sessions.types import UsageReported

PRICES = {
    "*": Price(input=1, output=1),
    "small-*": Price(input=2, output=2),
    "small-fast-*": Price(input=3, output=3),
    "small-fast-1": Price(input=4, output=4),
}


@pytest.mark.parametrize(
    ("model", "input_price"), [("small-fast-1", 4), ("small-fast-2", 3), ("small-1", 2), ("other", 1)]
)
def test_the_price_is_that_of_the_closest_name(model: str, input_price: float) -> None:
    found = price_of(model, PRICES)
    assert found is not None
    assert found.input == input_price


def test_what_is_not_in_the_table_is_not_known() -> None:
    assert price_of("large", {"small": Price(input=1, output=1)}) is None
    assert price_of("", PRICES) is None


@pytest.mark.parametrize(("cached_price", "usd"), [(None, 1 + 2.0), (0.1, 0.5 + 0.05 + 2.0), (0.0, 0.5 + 2.0)])
def test_cached_tokens_are_part_of_the_input(cached_price: float | None, usd: float) -> None:
    price = Price(input=1, cached=cached_price, output=4)
    call = UsageReported(input_tokens=1_000_000, cached_tokens=500_000, output_tokens=500_000)
    assert cost_usd(price, call) == pytest.approx(usd)


def test_more_cached_than_read_is_nonsense_and_never_a_refund() -> None:
    call = UsageReported(input_tokens=10, cached_tokens=1_000_000)
    assert cost_usd(Price(input=1, cached=0, output=1), call) == 0


def test_prices_and_the_fleets_budget_are_read() -> None:
    config = parse(
        "[budget]\nrounds = 3\n[budget.fleet]\ntokens_per_day = 900\ncost_usd = 0\n"
        '[prices."small-*"]\ninput = 1.5\noutput = 6\n'
        "[agents.codex]\ncost = 'table'\nprice = { input = 1, cached = 0.1, output = 2 }\n"
    )
    assert config.budget.rounds == 3
    assert config.budget.fleet.model_dump() == FleetBudget(tokens_per_day=900).model_dump()
    assert config.prices["small-*"].output == 6
    codex = config.agents["codex"]
    assert codex.price == Price(input=1, cached=0.1, output=2)
    assert "price" not in codex.settings
    assert "cost" not in codex.settings


def test_a_price_below_nothing_is_told() -> None:
    with pytest.raises(ConfigError, match=r"cockpit.toml:2: prices.m.input"):
        parse("[prices.m]\ninput = -1\noutput = 1\n")
