"""What waits for a human in one session, and what it costs: every item is raised and resolved once, in the journal."""

from __future__ import annotations

from collections.abc import Iterable

from cockpit.costs.types import FLEET_LIKENESS
from cockpit.journal.types import AttentionRaised, AttentionResolved, Event
from cockpit.protocol.types import Attention
from cockpit.sessions.service import item_of_status
from cockpit.sessions.types import AttentionItem, AttentionKind, SessionStatus
from cockpit.supervisor.services import Services
from cockpit.types import SessionId

_WITH_REQUESTS = (SessionStatus.WORKING, SessionStatus.WAITING)


class OpenItems:
    """Makes the events about a session's attention items; whoever asks for them puts them into the journal."""

    def __init__(self, services: Services, session: SessionId) -> None:
        """Speak for one session."""
        self._services, self._session = services, session

    def all(self) -> list[AttentionItem]:
        """Return what waits for a human in this session, oldest first. A mistake is no session's alone."""
        waiting = self._services.record.state.attention.values()
        return [one for one in waiting if one.session == self._session and one.kind is not AttentionKind.MISTAKE]

    def id_of(self, kind: AttentionKind, request: str = "") -> str:
        """Return the id of this session's item of a kind."""
        return f"{self._session}:{kind}:{request}" if request else f"{self._session}:{kind}"

    def has(self, kind: AttentionKind, request: str = "") -> bool:
        """Return whether an item of this kind is open."""
        return self.id_of(kind, request) in self._services.record.state.attention

    @property
    def is_of_fleet(self) -> bool:
        """Whether the session waits for the fleet to be let go on."""
        return any(item.likeness == FLEET_LIKENESS for item in self.all())

    def raised(self, kind: AttentionKind, title: str, since: float | None = None) -> AttentionRaised:
        """Return the event of a new item."""
        at = self._services.clock.now() if since is None else since
        item = AttentionItem(id=self.id_of(kind), session=self._session, kind=kind, title=title, since=at)
        return AttentionRaised(item=item)

    def resolved(self, kind: AttentionKind, how: str, request: str = "") -> list[Event]:
        """Return the event that takes an item off the queue without a human; none when it is not open."""
        item = self._services.record.state.attention.get(self.id_of(kind, request))
        return [self._resolved(item, how, Attention(), "")] if item is not None else []

    def decided(self, how: str, cost: Attention, by: str, request: str = "") -> list[Event]:
        """Return the events of a decision: about one request, or about all else that is open.

        What the decision cost is charged to the oldest of these items only, so that it is counted once.
        """
        wanted = [
            item
            for item in self.all()
            if (item.request == request if request else item.kind is not AttentionKind.REQUEST)
        ]
        return [
            self._resolved(item, how, cost if number == 0 else Attention(), by) for number, item in enumerate(wanted)
        ]

    def moved(
        self, status: SessionStatus, reason: str, kind: AttentionKind | None, so_far: Iterable[Event]
    ) -> list[Event]:
        """Return what a move to another state resolves and raises, beyond what the events `so_far` resolve."""
        gone = {event.item for event in so_far if isinstance(event, AttentionResolved)}
        keeps_requests = status in _WITH_REQUESTS
        events: list[Event] = [
            self._resolved(item, str(status), Attention(), "")
            for item in self.all()
            if item.id not in gone and not (keeps_requests and item.kind is AttentionKind.REQUEST)
        ]
        state = self._services.record.state.sessions[self._session]
        item = item_of_status(state, status, reason, self._services.clock.now())
        if item is not None and kind is not None:
            item = item.model_copy(update={"kind": kind, "id": self.id_of(kind)})
        if item is not None:
            events.append(AttentionRaised(item=item))
        return events

    def _resolved(self, item: AttentionItem, how: str, cost: Attention, by: str) -> AttentionResolved:
        waited_s = max(0.0, self._services.clock.now() - item.since)
        return AttentionResolved(
            item=item.id, how=how, waited_s=waited_s, looked_s=cost.looked_s, keys=cost.keys, by=by
        )
