"""What clients may ask of a forge, where a rule is made of what a person pointed at."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from cockpit.rules.types.forging import Offence
from cockpit.types import Model

RULE_LIMIT = 64_000
"""Longest text of a rule that is written by hand, in characters."""


class OpenForge(Model):
    """Make candidates for a rule of what a person pointed at. Result: `{"forge": id}`; follow it to see them.

    A forge that nobody follows for a minute and a half is closed.
    """

    cmd: Literal["open_forge"] = "open_forge"
    offences: tuple[Offence, ...] = Field(min_length=1, max_length=20)


class FollowForge(Model):
    """Wait until a forge is newer than a version, 20 seconds at most.

    Result: the forge as it is then, see `cockpit.rules.types.forging.ForgeView`. Whoever reads slowly misses what was
    between, and nothing of the sum.
    """

    cmd: Literal["follow_forge"] = "follow_forge"
    forge: str
    after: int = 0


class JudgeRule(Model):
    """Try a rule as a person writes it, beside the candidate that it began with; the one before it is given up.

    Result: `{"candidate": number, "problem", "line"}`; with a problem it could not be read, and nothing was changed.
    """

    cmd: Literal["judge_rule"] = "judge_rule"
    forge: str
    candidate: int = Field(default=0, description="where it began; 0: nowhere")
    text: str = Field(max_length=RULE_LIMIT)


class MarkHit(Model):
    """Say of a listed hit that it is fine, or bad as well: it becomes an example, and a new candidate appears."""

    cmd: Literal["mark_hit"] = "mark_hit"
    forge: str
    candidate: int
    place: int = Field(ge=0, description="place in the candidate's list of hits")
    mark: Literal["fine", "also_bad"]


class GiveFix(Model):
    """Say how the first bad example should be: it becomes its good one, and the candidates are made anew."""

    cmd: Literal["give_fix"] = "give_fix"
    forge: str
    text: str = Field(min_length=1, max_length=8_000)


class GetRuleFiles(Model):
    """Ask for a candidate as files, which `accept_rule` takes. Result: `{"rule": id, "files": {path: text}}`."""

    cmd: Literal["get_rule_files"] = "get_rule_files"
    forge: str
    candidate: int


class CloseForge(Model):
    """End a forge. A draft is kept, and there again when the same place is pointed at."""

    cmd: Literal["close_forge"] = "close_forge"
    forge: str
    draft: str = Field(default="", max_length=RULE_LIMIT)


ForgeCommand = OpenForge | FollowForge | JudgeRule | MarkHit | GiveFix | GetRuleFiles | CloseForge
