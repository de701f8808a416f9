"""Imports of Rust: `use` with its trees, and modules, within a crate and between crates of the repository."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator

from cockpit.rules.service.imports.world import Target, World

_USE = re.compile(r"(?:pub(?:\s*\([^)]*\))?\s+)?use\s+")
_MODULE = re.compile(r"(?:pub(?:\s*\([^)]*\))?\s+)?mod\s+(?P<name>\w+)")
_CRATE = re.compile(r"(?:pub(?:\s*\([^)]*\))?\s+)?extern\s+crate\s+(?P<name>\w+)")
_DEPTH_LIMIT = 20
_WORDS_LIMIT = 40
"""Levels of braces, and names in a path, beyond which nobody writes imports."""

_ROOTS = ("lib.rs", "main.rs")


def rust_targets(path: str, text: str, world: World) -> Iterator[Target]:
    """Yield what one statement imports."""
    if module := _MODULE.match(text):
        yield module["name"], _resolved(_modules_of(path, world), [module["name"]], world)
    elif crate := _CRATE.match(text):
        yield crate["name"], _followed(path, [crate["name"]], world)
    elif use := _USE.match(text):
        seen = set()
        for words in _leaves(text[use.end() :].strip().rstrip(";"), 0):
            said = "::".join(words)
            imported = _followed(path, words, world)
            if (said, imported) not in seen:
                seen.add((said, imported))
                yield said, imported


def _followed(path: str, words: list[str], world: World) -> str:
    """Return the file that a path of names leads to."""
    here = _modules_of(path, world)
    first, rest = words[0], words[1:]
    match first:
        case "crate":
            return _resolved(here[:1], rest, world)
        case "self":
            return _resolved(here, rest, world)
        case "super":
            ups = next((number for number, word in enumerate(words) if word != "super"), len(words))
            return _resolved(here[: max(1, len(here) - ups)], words[ups:], world)
        case _ if first in world.crates:
            return _resolved([posixpath.join(world.crates[first], "src")], rest, world)
        case _:
            found = _resolved(here, words, world) if len(words) > 1 else ""
            return "" if found == _resolved(here, [], world) else found  # not even the first word is a module


def _modules_of(path: str, world: World) -> list[str]:
    """Return the source folder of a file's crate, and the names of the modules that lead to it."""
    folder, name = posixpath.split(path)
    holding = [one for one in world.crates.values() if path.startswith(f"{one}/" if one else "")]
    crate = max(holding, key=len, default="")
    source = posixpath.join(crate, "src")
    if not folder.startswith(source):
        return [folder]
    inner = [one for one in folder[len(source) :].split("/") if one]
    stem = name.removesuffix(".rs")
    if name not in _ROOTS and stem != "mod":
        inner.append(stem)
    return [source, *inner]


def _resolved(modules: list[str], words: list[str], world: World) -> str:
    """Return the file of the longest beginning of the names that is a module."""
    source, *inner = modules
    for length in range(len(words), -1, -1):
        place = posixpath.join(source, *inner, *words[:length])
        if length == 0 and not inner:
            return next((one for root in _ROOTS if (one := posixpath.join(source, root)) in world.paths), "")
        for candidate in (f"{place}.rs", f"{place}/mod.rs"):
            if candidate in world.paths:
                return candidate
    return ""


def _leaves(tree: str, depth: int) -> Iterator[list[str]]:
    """Yield the paths of names that a tree such as `a::{b, c::d as e}` stands for."""
    tree = tree.strip().removeprefix("::")
    brace = tree.find("{")
    if brace < 0 or depth > _DEPTH_LIMIT:
        words = [word.strip() for word in re.split(r"\s+as\s+", tree)[0].split("::")]
        words = [word for word in words if word and word != "*"]
        if words:
            yield words[:_WORDS_LIMIT]
        return
    begin = [word.strip() for word in tree[:brace].split("::") if word.strip()]
    for part in _parts(tree[brace + 1 : tree.rfind("}")]):
        for words in _leaves(part, depth + 1):
            yield begin + [word for word in words if word != "self" or not begin]


def _parts(inside: str) -> Iterator[str]:
    level = start = 0
    for at, character in enumerate(inside):
        level += (character == "{") - (character == "}")
        if character == "," and level == 0:
            yield inside[start:at]
            start = at + 1
    if inside[start:].strip():
        yield inside[start:]
