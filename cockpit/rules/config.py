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
