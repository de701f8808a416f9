"""The settings of a native agent: its `[agents.<name>]` section of cockpit.toml."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, model_validator


class Approve(StrEnum):
    """When a command needs a human's word."""

    ASK = "ask"  # every command
    SANDBOXED = "sandboxed"  # those that are not confined, or ask for more than the sandbox gives
    NEVER_ASK = "never-ask"  # none; what the sandbox does not give is refused


class NativeSettings(BaseModel):
    """What a native agent can be told. `driver` names the driver and is not ours to read."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    driver: str = "native"
    model: str = Field(default="", description="the model's name at the endpoint")
    base_url: str | None = Field(default=None, description="the endpoint; empty: that of OpenAI")
    api_key_env: str = Field(default="OPENAI_API_KEY", description="name of the variable that holds the key")
    script: Path | None = Field(default=None, description="follow this script file instead of asking a model")
    api: str = Field(default="auto", pattern="^(auto|responses|chat)$")
    approve: Approve = Approve.SANDBOXED
    network: bool = Field(default=False, description="every command may use the network")
    images: bool = Field(default=False, description="the model can see: pictures that tools return are shown to it")
    context_window: int = Field(default=128_000, ge=2_000, description="tokens")
    max_output_tokens: int | None = Field(default=None, ge=1)
    reasoning_effort: str | None = None
    retries: int = Field(default=6, ge=0, description="how often a failed model call is tried again")
    retry_wait_s: float = Field(default=1.0, ge=0, description="the first wait; each further one is twice as long")
    request_timeout_s: float = Field(default=600, gt=0, description="silence of the endpoint that counts as failed")
    command_timeout_s: float = Field(default=600, gt=0)
    max_steps: int = Field(default=200, ge=1, description="model calls in one turn")

    @model_validator(mode="after")
    def _has_model(self) -> NativeSettings:
        if self.script is None and not self.model:
            raise ValueError("name a `model`, or a `script` to follow instead")
        return self
