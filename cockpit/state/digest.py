"""Which events are chatter, and how their sum is taken over into a state.

Chatter changes nothing but a session's headline, usage and last sign of life, and the usage of its day. A screen that
shows a thousand sessions gets the sum a few times a second instead of every event, and still ends with the very same
state.
"""

from __future__ import annotations

from collections.abc import Iterable

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
from cockpit.types import SessionId

_CHATTER = (AgentMessage, AgentNotice, FileChanged, Retrying, Steered, ToolEnded, ToolStarted, UsageReported)
_RECENT_DAYS = 2
"""What is summed up is told at the latest when a day begins: it belongs to that day or the one before."""


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


def digest_of(state: State, sessions: Iterable[SessionId], seq: int) -> Digest:
    """Return the sums of these sessions' chatter up to event `seq`, and of the days that it may belong to."""
    chatter = tuple(chatter_of(state.sessions[one]) for one in sessions if one in state.sessions)
    return Digest(seq=seq, sessions=chatter, days=dict(list(state.days.items())[-_RECENT_DAYS:]))


def apply_digest(state: State, digest: Digest) -> None:
    """Take over the sums; they hold up to event `digest.seq`."""
    for chatter in digest.sessions:
        session = state.sessions.get(chatter.session)
        if session is None:
            continue
        session.version, session.headline = chatter.version, chatter.headline
        session.last_heard_at, session.usage = chatter.last_heard_at, chatter.usage
    state.days.update(digest.days)
    state.seq = max(state.seq, digest.seq)
