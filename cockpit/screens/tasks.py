"""What the dispatch box understands: `@agent` first, then the task in a person's words."""

from __future__ import annotations

import re
from collections.abc import Sequence

from cockpit.sessions.types import Task

_AGENT = re.compile(r"@([A-Za-z0-9._-]+)(?:\s+|$)")


class UnknownAgent(Exception):
    """The text names an agent that the configuration does not have."""


def task_of(text: str, agents: Sequence[str]) -> Task:
    """Return the task that a text asks for.

    Args:
        text: as typed; not empty.
        agents: the names that exist.

    Raises:
        UnknownAgent: it begins with `@name` and there is no such agent, or nothing is asked of it.
    """
    prompt = text.strip()
    found = _AGENT.match(prompt)
    if found is None:
        return Task(prompt=prompt)
    name, rest = found[1], prompt[found.end() :].strip()
    if agents and name not in agents:
        raise UnknownAgent(f"There is no agent {name!r}.")
    if not rest:
        raise UnknownAgent(f"Say what {name} should do.")
    return Task(prompt=rest, agent=name)
