"""What clients may ask of a rule once it is there: another state, a judgement on what it found, prose taken out."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from cockpit.types import Model, SessionId


class ChangeRule(Model):
    """Put a rule into another state; agents hear of one that they are held to from now on. Result: like `accept_rule`.

    What it finds in the branch by then stops nothing: only new code is held to it.
    """

    cmd: Literal["change_rule"] = "change_rule"
    rule: str
    state: Literal["shadow", "warn", "block", "retired"]
    target: str = ""


class DeleteRule(Model):
    """Take a rule out of force, with its files, its tests and its part of the baseline. Result: like `accept_rule`."""

    cmd: Literal["delete_rule"] = "delete_rule"
    rule: str
    target: str = ""


class JudgeFinding(Model):
    """Say that what a rule found in a session's change is not useful: it is counted, and stops nothing any more.

    Where the rule is told about, the very code goes into the baseline of the target branch, as one commit; a shadow
    rule's finding is counted alone. Result: `{"decision", "rule", "commit", "branch"}`, the latter two empty where
    nothing had to be committed.
    """

    cmd: Literal["judge_finding"] = "judge_finding"
    session: SessionId
    rule: str
    instance: str = Field(max_length=400, description="the finding's or the firing's own")


class RemoveProse(Model):
    """Take an item out of a document because a rule holds what it asks for. Result: like `accept_rule`."""

    cmd: Literal["remove_prose"] = "remove_prose"
    rule: str
    path: str = Field(max_length=1_000)
    line: int = Field(ge=1, description="where it begins")
    text: str = Field(max_length=8_000, description="all of its lines, as they were shown; else nothing is removed")
    target: str = ""


RuleLifeCommand = ChangeRule | DeleteRule | JudgeFinding | RemoveProse
