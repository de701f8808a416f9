"""What happens to rules: accepted, retired, told, and what they found."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from cockpit.journal.types.base import BaseEvent
from cockpit.journal.types.rule_life import RuleLifeEvent
from cockpit.sessions.types import UsageReported
from cockpit.types import CommitId, Model

HITS_KEPT = 500
"""Hits of one session that an event tells of at most."""


class RuleDecided(BaseEvent):
    """A person wants a commit that changes rules; it is on disk before the branch moves, and carried out after a crash.

    Exactly one of `RuleAccepted`, `RuleRetired`, `RuleChanged`, `FindingJudged`, `ProseRemoved` and `RuleRefused` of
    the same decision follows.
    """

    kind: Literal["rule_decided"] = "rule_decided"
    decision: str = Field(description="id of the decision behind it")
    what: Literal["accept", "retire", "change", "judge", "prose"]
    rule: str
    target: str = Field(description="branch that is to be moved")
    base: CommitId = Field(description="where it was")
    commit: CommitId = Field(description="what is to be on it; it may land as another commit of the same content")
    message: str = ""
    remediation: str = ""
    by: str = ""
    undoes: str = Field(default="", description="id of the decision on a rule that this one takes back")
    state: str = Field(default="", description="of a change: the state that the rule is to have")
    was: str = Field(default="", description="of a change: the state that it had")
    of_session: str = Field(default="", description="of a judgement: in whose change the finding is")
    instance: str = Field(default="", description="of a judgement: the finding's own")
    path: str = Field(default="", description="of prose: the document that a line is taken out of")
    mistakes: tuple[str, ...] = Field(default=(), description="fingerprints of the mistakes that the rule is made of")


class RuleAccepted(BaseEvent):
    """A rule is on the branch and in force: the next check of every session carries it out."""

    kind: Literal["rule_accepted"] = "rule_accepted"
    decision: str
    rule: str
    target: str
    commit: CommitId
    message: str = Field(default="", description="what is wrong, and why")
    remediation: str = Field(default="", description="how to put it right")
    by: str = ""
    mistakes: tuple[str, ...] = Field(default=(), description="fingerprints of the mistakes that it is made of")


class RuleRetired(BaseEvent):
    """A rule is in force no longer."""

    kind: Literal["rule_retired"] = "rule_retired"
    decision: str
    rule: str
    target: str
    commit: CommitId
    by: str = ""


class RuleRefused(BaseEvent):
    """What was decided about a rule could not be put on the branch; nothing was changed."""

    kind: Literal["rule_refused"] = "rule_refused"
    decision: str
    rule: str
    reason: str


class RuleTold(BaseEvent):
    """The agent is told of rules that were accepted while it was at work."""

    kind: Literal["rule_told"] = "rule_told"
    rules: tuple[str, ...]


class RuleHit(Model):
    """One place in a session's change that a rule objects to."""

    rule: str
    instance: str = Field(description="same occurrence, same instance, across rounds")
    is_suppressed: bool = Field(default=False, description="a comment in the code tells the rule to look away")
    path: str = ""
    line: int | None = None
    text: str = Field(default="", description="the code that was hit, its first line; bounded")


class RulesScanned(BaseEvent):
    """Rules were carried out on a session's change, and found something else than the last time. Shadow rules too."""

    kind: Literal["rules_scanned"] = "rules_scanned"
    rules: tuple[str, ...] = Field(default=(), description="only these were carried out; none named: all in force")
    hits: tuple[RuleHit, ...] = Field(default=(), max_length=HITS_KEPT)


class DraftPaid(BaseEvent):
    """An agent that drafts rules called its model. It belongs to no session, and counts for the day and in all."""

    kind: Literal["draft_paid"] = "draft_paid"
    agent: str = Field(description="its name in cockpit.toml")
    model: str = ""
    call: UsageReported
    by: str = Field(default="", description="the person whose forge it works for")


RuleEvent = RuleDecided | RuleAccepted | RuleRetired | RuleRefused | RuleTold | RulesScanned | DraftPaid | RuleLifeEvent
