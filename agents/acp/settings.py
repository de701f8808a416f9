"""The settings of an ACP agent: its `[agents.<name>]` section of cockpit.toml."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field


class AcpSettings(BaseModel):
    """What an ACP agent can be told. `driver` names the driver and is not ours to read."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    driver: str = "acp"
    command: tuple[str, ...] = Field(min_length=1, description="the agent's program and its arguments")
    env: dict[str, str] = Field(
        default_factory=dict, description="further variables for it; $NAME stands for one of our environment"
    )
    model: str = Field(default="", description="the model, as the agent names it; empty: the agent's own choice")
    base_url: str | None = Field(default=None, description="the model endpoint; empty: the agent's own")
    api_key_env: str = Field(
        default="", description="name of the variable that holds the endpoint's key; empty: the agent's usual one"
    )
    mode: str = Field(default="", description="the agent's permission mode; empty: the one in which it asks")
    confine: bool | None = Field(
        default=None,
        description="run the whole agent in our sandbox; unset: where there is one and the agent has none of its own",
    )
    writable: tuple[str, ...] = Field(
        default=(), description="further folders or files that the confined agent may write; `~` is your home"
    )
    start_timeout_s: float = Field(default=60, gt=0, description="until it has begun or loaded a conversation")
    interrupt_timeout_s: float = Field(default=3, gt=0, description="until an agent that ignores an interrupt is ended")
