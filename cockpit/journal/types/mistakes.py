"""Events about mistakes: what was found and put right, what people said and what followed from it."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from cockpit.journal.types.base import BaseEvent
from cockpit.rules.types.mistakes import Fix, Likely, Sighting
from cockpit.types import TreeId


class FindingsSeen(BaseEvent):
    """A round of checks brought findings that were not there before, or put an end to some."""

    kind: Literal["findings_seen"] = "findings_seen"
    tree: TreeId
    seen: tuple[Sighting, ...] = Field(default=(), description="at least one of each fingerprint that is new")
    fixes: tuple[Fix, ...] = ()
    gone: tuple[str, ...] = Field(default=(), description="fingerprints of which the session has no finding any more")


class RemarkKept(BaseEvent):
    """The diff that a person's remark was about, or what the agent changed upon it."""

    kind: Literal["remark_kept"] = "remark_kept"
    remark: str
    side: Literal["before", "after"]
    diff: str = Field(description="unified, bounded")


class SameConfirmed(BaseEvent):
    """A person says that a remark is about the same mistake as another one, or as a known mistake."""

    kind: Literal["same_confirmed"] = "same_confirmed"
    remark: str
    of: str = Field(description="id of a remark, or fingerprint of a mistake")
    by: str = ""


class SimilarFound(BaseEvent):
    """Earlier remarks were looked for once it was known what the agent changed upon one; none may be likely."""

    kind: Literal["similar_found"] = "similar_found"
    remark: str
    likely: tuple[Likely, ...] = Field(default=(), max_length=3, description="the most likely first")


class SimilarPassed(BaseEvent):
    """A person says that a remark is like none of those before it: it is not offered again."""

    kind: Literal["similar_passed"] = "similar_passed"
    remark: str
    by: str = ""


class MistakeDismissed(BaseEvent):
    """A person lets a mistake be: it is raised again when it is made again."""

    kind: Literal["mistake_dismissed"] = "mistake_dismissed"
    decision: str = Field(description="id of the decision behind it")
    fingerprint: str
    count: int = Field(default=0, description="how often it was made as the person saw it; 0: all times so far")
    looked_s: float = 0.0
    keys: int = 0
    by: str = ""


class MistakeRecalled(BaseEvent):
    """A person took back that a mistake is let be."""

    kind: Literal["mistake_recalled"] = "mistake_recalled"
    decision: str = Field(description="id of the decision that takes it back")
    fingerprint: str
    by: str = ""


MistakeEvent = (
    FindingsSeen | RemarkKept | SameConfirmed | SimilarFound | SimilarPassed | MistakeDismissed | MistakeRecalled
)
