"""What is remembered of mistakes: findings as they were seen and put right, and what people had to say."""

from __future__ import annotations

from enum import StrEnum

from pydantic import Field

from cockpit.types import Model, SessionId, TreeId


class Sighting(Model):
    """A finding that was not there a round before."""

    fingerprint: str
    instance: str
    message: str = Field(description="bounded")
    path: str = ""
    line: int | None = None
    snippet: str = Field(default="", description="the code it is about, with what encloses it; bounded")


class Fix(Model):
    """What became of the place of a finding that is gone."""

    fingerprint: str
    instance: str
    path: str = ""
    bad: str = Field(default="", description="the place in the round before; bounded")
    good: str = Field(default="", description="the same place where the finding is gone; empty: the place is gone, too")


class RemarkKind(StrEnum):
    """How somebody said what they did not like."""

    REDIRECT = "redirect"
    COMMENT = "comment"  # on a line of a diff
    REJECT = "reject"
    DENIAL = "denial"  # of something that an agent asked for
    REVIEW = "review"  # an agent's, when it looks over a change


class Likely(Model):
    """An earlier remark that is likely to be about the same as another one."""

    remark: str = Field(description="its id")
    score: float = Field(description="how like it is; 0: not at all, 1: the same")


class Remark(Model):
    """What a person had to say about a session's work."""

    id: str
    kind: RemarkKind
    session: SessionId
    by: str
    at: float = Field(description="epoch seconds")
    text: str = Field(description="bounded")
    subject: str = Field(default="", description="what was asked for, of a denial; bounded")
    path: str = ""
    line: int | None = None
    snippet: str = Field(default="", description="the line that it was written about; bounded")
    base: TreeId | None = Field(default=None, description="what the change is measured against")
    tree: TreeId | None = Field(default=None, description="the workspace when it was said")
    before_seq: int | None = Field(default=None, description="event that holds the diff it was said about")
    after_seq: int | None = Field(default=None, description="event that holds what the agent changed upon it")
    mistake: str = Field(default="", description="fingerprint of the mistake that a person counts it as")
    is_likened: bool = Field(default=False, description="earlier ones were looked for since the fix is known")
    likely: tuple[Likely, ...] = Field(default=(), description="what was found then, the most likely first")
    is_passed: bool = Field(default=False, description="a person said that it is like none: it is not offered again")


class Occurrence(Model):
    """One time that a mistake was made."""

    session: SessionId
    at: float = Field(description="epoch seconds")
    seq: int = Field(description="event that holds the evidence")
    path: str = ""
    line: int | None = None
    fixed_seq: int | None = Field(default=None, description="event that holds the fix")
    remark: str = Field(default="", description="id of the remark about it; empty: a check found it")


class Mistake(Model):
    """Findings of one fingerprint, or remarks that a person says are about the same."""

    fingerprint: str
    title: str = Field(description="the message when it was last seen")
    count: int = Field(default=0, description="how often: once a session, and again after it was fixed there")
    sessions: tuple[SessionId, ...] = Field(default=(), description="in which sessions, the latest last; bounded")
    occurrences: tuple[Occurrence, ...] = Field(default=(), description="the latest, oldest first")
    standing: tuple[SessionId, ...] = Field(default=(), description="sessions in which it is not fixed")
    dismissed: int = Field(default=0, description="its count when a person let it be; made again, it is raised again")
    rule: str = Field(default="", description="id of the rule that was made of it last")

    @property
    def is_repeated(self) -> bool:
        """Return whether it was made more than once: a single finding is no mistake yet."""
        return self.count > 1


class Evidence(Model):
    """What is kept of one time that a mistake was made, as a person reads it."""

    session: SessionId
    at: float = Field(description="epoch seconds")
    path: str = ""
    line: int | None = None
    message: str = ""
    bad: str = ""
    good: str = Field(default="", description="the same place after the fix; empty: there is none, or nothing is left")
    remark: str = Field(default="", description="id of the remark about it; empty: a check found it")
    before: str = Field(default="", description="of a remark: the diff that it was about")
    after: str = Field(default="", description="of a remark: what was changed upon it, as a diff")
