"""The seam of the tools: arguments as a strict model, one result, failures that tell the model how to go on."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError

from agents.native.conversation import Picture


class Arguments(BaseModel):
    """Base of a tool's arguments."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class ToolFailure(Exception):
    """The tool could not do it; the message is for the model and says how to go on."""


@dataclass(frozen=True, slots=True)
class Result:
    """What a tool returned to the model."""

    output: str
    ok: bool = True
    exit_code: int | None = None
    is_done: bool = False
    """The agent says that the task is complete."""
    pictures: tuple[Picture, ...] = ()


A = TypeVar("A", bound=Arguments)


class Tool(ABC, Generic[A]):
    """One tool."""

    name: str
    description: str
    arguments: type[A]

    def schema(self) -> dict[str, Any]:
        """Return the tool as a function for the model."""
        return {"name": self.name, "description": self.description, "parameters": _plain(self.arguments)}

    def parse(self, text: str) -> A:
        """Return the arguments. Raises `ToolFailure` saying what is wrong and what is expected."""
        try:
            return self.arguments.model_validate_json(text or "{}")
        except ValidationError as error:
            problems = "; ".join(
                f"{'.'.join(map(str, item['loc'])) or 'arguments'}: {item['msg']}"
                for item in error.errors(include_url=False)[:5]
            )
            fields = ", ".join(self.arguments.model_fields)
            raise ToolFailure(
                f"the arguments of {self.name} are not usable: {problems}. Send one JSON object with: {fields}"
            ) from None

    @abstractmethod
    def title(self, arguments: A) -> str:
        """Return one line for people."""

    @abstractmethod
    async def use(self, arguments: A, item: str) -> Result:
        """Do it. `item` names the use in events. Raises `ToolFailure`."""


def _plain(arguments: type[Arguments]) -> dict[str, Any]:
    """Return the JSON schema without the titles that pydantic adds: they cost tokens and say nothing."""

    def strip(node: Any) -> Any:
        if isinstance(node, dict):
            return {key: strip(value) for key, value in node.items() if not (key == "title" and isinstance(value, str))}
        return [strip(value) for value in node] if isinstance(node, list) else node

    schema: dict[str, Any] = strip(arguments.model_json_schema())
    schema.setdefault("properties", {})
    return schema
