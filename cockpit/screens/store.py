"""What a screen knows: the folded state, how fresh it is, and the live text of the sessions that somebody watches.

Pushes come in through `take`; views pull at their flush and compare versions. Nothing here draws, waits or talks to a
socket, so one store can be fed by a supervisor, a recording or a test.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import StrEnum

from cockpit.journal import types as ev
from cockpit.journal.types.rules import RuleAccepted, RuleRetired
from cockpit.protocol.types import Digest, Ending, Happened, Progress, Push, Snapshot
from cockpit.sessions.types import (
    AgentEvent,
    AgentExited,
    AgentMessage,
    MessageDelta,
    ReasoningDelta,
    TerminalScreen,
    ToolEnded,
    ToolOutput,
    TurnEnded,
)
from cockpit.state.digest import apply_digest
from cockpit.state.fold import apply
from cockpit.state.model import STATE, SessionState, State
from cockpit.state.terminal import Glass
from cockpit.types import SessionId

KEPT_TAIL = 4_000
"""Events kept of a watched session; a view that lags further behind asks for them again."""
KEPT_LIVE_CHARS = 200_000
"""Characters kept of one message or output that is still being written."""

_RESHAPING = (
    ev.SessionCreated,
    ev.StatusChanged,
    ev.AttentionRaised,
    ev.AttentionResolved,
    ev.FindingsSeen,
    ev.SameConfirmed,
    ev.MistakeDismissed,
    ev.MistakeRecalled,
    RuleAccepted,
    RuleRetired,
    ev.QueueEntered,
    ev.QueueLeft,
    ev.Landed,
)


class LinkStatus(StrEnum):
    """How this screen stands with its supervisor. The value is what people read."""

    CONNECTING = "connecting…"
    LIVE = "live"
    GONE = "supervisor gone, reconnecting…"
    RESTARTED = "supervisor restarted"
    FOREIGN = "supervisor of another version"


@dataclass(slots=True)
class Watched:
    """A session that somebody looks at: its events since the watch began, and text that is still being written.

    A pane that shows history asks once for the events up to now (`GetEvents`), then takes from `tail` what is newer
    than the last sequence number it has. When `gap` changes, events were missed: it asks again.
    """

    since: int
    """Sequence number of the state when the watch began; `tail` holds everything of the session after it."""
    tail: deque[ev.Envelope] = field(default_factory=lambda: deque(maxlen=KEPT_TAIL))
    live: dict[str, str] = field(default_factory=dict)
    """Text so far of messages, reasoning and outputs under way, by item."""
    glass: Glass = field(default_factory=Glass)
    """What the agent's terminal shows, where it has one."""
    kinds: dict[str, type[AgentEvent]] = field(default_factory=dict)
    """Which delta an item of `live` is made of: `MessageDelta`, `ReasoningDelta` or `ToolOutput`."""
    gap: int = 0
    version: int = 0
    """Grows with every event and delta."""


class Store:
    """State for views to pull from.

    Attributes:
        state: the fold of all events so far; read only for views.
        version: grows with every push that changed something.
        shape: grows when lists must be sorted again: sessions came, moved to another state or need a person.
        link: how the connection stands.
    """

    def __init__(self) -> None:
        self.state = State()
        self.version = 0
        self.shape = 0
        self.link = LinkStatus.CONNECTING
        self._watched: dict[SessionId, Watched] = {}

    def take(self, push: Push) -> None:
        """Let one push of the supervisor change what is known."""
        match push:
            case Snapshot():
                self._replace(STATE.validate_json(push.state))
            case Happened():
                self._happened(push.envelope)
            case Progress():
                self._progress(push)
            case Digest():
                apply_digest(self.state, push)
                self.version += 1
            case Ending():
                pass  # the link says so when the connection closes

    def stands(self, link: LinkStatus) -> None:
        """Say how the connection stands."""
        if link is not self.link:
            self.link = link
            self.version += 1

    def session(self, session: SessionId | None) -> SessionState | None:
        """Return a session, if it exists."""
        return self.state.sessions.get(session) if session is not None else None

    def watch(self, sessions: Iterable[SessionId]) -> None:
        """Keep events and live text of these sessions, and of no others."""
        kept = self._watched
        self._watched = {s: kept.get(s) or Watched(since=self.state.seq) for s in sessions}

    def watched(self, session: SessionId | None) -> Watched | None:
        """Return what is kept of a session, while it is watched."""
        return self._watched.get(session) if session is not None else None

    def _replace(self, state: State) -> None:
        self.state = state
        self.version += 1
        self.shape += 1
        for watched in self._watched.values():
            watched.since = state.seq
            watched.tail.clear()
            watched.live.clear()
            watched.kinds.clear()
            watched.gap += 1
            watched.version += 1

    def _happened(self, envelope: ev.Envelope) -> None:
        if envelope.seq <= self.state.seq:
            return
        apply(self.state, envelope)
        self.version += 1
        if isinstance(envelope.event, _RESHAPING):
            self.shape += 1
        if envelope.session is None or (watched := self._watched.get(envelope.session)) is None:
            return
        if len(watched.tail) == KEPT_TAIL:
            watched.gap += 1
        watched.tail.append(envelope)
        watched.version += 1
        if isinstance(envelope.event, ev.AgentSaid):
            said = envelope.event.said
            if isinstance(said, AgentMessage | ToolEnded):
                watched.live.pop(said.item, None)
                watched.kinds.pop(said.item, None)
            elif isinstance(said, TurnEnded | AgentExited):
                watched.live.clear()  # what was still being written will not be finished
                watched.kinds.clear()

    def _progress(self, push: Progress) -> None:
        watched = self._watched.get(push.session)
        said = push.said
        if watched is not None and isinstance(said, TerminalScreen):
            watched.glass.take(said)
            return
        if watched is None or not isinstance(said, MessageDelta | ReasoningDelta | ToolOutput):
            return
        text = watched.live.get(said.item, "") + said.text
        watched.live[said.item] = text[-KEPT_LIVE_CHARS:]
        watched.kinds[said.item] = type(said)
        watched.version += 1
