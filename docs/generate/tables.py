"""Markdown tables of the fields of pydantic models, and the models that they lead to."""

from __future__ import annotations

import inspect
import types
from collections.abc import Iterator
from enum import Enum
from pathlib import Path
from typing import Any, Literal, NewType, Union, get_args, get_origin

from pydantic import BaseModel
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

from cockpit.journal.types import Event
from cockpit.protocol.types import Command
from cockpit.sessions.types import AgentEvent

_PLAIN = {str: "text", int: "whole number", float: "number", bool: "true or false", Any: "anything", Path: "path"}


_UNIONS = {
    frozenset(get_args(get_args(union)[0])): name
    for union, name in (
        (Command, "a [command](protocol.md#commands)"),
        (Event, "an [event](events.md#kinds-of-events)"),
        (AgentEvent, "[what agents say](events.md#what-agents-say)"),
    )
}


def section(model: type[BaseModel], heading: str, skipped: tuple[str, ...] = ()) -> Iterator[str]:
    """Yield a model's heading, its own words and its fields."""
    yield f"### {heading}\n"
    yield f"{words(model)}\n"
    rows = [_row(field.alias or name, field) for name, field in model.model_fields.items() if name not in skipped]
    if rows:
        yield "| field | type | default | meaning |\n| --- | --- | --- | --- |"
        yield from rows
        yield ""


def words(of: type) -> str:
    """Return what a class says of itself, as Markdown."""
    return inspect.cleandoc(of.__doc__ or "").partition("\n\nAttributes:")[0]


def union_members(union: Any) -> tuple[type[BaseModel], ...]:
    """Return the models of an annotated union, in its order."""
    return tuple(get_args(get_args(union)[0]))


def tag(model: type[BaseModel], field: str) -> str:
    """Return the value of a discriminator."""
    return str(model.model_fields[field].default)


def reached(roots: tuple[type[BaseModel], ...], known: set[type]) -> list[type]:
    """Return the models and enums that fields of `roots` lead to, sorted by name, without what is `known`."""
    found: dict[str, type] = {}
    waiting: list[type] = list(roots)
    while waiting:
        one = waiting.pop()
        if not issubclass(one, BaseModel):
            continue
        for field in one.model_fields.values():
            for inner in _types_in(field.annotation):
                if inner not in known and inner.__name__ not in found:
                    found[inner.__name__] = inner
                    waiting.append(inner)
    return [found[name] for name in sorted(found)]


def values(types_: list[type]) -> Iterator[str]:
    """Yield sections of models and enums that others are made of."""
    for one in types_:
        if issubclass(one, BaseModel):
            yield from section(one, f"`{one.__name__}`")
        elif issubclass(one, Enum):
            yield f"### `{one.__name__}`\n"
            yield f"{words(one)}\n"
            yield "One of " + ", ".join(f"`{member.value}`" for member in one) + ".\n"


def _types_in(annotation: Any) -> Iterator[type]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel | Enum):
        yield annotation
    for argument in get_args(annotation):
        yield from _types_in(argument)


def _row(name: str, field: FieldInfo) -> str:
    cells = (f"`{name}`", type_name(field.annotation), _default(field), field.description or "")
    return "| " + " | ".join(cell.replace("|", "\\|").replace("\n", " ") for cell in cells) + " |"


def type_name(annotation: Any) -> str:
    """Return a type in the words of JSON."""
    arguments = get_args(annotation)
    match get_origin(annotation):
        case origin if origin in (Union, types.UnionType) and frozenset(arguments) in _UNIONS:
            return _UNIONS[frozenset(arguments)]
        case origin if origin in (Union, types.UnionType):
            return " or ".join("null" if one is types.NoneType else type_name(one) for one in arguments)
        case origin if origin is Literal:
            return ", ".join(f"`{one}`" if one else "empty" for one in arguments)
        case origin if origin in (tuple, frozenset, list):
            return f"list of {type_name(arguments[0])}"
        case origin if origin is dict:
            return f"table of {type_name(arguments[1])}"
        case _:
            return _plain(annotation)


def _plain(annotation: Any) -> str:
    if isinstance(annotation, NewType):
        return annotation.__name__
    if hasattr(annotation, "__metadata__"):
        return type_name(get_args(annotation)[0])
    if isinstance(annotation, type) and issubclass(annotation, BaseModel | Enum):
        return f"[{annotation.__name__}](#{_heading(annotation)})"
    return _PLAIN[annotation]


def _heading(model: type) -> str:
    """Return where a page tells of a model: what agents say stands under its tag, all else under its name."""
    said = next((one for one in union_members(AgentEvent) if one is model), None)
    return tag(said, "type") if said is not None else model.__name__.lower()


def _default(field: FieldInfo) -> str:
    if field.is_required():
        return "required"
    value = field.get_default(call_default_factory=True, validated_data={})
    if value is None or value is PydanticUndefined or value in ("", (), {}) or isinstance(value, BaseModel):
        return "none" if not isinstance(value, BaseModel) else "its defaults"
    shown = value.value if isinstance(value, Enum) else value
    return f"`{str(shown).lower() if isinstance(shown, bool) else shown}`"
