"""Offences that no single pattern covers: either of two rules, each with metavariables of its own."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

from cockpit.rules.service.synthesis.workpiece import Proposal

_METAVARIABLE = re.compile(r"(\${1,3})([A-Z][A-Z0-9]*)")
_COST = 2.0
_MOST = 3

Thing = TypeVar("Thing")


def in_two(things: Sequence[Thing], propose: Callable[[Sequence[Thing]], list[Proposal]]) -> list[Proposal]:
    """Return rules of two parts: one for the offences that go with the first, the other for the rest."""
    if len(things) < 2:
        return []
    like = [things[0]]
    for thing in things[1:]:
        if propose([*like, thing]):
            like.append(thing)
    rest = [thing for thing in things if not any(thing is one for one in like)]
    if not rest:
        return []
    one, other = propose(like)[:_MOST], (propose(rest) or in_two(rest, propose))[:_MOST]
    return [united(left, right) for left, right in zip(one, other, strict=False)]


def united(one: Proposal, other: Proposal) -> Proposal:
    """Return the rule that hits what either of them does."""
    apart = _renamed(other.body)
    constraints = {**one.body.get("constraints", {}), **apart.get("constraints", {})}
    body = {"rule": {"any": [one.body["rule"], apart["rule"]]}, **({"constraints": constraints} if constraints else {})}
    says = f"{one.says}; or {other.says}"
    return Proposal(body, min(one.score, other.score) - _COST, f"{one.family} or {other.family}", says)


def _renamed(body: Mapping[str, Any]) -> dict[str, Any]:
    """Return a rule with other names for its metavariables."""
    constraints = {f"{name}2": _written(rule) for name, rule in body.get("constraints", {}).items()}
    return {"rule": _written(body["rule"]), "constraints": constraints}


def _written(value: Any, key: str = "") -> Any:
    if isinstance(value, Mapping):
        return {name: _written(one, name) for name, one in value.items()}
    if isinstance(value, Sequence) and not isinstance(value, str):
        return [_written(one) for one in value]
    is_pattern = isinstance(value, str) and key in ("pattern", "context")
    return _METAVARIABLE.sub(r"\1\g<2>2", value) if is_pattern else value
