"""Imports of Java: classes, static members, whole packages."""

from __future__ import annotations

import re
from collections.abc import Iterator

from cockpit.rules.service.imports.world import Target, World

_IMPORT = re.compile(r"import\s+(?:static\s+)?(\w+(?:\.\w+)*)(\s*\.\s*\*)?")


def java_targets(text: str, world: World) -> Iterator[Target]:
    """Yield what one statement imports."""
    found = _IMPORT.match(text)
    if found is None:
        return
    name = said = found[1]
    if found[2] and name in world.java_packages:
        yield said, world.java_packages[name]
        return
    while name and name not in world.java:  # a static member, or a class inside a class
        name = name.rpartition(".")[0]
    yield said, world.java.get(name, "")
