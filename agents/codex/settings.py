"""The settings of a codex agent: its `[agents.<name>]` section of cockpit.toml."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

NEEDED = (0, 169, 0)
"""The first version whose app-server speaks as this driver does."""
INSTALL = "npm install -g @openai/codex"


class CodexSettings(BaseModel):
    """What a codex agent can be told."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    driver: str = "codex"
    command: tuple[str, ...] | str = Field(default="codex", description="the program, with arguments of its own")
    model: str = Field(default="", description="empty: what the user's own codex is set to")
    mode: Literal["untrusted", "on-request", "never"] = Field(
        default="on-request",
        description="when codex asks: before all but reading, where the sandbox is not enough, or not at all",
    )
    env: dict[str, str] = Field(
        default_factory=dict, description="variables for codex; `$NAME` stands for one of the cockpit's own"
    )
    base_url: str | None = Field(
        default=None, description="a local endpoint that speaks the Responses API, instead of codex's own"
    )
    api_key_env: str = Field(default="", description="name of the variable with that endpoint's key; empty: none")
    reasoning_effort: str | None = Field(default=None, description="by codex's name for it; empty: its own default")
    sandbox: Literal["workspace-write", "read-only", "danger-full-access"] = Field(
        default="workspace-write", description="what its commands may do without asking, by codex's names"
    )
    network: bool = Field(default=False, description="commands in the sandbox may use the network")
    start_timeout_s: float = Field(default=60, gt=0, description="how long codex may take to answer when it starts")
    interrupt_timeout_s: float = Field(
        default=5, gt=0, description="how long codex may take to stop; then its process is ended and begun again"
    )
    mcp_timeout_s: float = Field(
        default=20, gt=0, description="how long the first turn waits for the cockpit's own tools"
    )

    def argv(self) -> tuple[str, ...]:
        """Return the command as words."""
        return (self.command,) if isinstance(self.command, str) else self.command
