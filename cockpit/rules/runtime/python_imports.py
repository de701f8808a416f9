"""Imports of Python files, by grimp: of any checkout, whatever of the same name is installed or loaded here."""

from __future__ import annotations

import posixpath
from collections import defaultdict
from collections.abc import Iterable, Sequence

from grimp.application.ports.modulefinder import FoundPackage, ModuleFile
from grimp.application.scanning import scan_imports
from grimp.domain.valueobjects import Module
from grimp.exceptions import SourceSyntaxError

from cockpit.rules.runtime.sources import Sources
from cockpit.rules.service.layers import Edge
from cockpit.rules.types import ScanProblem

_SOURCE_FOLDERS = ("src", "lib", "python")
_UNREADABLE_LIMIT = 50


def python_edges(sources: Sources, scope: Sequence[str]) -> tuple[list[Edge], list[ScanProblem]]:
    """Return the direct imports of the Python files of a scope, and the files that cannot be parsed. Blocking.

    grimp's own finder asks Python's import system where a package is, which knows the installed copy and not the
    checkout; so it is told the packages and modules instead.
    """
    edges: list[Edge] = []
    problems: list[ScanProblem] = []
    wanted = {path for path in scope if path.endswith(".py")}
    for packages in _apart(_packages(sources.paths)):
        if any(path in wanted for modules in packages.values() for path in modules.values()):
            edges += _scan(sources, packages, wanted, problems)
    return sorted(edges, key=lambda edge: (edge.importer, edge.line, edge.module)), problems


def _scan(
    sources: Sources, packages: dict[str, dict[str, str]], wanted: set[str], problems: list[ScanProblem]
) -> list[Edge]:
    """Return the edges of some packages, by folder, each with its modules and their files."""
    paths = {module: path for modules in packages.values() for module, path in modules.items()}
    files = {module: ModuleFile(module=Module(module), mtime=0.0) for module in paths}
    found = {
        FoundPackage(
            name=posixpath.basename(folder),
            directory=str(sources.root / folder),
            module_files=frozenset(files[module] for module in modules),
            namespace_packages=frozenset(),
        )
        for folder, modules in packages.items()
    }
    todo = {module for module, path in paths.items() if path in wanted and sources.raw(path) is not None}
    for _attempt in range(_UNREADABLE_LIMIT):
        try:
            scanned = scan_imports(
                [files[module] for module in todo],
                found_packages=found,
                include_external_packages=True,
                exclude_type_checking_imports=False,
            )
        except SourceSyntaxError as error:
            path = posixpath.relpath(str(error.filename), str(sources.root))
            problems.append(ScanProblem(message="is no Python that can be parsed", path=path, line=error.lineno))
            todo -= {module for module in todo if paths[module] == path}
            continue
        return [
            Edge(paths[one.importer.name], one.line_number, one.imported.name, paths.get(one.imported.name, ""))
            for imports in scanned.values()
            for one in imports
        ]
    return []


def _packages(paths: Iterable[str]) -> dict[str, dict[str, str]]:
    """Return the top-level packages by folder, each with the names of its modules and their files.

    A package begins where the folder above has no `__init__.py`. Files in no such folder belong to a package without
    one, which begins at the top of the repository or of its source folder.
    """
    python = [path for path in paths if path.endswith(".py")]
    regular = {posixpath.dirname(path) for path in python if path.endswith("/__init__.py")}
    found: dict[str, dict[str, str]] = defaultdict(dict)
    for path in python:
        folder = posixpath.dirname(path)
        top = _top(folder, regular)
        inner = path[len(posixpath.dirname(top)) :].lstrip("/").removesuffix(".py").removesuffix("/__init__")
        if not top or not all(part.isidentifier() for part in inner.split("/")):
            continue
        found[top][inner.replace("/", ".")] = path
    return found


def _top(folder: str, regular: set[str]) -> str:
    if folder in regular:
        while posixpath.dirname(folder) in regular:
            folder = posixpath.dirname(folder)
        return folder
    parts = folder.split("/")
    if parts[0] in _SOURCE_FOLDERS:
        return "/".join(parts[:2]) if len(parts) > 1 else ""
    return parts[0]


def _apart(packages: dict[str, dict[str, str]]) -> list[dict[str, dict[str, str]]]:
    """Return the packages in groups in which no two have the same name; the uppermost are in the first one."""
    groups: list[dict[str, dict[str, str]]] = []
    for folder in sorted(packages, key=lambda one: (one.count("/"), one)):
        name = posixpath.basename(folder)
        for group in groups:
            if all(posixpath.basename(other) != name for other in group):
                group[folder] = packages[folder]
                break
        else:
            groups.append({folder: packages[folder]})
    return groups
