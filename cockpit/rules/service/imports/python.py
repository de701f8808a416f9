"""Imports of Python: by name from where packages begin, or relative to the file's own folder."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator

from cockpit.rules.service.imports.world import Target, World

_COMMENT = re.compile(r"#[^\n]*|\\\r?\n")
_FROM = re.compile(r"from (\.*)([\w.]*) import (.*)", re.DOTALL)


def tidied(text: str) -> str:
    """Return a statement in one line, without comments, brackets and new names: `from ..shop import cart,till`."""
    words = " ".join(_COMMENT.sub(" ", text).replace("(", " ").replace(")", " ").split())
    keyword, _, rest = words.partition(" ")
    if keyword == "import":
        return f"import {_names(rest)}"
    source, _, names = rest.partition(" import ")
    if not names:  # `from . import*` needs no blanks
        source, _, names = rest.partition("import")
    return f"from {''.join(source.split())} import {_names(names)}"


def python_targets(path: str, text: str, world: World) -> Iterator[Target]:
    """Yield what one tidied statement imports."""
    found = _FROM.match(text)
    if found is None:
        for name in text.removeprefix("import ").split(","):
            yield name, world.python.file(path, name)
        return
    dots, module, names = found.groups()
    if dots:
        folder = posixpath.dirname(path)
        for _dot in dots[1:]:
            folder = posixpath.dirname(folder)
        place = posixpath.join(folder, *module.split(".")) if module else folder
        yield from _relative(dots + module, place, names, world)
        return
    itself = False
    for name in names.split(","):
        below = f"{module}.{name}"
        if name != "*" and (file := world.python.file(path, below)):
            yield below, file
        elif not itself:
            itself = True
            yield module, world.python.file(path, module)


def _relative(said: str, place: str, names: str, world: World) -> Iterator[Target]:
    itself = False
    for name in names.split(","):
        file = _module(posixpath.join(place, name), world) if name != "*" else ""
        if file:
            yield f"{said}{'' if said.endswith('.') else '.'}{name}", file
        elif not itself:
            itself = True
            yield said, _module(place, world)


def _module(place: str, world: World) -> str:
    for candidate in (f"{place}.py", f"{place}/__init__.py"):
        if candidate.lstrip("/") in world.paths:
            return candidate.lstrip("/")
    return ""


def _names(said: str) -> str:
    return ",".join(name.split(" as ")[0].strip() for name in said.split(",") if name.strip())
