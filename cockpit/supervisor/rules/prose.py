"""Which lines of AGENTS.md the rules of a branch make superfluous."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from functools import lru_cache

from cockpit.providers.git import UnknownRevision
from cockpit.rules.service.prose import superfluous
from cockpit.rules.types import Rule, RuleState
from cockpit.rules.types.books import Prose
from cockpit.supervisor.rules.in_force import InForce
from cockpit.supervisor.services import Services

DOCUMENT = "AGENTS.md"
_LIMIT_BYTES = 256 << 10


async def prose_of(services: Services, target: str, in_force: InForce | None) -> dict[str, Prose]:
    """Return by rule the line that it holds by itself; only rules that block make prose superfluous."""
    rules = [] if in_force is None else in_force.rules.rules
    blocking = [rule for rule in rules if rule.is_run and rule.metadata.state is RuleState.BLOCK]
    tip = await services.repository.branch_tip(target) if blocking else None
    if tip is None:
        return {}
    try:
        content = await services.repository.read_file(tip, DOCUMENT, _LIMIT_BYTES)
    except UnknownRevision:
        return {}
    if content.truncated:
        return {}
    text = content.data.decode("utf-8", "replace")
    return await asyncio.to_thread(_found, _Asked(frozenset(rule.source for rule in blocking), text, tuple(blocking)))


@dataclass(frozen=True, slots=True)
class _Asked:
    """What was compared with what."""

    sources: frozenset[str]
    text: str
    rules: tuple[Rule, ...] = field(hash=False)


@lru_cache(maxsize=4)
def _found(asked: _Asked) -> dict[str, Prose]:
    """Compare each content once: a screen asks again whenever a rule fires."""
    return superfluous(asked.rules, DOCUMENT, asked.text)
