"""What an agent that reviews a change objects to, remembered like a person's line comments.

A review is told as a message at the end of its turn: findings are a list in it, each with its place
(`- [P1] title — path:12-14`, then indented words). A review that objects to nothing leaves nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from cockpit.journal import types as ev
from cockpit.sessions.types import Review, Send, TurnEnded
from cockpit.state.model import SessionState

MOST_FINDINGS = 20
_FINDING = re.compile(
    r"^[-*]\s+(?:\[P\d\]\s*)?(?P<title>\S.{0,400}?)\s+[—–-]+\s+(?P<path>[^\s:][^:\n]{0,400}):(?P<line>\d{1,7})(?:-\d{1,7})?$"
)


@dataclass(frozen=True, slots=True)
class Objection:
    """One finding of a review."""

    text: str
    path: str
    line: int


def began(session: SessionState, event: ev.CommandSent) -> None:
    """Note whether the next turn is a review."""
    if isinstance(event.command, Review | Send):
        session.review = event.command.id if isinstance(event.command, Review) else ""


def ended(session: SessionState, event: ev.AgentSaid) -> Iterator[tuple[str, Objection]]:
    """Yield what a review objects to that is over now, each with an id; nothing when it was no review."""
    if not isinstance(event.said, TurnEnded) or not session.review:
        return
    review, session.review = session.review, ""
    root = session.workspace.path if session.workspace is not None else ""
    for number, one in enumerate(objections(event.said.summary, root)):
        yield f"{review}/{number}", one


def objections(text: str, root: str) -> list[Objection]:
    """Return the findings of a review; paths below the folder `root` are told from there."""
    found: list[Objection] = []
    words: list[str] = []
    place: tuple[str, int] | None = None

    def close() -> None:
        if place is not None:
            found.append(Objection("\n".join(words).strip(), *place))

    for line in text.splitlines():
        head = _FINDING.match(line)
        if head is not None:
            close()
            path = head["path"].removeprefix(f"{root.rstrip('/')}/") if root else head["path"]
            words, place = [head["title"]], (path, int(head["line"]))
        elif place is not None and (line[:1].isspace() or not line.strip()):
            words.append(line.strip())
        else:
            close()
            place = None
        if len(found) >= MOST_FINDINGS:
            return found
    close()
    return found
