"""Where a file stands: in which domain and layer, or in which other part of the repository."""

from __future__ import annotations

from dataclasses import dataclass

from cockpit.providers.globs import matching
from cockpit.rules.types.bodies import LayersBody, Package


@dataclass(frozen=True, slots=True)
class Place:
    """Where one file stands."""

    domain: str | None = None
    """Folder of its domain; None: it is in none."""
    layer: str = ""
    """Its layer; empty where its name says none."""
    package: Package | None = None
    """The part of the repository it is in, where that is no domain."""
    is_provider: bool = False


class Places:
    """Finds the place of files, once for each."""

    def __init__(self, body: LayersBody) -> None:
        """Take what the rule says."""
        self._body = body
        self._known: dict[str, Place] = {}
        self._domains: dict[str, bool] = {}

    def of(self, path: str) -> Place:
        """Return the place of a file, or of a folder whose path ends in a slash."""
        if path not in self._known:
            self._known[path] = self._find(path)
        return self._known[path]

    def _find(self, path: str) -> Place:
        body = self._body
        is_provider = bool(matching([path], body.providers))
        package = self._package(path)
        for layer, globs in body.also.items():
            if matching([path], globs):
                return Place(layer=layer, package=package, is_provider=is_provider)
        if is_provider or package is not None:
            return Place(package=package, is_provider=is_provider)
        parts = path.split("/")
        for depth in range(len(parts)):
            folder = "/".join(parts[:depth])
            if self._is_domain(folder):
                return Place(folder, self._layer(parts[depth]))
        return Place()

    def _package(self, path: str) -> Package | None:
        """Return the part a file is in: of several, the one that is named most closely."""
        fitting = [
            (len(glob), number)
            for number, package in enumerate(self._body.packages)
            for glob in package.files
            if matching([path], [glob])
        ]
        return self._body.packages[max(fitting)[1]] if fitting else None

    def _is_domain(self, folder: str) -> bool:
        if folder not in self._domains:
            wanted = self._body.domains
            self._domains[folder] = folder in wanted if not folder else bool(matching([folder], wanted))
        return self._domains[folder]

    def _layer(self, name: str) -> str:
        stem = name.partition(".")[0]
        layer = self._body.names.get(stem, stem)
        return layer if layer in self._body.order else ""
