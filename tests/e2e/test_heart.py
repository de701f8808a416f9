"""A mistake made twice becomes a rule: a third agent, at work, is stopped and lands; a fourth does not get past it."""

from __future__ import annotations

from tests.e2e.gate import Gate
from tests.e2e.heart import Heart
from tests.e2e.place import Place


def test_a_mistake_made_twice_becomes_a_rule_that_nobody_gets_past(place: Place, gate: Gate) -> None:
    heart = Heart(place, gate)
    heart.make_it_twice()
    heart.begin_a_third()
    heart.forge()
    heart.stop_the_third()
    heart.try_a_fourth()
    heart.fleet.detach()
