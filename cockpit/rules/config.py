"""The `[rules]` section of cockpit.toml."""

from __future__ import annotations

from pydantic import Field

from cockpit.types import Model


class RulesConfig(Model, extra="forbid"):
    """How the rules in `.cockpit/` are carried out."""

    base: str = Field(
        default="", description="branch or commit that `cockpit check` compares with; empty: the commit checked out"
    )
    branch: str = Field(
        default="",
        description="branch that accepted rules are committed on and in force from; empty: that on which changes land",
    )
    timeout_s: float = Field(
        default=120, gt=0, le=3600, description="seconds until a scan is stopped and called broken"
    )
    judge: str = Field(
        default="",
        description="name of the agent that is asked about changes where a rule says `engine: judge`, at its own "
        "price; empty: none is",
    )
    judge_minutes: float = Field(
        default=5, gt=0, le=60, description="how long it may take; then a change goes on without its advice"
    )


class ForgeConfig(Model, extra="forbid"):
    """How rules are made of mistakes."""

    drafting: str = Field(
        default="",
        description="name of the agent that drafts candidates beside the others, at its own price; empty: none does",
    )
    drafts: int = Field(default=2, ge=1, le=4, description="candidates that it is asked for")
    minutes: float = Field(default=5, gt=0, le=60, description="how long it may take; its budget counts as well")
