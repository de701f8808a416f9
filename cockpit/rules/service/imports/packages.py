"""Where the packages of Python begin in a repository, and which file a module's name means."""

from __future__ import annotations

import posixpath
from collections import defaultdict
from collections.abc import Iterable

_SOURCE_FOLDERS = ("src", "lib", "python")


class Packages:
    """The modules of a repository by name, whatever of the same name is installed here.

    A package begins where the folder above has no `__init__.py`. Files in no such folder belong to a package without
    one, which begins at the top of the repository or of its source folder. Of two packages of the same name each file
    means the one it is in; from elsewhere the uppermost is meant.
    """

    def __init__(self, paths: Iterable[str]) -> None:
        """Take the paths of all files."""
        python = [path for path in paths if path.endswith(".py")]
        regular = {path[: -len("/__init__.py")] for path in python if path.endswith("/__init__.py")}
        by_folder: dict[str, list[str]] = defaultdict(list)
        for path in python:
            by_folder[path.rpartition("/")[0]].append(path)
        self._tops = {folder: _top(folder, regular) for folder in by_folder}
        packages: dict[str, dict[str, str]] = defaultdict(dict)
        for folder, files in by_folder.items():
            top = self._tops[folder]
            begin = len(posixpath.dirname(top))
            for path in files:
                inner = path[begin:].lstrip("/").removesuffix(".py").removesuffix("/__init__")
                packages[top][inner.replace("/", ".")] = path
        self._by_top: dict[str, dict[str, str]] = {}
        self._groups = _apart(packages, self._by_top)

    def file(self, importer: str, name: str) -> str:
        """Return the file of a module as another one means it; empty where it is from outside."""
        first = self._groups[0] if self._groups else {}
        group = self._by_top.get(self._tops.get(importer.rpartition("/")[0], ""), first)
        return group.get(name) or first.get(name, "")


def _top(folder: str, regular: set[str]) -> str:
    if folder in regular:
        while posixpath.dirname(folder) in regular:
            folder = posixpath.dirname(folder)
        return folder
    parts = folder.split("/")
    if parts[0] in _SOURCE_FOLDERS:
        return "/".join(parts[:2]) if len(parts) > 1 else f"{folder}/"
    return parts[0]


def _apart(packages: dict[str, dict[str, str]], by_top: dict[str, dict[str, str]]) -> list[dict[str, str]]:
    """Return the modules in groups in which no two packages have the same name, the uppermost in the first one.

    Args:
        packages: modules by the folder of their package.
        by_top: gets the group of each package.
    """
    groups: list[tuple[set[str], dict[str, str]]] = []
    for folder in sorted(packages, key=lambda one: (one.count("/"), one)):
        name = posixpath.basename(folder)
        fitting = next((group for group in groups if name not in group[0]), None)
        if fitting is None:
            fitting = (set(), {})
            groups.append(fitting)
        fitting[0].add(name)
        fitting[1].update(packages[folder])
        by_top[folder] = fitting[1]
    return [modules for _names, modules in groups]
