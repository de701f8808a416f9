"""Reads what an agent sent, whose shape is its own affair: what is not there or not of the kind is empty."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any


def mapping(value: object) -> Mapping[str, Any]:
    """Return the value if it is an object, else an empty one."""
    return value if isinstance(value, dict) else {}


def mappings(value: object) -> Iterator[Mapping[str, Any]]:
    """Yield the objects of a list."""
    if isinstance(value, list):
        yield from (one for one in value if isinstance(one, dict))


def text(value: object) -> str:
    """Return the value if it is a text, else an empty one."""
    return value if isinstance(value, str) else ""


def number(value: object) -> float | None:
    """Return the value if it is a number, else None."""
    return value if isinstance(value, int | float) and not isinstance(value, bool) else None


def count(value: object) -> int:
    """Return the value if it is a number of things, else 0."""
    found = number(value)
    return max(0, int(found)) if found is not None else 0


def deep(value: object, *names: str) -> Any:
    """Return what lies inside objects under these names, one in the other; None where one is missing."""
    for name in names:
        value = mapping(value).get(name)
    return value


def words(value: object) -> tuple[str, ...]:
    """Return the value if it is a list of texts, else nothing."""
    return tuple(value) if isinstance(value, list) and all(isinstance(one, str) for one in value) else ()


def block_text(block: Mapping[str, Any]) -> str:
    """Return what a content block says, or the name of what it carries instead."""
    match block.get("type"):
        case "text":
            return text(block.get("text"))
        case "image" | "audio" as kind:
            return f"[{kind} {text(block.get('mimeType'))}]"
        case "resource_link":
            return f"[{text(block.get('uri'))}]"
        case "resource":
            inner = mapping(block.get("resource"))
            return text(inner.get("text")) or f"[{text(inner.get('uri'))}]"
        case _:
            return ""
