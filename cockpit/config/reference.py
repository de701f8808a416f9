"""The configuration reference, made from the models themselves."""

from __future__ import annotations

import types
from collections.abc import Iterator
from enum import StrEnum
from typing import Any, Literal, Union, get_args, get_origin

from pydantic import BaseModel, BeforeValidator
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

from cockpit.checks.types import split_command
from cockpit.config.model import Config


def reference() -> str:
    """Return Markdown tables of every option with its type, default and meaning."""
    return "\n".join(_tables("", Config))


def _tables(section: str, model: type[BaseModel]) -> Iterator[str]:
    nested: list[tuple[str, type[BaseModel]]] = []
    rows: list[str] = []
    for name, field in model.model_fields.items():
        key = field.alias or name
        child = _child(section, key, field)
        if child is None:
            rows.append(_row(key, field))
        else:
            nested.append(child)
    yield f"### `{section}`\n" if section else "### Top level\n"
    yield f"{(model.__doc__ or '').splitlines()[0]}\n"
    if rows:
        yield "| option | type | default | meaning |\n| --- | --- | --- | --- |"
        yield from rows
        yield ""
    for child_section, child_model in nested:
        yield from _tables(child_section, child_model)


def _child(section: str, key: str, field: FieldInfo) -> tuple[str, type[BaseModel]] | None:
    """Return heading and model of an option that is a table of its own."""
    annotation = field.annotation
    inner = [_bare(argument) for argument in (annotation, *get_args(annotation))]
    models = [one for one in inner if isinstance(one, type) and issubclass(one, BaseModel)]
    if not models:
        return None
    path = f"{section.strip('[]')}.{key}" if section else key
    match get_origin(annotation):
        case origin if origin is tuple:
            return f"[[{path}]]", models[0]
        case origin if origin is dict:
            return f"[{path}.NAME]", models[0]
        case _:
            return f"[{path}]", models[0]


def _row(key: str, field: FieldInfo) -> str:
    cells = (f"`{key}`", _field_type(field), _default(field), field.description or "")
    return "| " + " | ".join(cell.replace("|", "\\|").replace("\n", " ") for cell in cells) + " |"


def _field_type(field: FieldInfo) -> str:
    is_command = any(isinstance(one, BeforeValidator) and one.func is split_command for one in field.metadata)
    return "command" if is_command else _type_name(field.annotation)


def _bare(annotation: Any) -> Any:
    return get_args(annotation)[0] if hasattr(annotation, "__metadata__") else annotation


def _type_name(annotation: Any) -> str:
    if hasattr(annotation, "__metadata__"):
        return "command" if get_origin(_bare(annotation)) is tuple else _type_name(_bare(annotation))
    arguments = get_args(annotation)
    match get_origin(annotation):
        case origin if origin in (Union, types.UnionType):
            return " or ".join(_type_name(one) for one in arguments if one is not type(None))
        case origin if origin is Literal:
            return ", ".join(f"`{one}`" for one in arguments)
        case origin if origin is tuple:
            return f"list of {_type_name(arguments[0])}"
        case origin if origin is dict:
            return f"table of {_type_name(arguments[1])}"
        case _:
            return _plain_type(annotation)


def _plain_type(annotation: Any) -> str:
    if isinstance(annotation, type) and issubclass(annotation, StrEnum):
        return ", ".join(f"`{one}`" for one in annotation)
    names = {str: "text", int: "whole number", float: "number", bool: "true or false"}
    return names[annotation]


def _default(field: FieldInfo) -> str:
    extra = field.json_schema_extra
    if isinstance(extra, dict) and "default_text" in extra:
        return str(extra["default_text"])
    value = field.get_default(call_default_factory=True, validated_data={})
    if value is PydanticUndefined:
        return "required"
    if value is None or value in ("", (), {}):
        return "none"
    return f"`{_toml(value)}`"


def _toml(value: object) -> str:
    match value:
        case bool():
            return str(value).lower()
        case str():
            return f'"{value}"'
        case tuple():
            return "[" + ", ".join(_toml(one) for one in value) + "]"
        case _:
            return str(value)
