"""The `[ui]` section: looks and keys."""

from __future__ import annotations

from pydantic import Field, field_validator

from cockpit.types import Model


class UiConfig(Model, extra="forbid"):
    """How the screen looks and answers."""

    theme: str = Field(default="dark", description="a theme of the cockpit, of Textual, or of your themes folder")
    keys: dict[str, tuple[str, ...]] = Field(
        default_factory=dict,
        description="action name to the keys that trigger it; one key may be written without a list",
    )
    bell: bool = Field(default=True, description="ring the terminal's bell when something begins to wait for you")
    notify: bool = Field(default=True, description="desktop notification through the terminal (OSC 9/777)")

    @field_validator("keys", mode="before")
    @classmethod
    def _single_key(cls, value: object) -> object:
        if not isinstance(value, dict):
            return value
        return {action: (keys,) if isinstance(keys, str) else keys for action, keys in value.items()}
