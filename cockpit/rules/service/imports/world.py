"""The files of a repository, as far as imports lead to them."""

from __future__ import annotations

import json
import posixpath
import re
from collections.abc import Callable, Iterable
from functools import cached_property
from typing import Any

from cockpit.rules.service.imports.packages import Packages

Target = tuple[str, str]
"""A module as the language says it, and the path it leads to; empty: outside the repository."""

_GO_MODULE = re.compile(r"^module\s+(\S+)", re.MULTILINE)
_CRATE_NAME = re.compile(r"^\[(package|lib)\][^\[]*?^name\s*=\s*\"([\w-]+)\"", re.MULTILINE)
# What is never closed is taken to its end, so that the scan stays linear.
_JSON_COMMENT = re.compile(r'("(?:[^"\\\n]|\\.)*+"?)|//[^\n]*|/\*(?:[^*]|\*(?!/))*+(?:\*/)?', re.DOTALL)
_TRAILING_COMMA = re.compile(r",(\s*[}\]])")
_EXTENDS_LIMIT = 8
_JAVA_ROOTS = ("java", "kotlin", "src")


class World:
    """All files, and what manifests among them say about names."""

    def __init__(self, paths: Iterable[str], read: Callable[[str], str]) -> None:
        """Take the paths of all files, and how the text of one is read."""
        self.paths = frozenset(paths)
        self._read = read

    @cached_property
    def folders(self) -> frozenset[str]:
        """Every folder that holds a file directly."""
        return frozenset(posixpath.dirname(path) for path in self.paths)

    @cached_property
    def python(self) -> Packages:
        """The packages of Python."""
        return Packages(self.paths)

    @cached_property
    def go_modules(self) -> tuple[tuple[str, str], ...]:
        """Path of each Go module as imports say it, and its folder; the longest first."""
        found = [
            (module[1], posixpath.dirname(path))
            for path in self._named("go.mod")
            if (module := _GO_MODULE.search(self._read(path)))
        ]
        return tuple(sorted(found, key=lambda one: -len(one[0])))

    @cached_property
    def crates(self) -> dict[str, str]:
        """Name of each Rust crate in code, and its folder."""
        found = {}
        for path in self._named("Cargo.toml"):
            for _section, name in _CRATE_NAME.findall(self._read(path)):
                found[name.replace("-", "_")] = posixpath.dirname(path)
        return found

    @cached_property
    def node_packages(self) -> dict[str, str]:
        """Name of each npm package of the repository, and its folder."""
        found = {}
        for path in self._named("package.json"):
            name = _json(self._read(path)).get("name")
            if isinstance(name, str) and name:
                found[name] = posixpath.dirname(path)
        return found

    @cached_property
    def aliases(self) -> tuple[tuple[str, str, str], ...]:
        """Aliases of TypeScript: folder they hold in, what imports say (`@/*`), and the path it stands for."""
        found = []
        for path in (*self._named("tsconfig.json"), *self._named("jsconfig.json")):
            place, paths = self._alias_paths(path, 0)
            for said, targets in paths.items():
                found += [
                    (posixpath.dirname(path), said, posixpath.normpath(posixpath.join(place, target)))
                    for target in (targets if isinstance(targets, list) else ())
                    if isinstance(target, str)
                ]
        return tuple(sorted(found, key=lambda one: (-len(one[0]), -len(one[1]))))

    def _alias_paths(self, file: str, depth: int) -> tuple[str, dict[str, Any]]:
        """Return the aliases that hold by a file of settings, and the folder that they start from.

        Where it says none, those of what it extends hold.
        """
        said = _json(self._read(file)) if file in self.paths else {}
        folder = posixpath.dirname(file)
        options = said.get("compilerOptions")
        options = options if isinstance(options, dict) else {}
        if isinstance(paths := options.get("paths"), dict):
            base = options.get("baseUrl", ".")
            return posixpath.join(folder, base if isinstance(base, str) else "."), paths
        extended = said.get("extends")
        for one in reversed(extended if isinstance(extended, list) else [extended]):
            if isinstance(one, str) and one.startswith(".") and depth < _EXTENDS_LIMIT:
                other = posixpath.normpath(posixpath.join(folder, one))
                place, paths = self._alias_paths(other if other.endswith(".json") else f"{other}.json", depth + 1)
                if paths:
                    return place, paths
        return folder, {}

    @cached_property
    def java(self) -> dict[str, str]:
        """Path of each Java file by what imports say: `org.shop.Cart`."""
        return {_java_name(path): path for path in self.paths if path.endswith((".java", ".kt"))}

    @cached_property
    def java_packages(self) -> dict[str, str]:
        """Folder of each Java package, with a slash at its end."""
        found: dict[str, str] = {}
        for name, path in sorted(self.java.items(), key=lambda one: ("/test/" in one[1], one[1])):
            found.setdefault(name.rpartition(".")[0], f"{posixpath.dirname(path)}/")
        return found

    def _named(self, name: str) -> list[str]:
        return sorted(path for path in self.paths if path == name or path.endswith(f"/{name}"))


def _java_name(path: str) -> str:
    folders = path.split("/")[:-1]
    begin = max((number + 1 for number, one in enumerate(folders) if one in _JAVA_ROOTS), default=0)
    return ".".join([*folders[begin:], path.rpartition("/")[2].partition(".")[0]])


def _json(text: str) -> dict[str, Any]:
    """Return what a file of settings says; comments and trailing commas are common in them."""
    try:
        said = json.loads(text)
    except (ValueError, RecursionError):
        bare = _TRAILING_COMMA.sub(r"\1", _JSON_COMMENT.sub(lambda found: found[1] or "", text))
        try:
            said = json.loads(bare)
        except (ValueError, RecursionError):
            return {}
    return said if isinstance(said, dict) else {}
