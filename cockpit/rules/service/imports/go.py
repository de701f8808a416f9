"""Imports of Go: packages, which are folders."""

from __future__ import annotations

import re
from collections.abc import Iterator

from cockpit.rules.service.imports.world import Target, World

_PATH = re.compile(r"[\"`]([^\"`\n]+)[\"`]")


def go_targets(text: str, world: World) -> Iterator[Target]:
    """Yield what one statement imports."""
    found = _PATH.search(text)
    if found is None:
        return
    said = found[1]
    for module, folder in world.go_modules:
        if said == module or said.startswith(f"{module}/"):
            place = "/".join(filter(None, (folder, said[len(module) + 1 :])))
            yield said, f"{place}/" if place in world.folders and place else ""
            return
    yield said, ""
