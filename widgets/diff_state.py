"""When a session's diff is due to be fetched, and what a person has of it: comments and the place where it was left."""

from __future__ import annotations

import time
from collections import OrderedDict
from dataclasses import dataclass, field

from cockpit.sessions.types import LineComment
from cockpit.state.diff import anchor
from cockpit.state.model import SessionState
from cockpit.types import SessionId
from widgets.diff_document import Document
from widgets.diff_rows import Place

DEBOUNCE_S = 0.3
LONGEST_WAIT_S = 2.0
RETRY_S = 2.0
KEPT = 20


@dataclass(eq=False)
class Seen:
    """One session's diff as somebody looks at it."""

    session: SessionId
    document: Document | None = None
    comments: list[LineComment] = field(default_factory=list)
    trouble: str = ""
    cursor: int = 0
    top: int = 0
    wanted: str = ""
    """The tree that is shown as soon as it has settled."""
    wanted_since: float = 0.0
    moved_at: float = 0.0
    is_loading: bool = False
    retry_at: float = 0.0

    def is_due(self, session: SessionState) -> bool:
        """Return whether to fetch now: at once the first time, else when the tree stood still for a moment."""
        tree = session.change.tree if session.change is not None and session.change.files else ""
        now = time.monotonic()
        if self.document is not None and self.document.tree == tree:
            self.wanted = tree
            return False
        if tree != self.wanted or not self.moved_at:
            if self.document is None or self.wanted == self.document.tree:
                self.wanted_since = now
            self.wanted, self.moved_at = tree, now
        if self.is_loading or now < self.retry_at:
            return False
        is_settled = now - self.moved_at >= DEBOUNCE_S or now - self.wanted_since >= LONGEST_WAIT_S
        return self.document is None or is_settled

    def failed(self, what: str) -> None:
        """Remember why it could not be fetched, and when to try again."""
        self.is_loading, self.trouble, self.retry_at = False, what, time.monotonic() + RETRY_S

    def comment_on(self, place: Place) -> int | None:
        """Return which comment is on a line."""
        if place.kind == "comment":
            return place.comment
        if self.document is None or place.kind != "code":
            return None
        here = [
            section.diff for section in self.document.sections if place.path in (section.path, section.diff.old_path)
        ]
        for index, comment in enumerate(self.comments):
            if (comment.path, comment.side) == (place.path, place.side) and anchor(comment, here) == place.number:
                return index
        return None


class SeenDiffs:
    """The last sessions' diffs. One with comments that were not sent is never dropped."""

    def __init__(self) -> None:
        self._kept: OrderedDict[SessionId, Seen] = OrderedDict()

    def get(self, session: SessionId) -> Seen:
        """Return what is known of a session's diff."""
        seen = self._kept.pop(session, None) or Seen(session)
        self._kept[session] = seen
        spare = [key for key, each in self._kept.items() if not each.comments][: max(0, len(self._kept) - KEPT)]
        for key in spare:
            if key != session:
                del self._kept[key]
        return seen
