"""The `[senses]` section of cockpit.toml: the cockpit's own tools that every agent is given."""

from __future__ import annotations

from pydantic import Field

from cockpit.types import Model


class SensesConfig(Model, extra="forbid"):
    """The cockpit's own tools, which every agent is given."""

    ask_minutes: float = Field(
        default=45, gt=0, le=1440, description="minutes that an agent's question waits for a person before it goes on"
    )
