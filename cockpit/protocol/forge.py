"""What clients may ask of a forge, where a rule is made of what a person pointed at."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from cockpit.rules.types import Engine, ExampleKind
from cockpit.rules.types.forging import Offence
from cockpit.types import Model

RULE_LIMIT = 64_000
"""Longest text of a rule that is written by hand, in characters."""


class OpenForge(Model):
    """Make candidates for a rule of what a person pointed at, or go on with a draft. Result: `{"forge": id}`.

    Follow it to see them. What was left at the same place earlier is there again.

    A forge that nobody follows for a minute and a half is closed.
    """

    cmd: Literal["open_forge"] = "open_forge"
    offences: tuple[Offence, ...] = Field(default=(), max_length=20)
    draft: str = Field(default="", max_length=64, description="id of a draft, in the place of offences")


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

    What was typed is kept as a draft, whether it can be read or not.

    Result: `{"candidate": number, "problem", "line"}`; with a problem it could not be read, and nothing else changed.
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
    seen: str = Field(default="", max_length=4_000, description="the code of that hit, for lists change meanwhile")


class GiveFix(Model):
    """Say how the first bad example should be: it becomes its good one, and the candidates are made anew."""

    cmd: Literal["give_fix"] = "give_fix"
    forge: str
    text: str = Field(min_length=1, max_length=8_000)


class ChangeExample(Model):
    """Put an example in the place of another or a new one, remove one, or switch it from bad to good and back.

    The candidates are made anew.
    """

    cmd: Literal["change_example"] = "change_example"
    forge: str
    do: Literal["put", "remove", "switch"]
    place: int | None = Field(default=None, ge=0, description="place in the forge's list of examples; none: a new one")
    kind: ExampleKind = Field(default=ExampleKind.BAD, description="of a new one")
    text: str = Field(default="", max_length=8_000)


class SetScope(Model):
    """Let a candidate look at fewer or more files, as the examples' paths suggest. Result: `{"files": globs}`."""

    cmd: Literal["set_scope"] = "set_scope"
    forge: str
    candidate: int
    step: Literal[-1, 1] = Field(default=-1, description="-1: fewer; after the fewest come all")


class BeginRule(Model):
    """Ask for the text with which a rule of an engine is begun by hand. Result: `{"text"}`."""

    cmd: Literal["begin_rule"] = "begin_rule"
    forge: str
    engine: Engine


class GetRuleFiles(Model):
    """Ask for a candidate as files, which `accept_rule` takes. Result: `{"rule": id, "files": {path: text}}`.

    Where the checkout is what the target branch holds, what was counted in it is among them as the baseline.
    """

    cmd: Literal["get_rule_files"] = "get_rule_files"
    forge: str
    candidate: int
    state: Literal["block", "warn", "shadow"] = "block"


class GetDrafts(Model):
    """List the rules that somebody began to write and left. Result: `{"drafts": [...]}`, the latest first.

    See `cockpit.rules.types.forging.DraftInfo`.
    """

    cmd: Literal["get_drafts"] = "get_drafts"


class DropDraft(Model):
    """Throw a draft away."""

    cmd: Literal["drop_draft"] = "drop_draft"
    draft: str = Field(default="", max_length=64, description="its id")
    forge: str = Field(default="", description="or the forge that it belongs to")


class StopDrafting(Model):
    """End the agent that drafts candidates, and nothing else. Result: `{"was_drafting": bool}`."""

    cmd: Literal["stop_drafting"] = "stop_drafting"
    forge: str


class CloseForge(Model):
    """End a forge. What was written by hand is kept, and there again when the same place is pointed at."""

    cmd: Literal["close_forge"] = "close_forge"
    forge: str
    draft: str = Field(default="", max_length=RULE_LIMIT, description="what was typed last; empty: what is known of it")
    is_done: bool = Field(default=False, description="its rule was accepted: no draft is kept")


ForgeCommand = (
    OpenForge
    | FollowForge
    | JudgeRule
    | MarkHit
    | GiveFix
    | ChangeExample
    | SetScope
    | BeginRule
    | GetRuleFiles
    | GetDrafts
    | DropDraft
    | StopDrafting
    | CloseForge
)
