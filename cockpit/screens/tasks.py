"""What the dispatch box understands: `@agent` first, then the task in a person's words."""

from __future__ import annotations

from collections.abc import Sequence

from cockpit.sessions.types import Task
from widgets.dispatch import named_agent


class UnknownAgent(Exception):
    """The text names an agent that the configuration does not have."""


def task_of(text: str, agents: Sequence[str], fork: str = "") -> Task:
    """Return the task that a text asks for.

    Args:
        text: as typed; not empty.
        agents: the names that exist.
        fork: id of the session that it begins from; empty: none.

    Raises:
        UnknownAgent: it begins with `@name` and there is no such agent, or nothing is asked of it.
    """
    name, rest = named_agent(text)
    if not name:
        return Task(prompt=rest, fork=fork)
    if agents and name not in agents:
        raise UnknownAgent(f"There is no agent {name!r}.")
    if not rest:
        raise UnknownAgent(f"Say what {name} should do.")
    return Task(prompt=rest, agent=name, fork=fork)
