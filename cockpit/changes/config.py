"""The `[merge]` section of cockpit.toml: where changes land, and what may land unattended."""

from __future__ import annotations

import os

from pydantic import Field

from cockpit.types import Model


class AutoApproveConfig(Model, extra="forbid"):
    """What an unattended run may approve by itself: only changes whose checks all passed."""

    paths: tuple[str, ...] = Field(min_length=1, description="globs; a change may be approved if it touches only these")


class MergeConfig(Model, extra="forbid"):
    """How approved changes land."""

    target: str = Field(default="", description="branch to land on; empty: the branch checked out when the task began")
    window: int = Field(
        default_factory=lambda: os.cpu_count() or 1,
        ge=1,
        description="changes tested together, speculatively",
        json_schema_extra={"default_text": "number of cores"},
    )
    auto_approve: AutoApproveConfig | None = Field(
        default=None, description="what `--approve policy` lets land without a person; none: nothing"
    )
