"""What may be asked about mistakes, and said about them."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from cockpit.types import Model


class GetMistake(Model):
    """Ask for all that is known of a mistake.

    Result: `{"mistake", "title", "evidence": [{"session", "at", "path", "line", "message", "bad", "good", "remark",
    "before", "after"}, ...], "offences"}`; of remarks `before` and `after` are diffs. Offences are what `open_forge`
    takes.
    """

    cmd: Literal["get_mistake"] = "get_mistake"
    fingerprint: str


class FindSimilar(Model):
    """Ask for the three earlier remarks that are most like one: a known one, or these words and this code.

    Result: `{"similar": [{"remark", "score", "by_text", "by_fix"}, ...], "problem"}`; with a problem (for people) only
    the words were compared. `by_fix` is None where one of the two has no fix to compare.
    """

    cmd: Literal["find_similar"] = "find_similar"
    remark: str = Field(default="", description="id of a remark that is known; empty: what follows")
    text: str = Field(default="", max_length=20_000)
    path: str = Field(default="", description="the file that the code is of; its ending says the language")
    bad: str = Field(default="", max_length=20_000)
    good: str = Field(default="", max_length=20_000)
    besides: tuple[str, ...] = Field(default=(), max_length=500, description="remarks that are no earlier ones")
    only_likely: bool = Field(default=False, description="return nothing unless the first is likely to be the same")


class ConfirmSame(Model):
    """Say that a remark is about the same mistake as another remark (by id), or as a mistake (by fingerprint).

    Result: `{"fingerprint", "count"}` of the mistake that it counts as from now on.
    """

    cmd: Literal["confirm_same"] = "confirm_same"
    remark: str
    of: str


class PassSimilar(Model):
    """Say that a remark is like none before it: it is not offered again, but can be likened by hand.

    Result: `{"remark"}`.
    """

    cmd: Literal["pass_similar"] = "pass_similar"
    remark: str


class DismissMistake(Model):
    """Let a mistake be: it leaves the queue until it is made again. Result: `{"fingerprint", "count"}`."""

    cmd: Literal["dismiss_mistake"] = "dismiss_mistake"
    fingerprint: str
    count: int = Field(default=0, ge=0, description="how often it was made as the person sees it; 0: all times so far")
    looked_s: float = Field(default=0.0, description="seconds that the person looked at it")
    keys: int = Field(default=0, description="keys that the person pressed meanwhile")


MistakeCommand = GetMistake | FindSimilar | ConfirmSame | PassSimilar | DismissMistake
