"""What an agent cannot do, in words: such a thing is not offered, and a key for it says why."""

from __future__ import annotations

from typing import Literal

from cockpit.providers.text import Safe, clean_line
from cockpit.state.model import SessionState

Ability = Literal["steers", "resumes", "forks", "asks", "reviews"]
_MISSING: dict[Ability, str] = {
    "steers": "cannot be steered mid-turn",
    "resumes": "cannot go on with its conversation: it begins anew",
    "forks": "cannot copy its conversation",
    "asks": "does not ask before it acts",
    "reviews": "has no review of its own",
}


def cannot(session: SessionState, ability: Ability) -> Safe:
    """Return why a session's agent cannot do something; empty: it can, or nobody knows before it is first started."""
    if not session.abilities or ability in session.abilities:
        return Safe("")
    return Safe(f"{clean_line(session.agent_name) or 'Its agent'} {_MISSING[ability]}")
