"""Which events are chatter, and how their sum is taken over into a state.

Chatter changes nothing of a session but its headline, usage and last sign of life. A screen that shows a thousand
sessions gets the sum a few times a second instead of every event, and still ends with the very same state.
"""

from __future__ import annotations

from cockpit.journal.types import AgentSaid, Event
from cockpit.protocol.types import Chatter, Digest
from cockpit.sessions.types import (
    AgentMessage,
    AgentNotice,
    FileChanged,
    Retrying,
    Steered,
    ToolEnded,
    ToolStarted,
    UsageReported,
)
from cockpit.state.model import SessionState, State

_CHATTER = (AgentMessage, AgentNotice, FileChanged, Retrying, Steered, ToolEnded, ToolStarted, UsageReported)


def is_chatter(event: Event) -> bool:
    """Return whether the event touches only what a digest carries."""
    return isinstance(event, AgentSaid) and isinstance(event.said, _CHATTER)


def chatter_of(session: SessionState) -> Chatter:
    """Return the sum of a session's chatter so far."""
    return Chatter(
        session=session.id,
        version=session.version,
        headline=session.headline,
        last_heard_at=session.last_heard_at,
        usage=session.usage,
    )


def apply_digest(state: State, digest: Digest) -> None:
    """Take over the sums; they hold up to event `digest.seq`."""
    for chatter in digest.sessions:
        session = state.sessions.get(chatter.session)
        if session is None:
            continue
        session.version, session.headline = chatter.version, chatter.headline
        session.last_heard_at, session.usage = chatter.last_heard_at, chatter.usage
    state.seq = max(state.seq, digest.seq)
