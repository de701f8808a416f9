from __future__ import annotations

import pytest

from agents.environment import expand, named


def test_variables_are_put_in() -> None:
    ours = {"KEY": "secret", "HOST": "here"}
    given = {"TOKEN": "$KEY", "URL": "http://${HOST}:80/$$x", "PLAIN": "a b"}
    assert expand(given, ours) == {"TOKEN": "secret", "URL": "http://here:80/$x", "PLAIN": "a b"}


def test_one_that_is_not_set_is_told() -> None:
    with pytest.raises(ValueError, match="TOKEN refers to \\$KEY, which is not set"):
        expand({"TOKEN": "$KEY"}, {})


def test_what_is_referred_to_is_named_once() -> None:
    assert named({"A": "$ONE ${TWO}", "B": "$ONE $$THREE", "C": 7}) == ("ONE", "TWO")
    assert named(None) == ()
