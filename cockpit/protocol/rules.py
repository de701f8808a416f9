"""What clients may ask about rules."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from cockpit.protocol.rule_life import RuleLifeCommand
from cockpit.types import Model


class AcceptRule(Model):
    """Put a rule into force: its files are committed on the branch that changes land on, or on `[rules] branch`.

    It is refused unless its examples prove it. Result: `{"decision", "rule", "commit", "branch"}`, when it is on the
    branch; what it finds in running sessions follows as events.
    """

    cmd: Literal["accept_rule"] = "accept_rule"
    rule: str = Field(description="its id")
    files: dict[str, str] = Field(
        max_length=4,
        description="path to text: the rule's file, its tests where they are a file of their own, and "
        "`.cockpit/baseline.json` with the violations that it leaves alone (those of other rules are kept as they are)",
    )
    target: str = Field(default="", description="branch; empty: the one of cockpit.toml")
    mistakes: tuple[str, ...] = Field(
        default=(), max_length=20, description="fingerprints of the mistakes that it is made of: they need nobody then"
    )


class RetireRule(Model):
    """Take a rule out of force; its file stays, as retired. Result: like `accept_rule`."""

    cmd: Literal["retire_rule"] = "retire_rule"
    rule: str
    target: str = ""


class GetRules(Model):
    """Ask for the rules of a branch with their books, what is proposed, and the curve of repeated mistakes.

    Result: `{"branch", "rules": [...], "problems": [...], "landed", "curve": [{"at", "repeated", "caught", "rules"}]}`.
    A rule has what its file says (`id`, `engine`, `state`, `severity`, `message`, `fix`, `why`, `files`, `ignores`,
    `source`, `pack`, `origin`, `bad`, `good`), its books (`fired`, `fixed`, `suppressed`, `not_useful`, `sessions`,
    `last_seen`, `days`, `accepted_by`, `accepted_at`, `changed_by`, `changed_at`, and the last `firings` with
    `session`, `instance`, `path`, `line`, `text` and `fate`), and `proposals` with `kind`, `words`, `state`, `prose`.
    """

    cmd: Literal["get_rules"] = "get_rules"
    target: str = ""


JUDGED_LIMIT = 1_500_000
"""Characters of a change that an agent may be asked about; much less is shown to it."""


class JudgeChange(Model):
    """Ask the agent of `[rules] judge` about a change that is no session's: it costs what that agent costs.

    Result: `{"hits": [...], "dropped", "summary"}`. The answer is kept: the same question again costs nothing.
    """

    cmd: Literal["judge_change"] = "judge_change"
    files: dict[str, str] = Field(max_length=200, description="path to text of the rules to judge by")
    diff: str = Field(max_length=JUDGED_LIMIT, description="the change, as git prints it")


RuleCommand = AcceptRule | RetireRule | GetRules | JudgeChange | RuleLifeCommand
