"""One line of the journal, as it is stored: an envelope around a JSON body that the journal does not look into."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Row:
    """One event on its way to, or back from, the disk.

    Attributes:
        at: when it happened, epoch seconds; kept to the microsecond.
        kind: the event's type, ASCII.
        version: the version of the event's model.
        body: the event as JSON.
        session: the session it belongs to, ASCII, or None for an event of the whole supervisor.
        seq: its place in the journal, from 1 without holes; 0 while it has none.
    """

    at: float
    kind: str
    version: int
    body: str
    session: str | None = None
    seq: int = 0

    def check(self) -> None:
        """Refuse what the store could not take, before a sequence number is spent on it.

        Raises:
            ValueError: the time is not a finite number, a name is not ASCII, or the body cannot be written as UTF-8.
        """
        if not -1e15 < self.at < 1e15:
            raise ValueError(f"the time of a {self.kind!r} event is not a usable number: {self.at!r}")
        if not self.kind.isascii() or (self.session is not None and not self.session.isascii()):
            raise ValueError(f"kind and session must be ASCII: {self.kind!r}, {self.session!r}")
        if not self.body.isascii():
            self.body.encode()
