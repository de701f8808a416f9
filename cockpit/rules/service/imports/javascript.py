"""Imports of TypeScript and JavaScript: relative ones, aliases of tsconfig.json, packages of the same repository."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator

from cockpit.rules.service.imports.world import Target, World

_SOURCE = re.compile(r"""(?:\bfrom\s*|\bimport\s*\(?\s*|\brequire\s*\(\s*)(['"`])([^'"`\n]+)\1""")
_ALL_TYPES = re.compile(r"(?:import|export)\s+type\b(?!\s+from\b(?!\s*from\b)|\s*,)")
_EACH_TYPE = re.compile(r"(?:import|export)\s*\{(?P<names>[^{}]*)\}\s*from\b")
_ENDINGS = (".ts", ".tsx", ".d.ts", ".mts", ".cts", ".js", ".jsx", ".mjs", ".cjs", ".vue", ".svelte")
_SAID_AS = {".js": (".ts", ".tsx"), ".jsx": (".tsx",), ".mjs": (".mts",), ".cjs": (".cts",)}


def javascript_targets(path: str, text: str, world: World) -> Iterator[Target]:
    """Yield what one statement imports."""
    found = None
    for found in _SOURCE.finditer(text):
        if text.startswith(("import", "export")) and "(" not in text[:8]:
            continue  # of `import type from from './a'` the last word counts
        yield _target(path, found[2], world)
        return
    if found is not None:
        yield _target(path, found[2], world)


def is_for_types(text: str) -> bool:
    """Return whether only the type checker carries out an import: `import type ...`, or types alone in the brackets."""
    if _ALL_TYPES.match(text):
        return True
    found = _EACH_TYPE.match(text)
    names = [name.split() for name in found["names"].split(",") if name.strip()] if found else []
    # The name of something may be `type`, too: then `as` or nothing follows it.
    return bool(names) and all(len(name) > 1 and name[0] == "type" and name[1] != "as" for name in names)


def _target(path: str, said: str, world: World) -> Target:
    said = said.partition("?")[0]
    if said.startswith("."):
        return said, _file(posixpath.normpath(posixpath.join(posixpath.dirname(path), said)), world)
    for folder, alias, target in world.aliases:
        if folder and not path.startswith(f"{folder}/"):
            continue
        if alias == said or (alias.endswith("*") and said.startswith(alias[:-1])):
            file = _file(target.replace("*", said[len(alias) - 1 :]) if alias.endswith("*") else target, world)
            if file:
                return said, file
    return said, _of_package(said, world)


def _of_package(said: str, world: World) -> str:
    words = said.split("/")
    name = "/".join(words[:2] if said.startswith("@") else words[:1])
    folder = world.node_packages.get(name)
    if folder is None:
        return ""
    rest = said[len(name) + 1 :]
    for start in (folder, posixpath.join(folder, "src")):
        if file := _file(posixpath.join(start, rest or "index"), world):
            return file
    return f"{folder}/" if folder else ""


def _file(place: str, world: World) -> str:
    if place in world.paths:
        return place
    stem, ending = posixpath.splitext(place)
    candidates = [stem + other for other in _SAID_AS.get(ending, ())]
    candidates += [place + other for other in _ENDINGS]
    candidates += [posixpath.join(place, f"index{other}") for other in _ENDINGS]
    return next((one for one in candidates if one in world.paths), "")
