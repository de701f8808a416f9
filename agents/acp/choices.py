"""An agent's modes and models, which it offers in one of two ways: as such, or as options of its configuration."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from agents.acp.shape import mapping, mappings, text


@dataclass(frozen=True, slots=True)
class Choice:
    """What can be chosen, and how."""

    name: str
    """What is chosen, for people: mode, model."""
    values: tuple[str, ...] = ()
    current: str = ""
    option: str = ""
    """Id of the configuration option; empty where the protocol has a method of its own."""

    @property
    def method(self) -> str:
        """The method that chooses."""
        return "session/set_config_option" if self.option else f"session/set_{self.name}"

    def arguments(self, value: str) -> dict[str, Any]:
        """Return what to tell the method besides the conversation."""
        return {"configId": self.option, "value": value} if self.option else {f"{self.name}Id": value}

    def find(self, wanted: str) -> str | None:
        """Return the value that a person means, whatever its case; None where there is none."""
        return next((one for one in self.values if wanted and one.casefold() == wanted.casefold()), None)

    def refusal(self, wanted: str) -> str:
        """Return what to tell a person whose wish is none of the values."""
        if not self.values:
            return f"the agent lets no {self.name} be chosen; take `{self.name}` out of its settings"
        return f"the agent has no {self.name} {wanted!r}; it has: {', '.join(self.values)}"


def mode_choice(state: Mapping[str, Any]) -> Choice:
    """Return the modes in the answer that began a conversation."""
    modes = mapping(state.get("modes"))
    values = tuple(text(one.get("id")) for one in mappings(modes.get("availableModes")))
    return Choice("mode", values, text(modes.get("currentModeId"))) if values else _option("mode", state)


def model_choice(state: Mapping[str, Any]) -> Choice:
    """Return the models in the answer that began a conversation."""
    option = _option("model", state)
    if option.values:
        return option
    models = mapping(state.get("models"))
    values = tuple(text(one.get("modelId")) for one in mappings(models.get("availableModels")))
    return Choice("model", values, text(models.get("currentModelId")))


def _option(name: str, state: Mapping[str, Any]) -> Choice:
    for option in mappings(state.get("configOptions")):
        if name in (option.get("category"), option.get("id")):
            values = tuple(_values(option.get("options")))
            return Choice(name, values, text(option.get("currentValue")), text(option.get("id")))
    return Choice(name)


def _values(options: object) -> Iterator[str]:
    for one in mappings(options):
        if "options" in one:
            yield from _values(one["options"])
        elif text(one.get("value")):
            yield text(one["value"])
