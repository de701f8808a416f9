"""The rules in force as people and programs read them: what each says, what it has done, and what to do about it."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from cockpit.rules.types import Origin
from cockpit.types import Model


class RuleFiring(Model):
    """One of the last places that a rule objected to."""

    session: str
    number: int = Field(default=0, description="the session's short name")
    instance: str
    at: float = Field(description="epoch seconds")
    path: str = ""
    line: int | None = None
    text: str = Field(default="", description="the code that was hit, its first line")
    fate: Literal["open", "fixed", "suppressed", "not useful", "over"] = "open"


class Prose(Model):
    """A line of a document that a rule makes superfluous."""

    path: str
    line: int
    text: str = Field(description="all of its lines")
    is_named: bool = Field(default=False, description="the rule itself names it; else it says nearly the same")
    likeness: float = Field(default=1.0, description="how nearly, up to 1")


class RuleProposal(Model):
    """What may be done about a rule, with one key."""

    kind: Literal["demote", "delete", "prose"]
    words: str = Field(description="why")
    state: str = Field(default="", description="of a demotion: the state that it is to have")
    prose: Prose | None = None


class RuleView(Model):
    """One rule with its books."""

    id: str
    engine: str
    state: str
    severity: str
    message: str = ""
    fix: str = ""
    why: str = ""
    files: tuple[str, ...] = ()
    ignores: tuple[str, ...] = ()
    source: str = ""
    pack: str = ""
    origin: tuple[Origin, ...] = ()
    bad: tuple[str, ...] = Field(default=(), description="examples; bounded")
    good: tuple[str, ...] = ()
    fired: int = 0
    fixed: int = 0
    suppressed: int = 0
    not_useful: int = 0
    sessions: int = 0
    last_seen: float = Field(default=0.0, description="epoch seconds; 0: never")
    days: dict[str, int] = Field(default_factory=dict, description="firings by day (UTC)")
    accepted_by: str = ""
    accepted_at: float = 0.0
    changed_by: str = Field(default="", description="who last put it into another state")
    changed_at: float = 0.0
    firings: tuple[RuleFiring, ...] = Field(default=(), description="the last ones, the latest first")
    proposals: tuple[RuleProposal, ...] = ()


class CurvePoint(Model):
    """The curve of repeated mistakes at one merged change."""

    at: float
    repeated: float = Field(description="repeated mistakes per merged change, over the last ones")
    caught: float = Field(description="mistakes that rules stopped, likewise")
    rules: tuple[str, ...] = Field(default=(), description="accepted since the change before")


class RulesView(Model):
    """Everything about the rules of a branch."""

    branch: str = ""
    rules: tuple[RuleView, ...] = ()
    problems: tuple[str, ...] = ()
    landed: int = 0
    curve: tuple[CurvePoint, ...] = ()
