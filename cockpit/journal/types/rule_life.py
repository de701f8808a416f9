"""What becomes of a rule after it was accepted: another state, findings judged, prose that it makes superfluous."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from cockpit.journal.types.base import BaseEvent
from cockpit.types import CommitId, SessionId


class RuleChanged(BaseEvent):
    """A rule is in another state: from now on it is told or not, and stops changes or not."""

    kind: Literal["rule_changed"] = "rule_changed"
    decision: str
    rule: str
    target: str
    commit: CommitId
    state: str = Field(description="shadow, warn, block")
    was: str = Field(default="", description="its state before")
    message: str = Field(default="", description="what is wrong, and why")
    remediation: str = Field(default="", description="how to put it right")
    by: str = ""


class FindingJudged(BaseEvent):
    """A person says that what a rule found in a session's change is not useful, or takes that back.

    It stops nothing any more: where the rule is told about, the target branch has it among what was there before.
    """

    kind: Literal["finding_judged"] = "finding_judged"
    decision: str
    rule: str
    of_session: SessionId
    instance: str
    is_useful: bool = Field(default=False, description="the judgement is taken back")
    target: str = ""
    commit: CommitId = Field(default=CommitId(""), description="what lets it by; empty: nothing had to")
    by: str = ""


class ProseRemoved(BaseEvent):
    """A line of a document that a rule makes superfluous was taken out, or put back."""

    kind: Literal["prose_removed"] = "prose_removed"
    decision: str
    rule: str
    target: str
    commit: CommitId
    path: str
    is_back: bool = Field(default=False, description="it was put back")
    by: str = ""


RuleLifeEvent = RuleChanged | FindingJudged | ProseRemoved
