"""What is in a repository, read once: the ground on which checks are proposed."""

from __future__ import annotations

import json
import os
import re
import shutil
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from cockpit.checks.config import CheckConfig
from cockpit.checks.types import Command

_SKIPPED = frozenset(
    {"node_modules", "target", "vendor", "venv", "dist", "build", "fixtures", "testdata", "examples", "site-packages"}
)
_ENTRIES_LIMIT = 50_000
_PROJECT_DEPTH = 2
_PREFIX_LIMIT = 40
_SPECIAL = re.compile(r"[^A-Za-z0-9_.:-]+")


@dataclass(frozen=True, slots=True)
class Proposal:
    """A check that suits a repository, and why."""

    check: CheckConfig
    because: str


@dataclass(frozen=True, slots=True)
class Setup:
    """What a new workspace needs before checks can run in it."""

    command: Command | None = None
    copy: tuple[str, ...] = ()


@dataclass(slots=True)
class Facts:
    """One project: a folder with its files and manifests."""

    root: Path
    """The repository."""
    folder: str = ""
    """The project, relative to the repository."""
    files: list[str] = field(default_factory=list)
    """Paths relative to the project."""

    def has(self, *names: str) -> bool:
        """Return whether one of these files is in the project's folder."""
        return any((self.root / self.folder / name).is_file() for name in names)

    def has_suffix(self, *suffixes: str) -> bool:
        """Return whether any file ends so."""
        return any(file.endswith(suffixes) for file in self.files)

    def text(self, name: str) -> str:
        """Return a file's text; empty when it is not there."""
        try:
            return (self.root / self.folder / name).read_text("utf-8", "replace")[:1_000_000]
        except OSError:
            return ""

    def toml(self, name: str) -> dict[str, Any]:
        """Return a TOML file; empty when it is missing or broken."""
        try:
            return tomllib.loads(self.text(name))
        except tomllib.TOMLDecodeError:
            return {}

    def json(self, name: str) -> dict[str, Any]:
        """Return a JSON object; empty when it is missing or broken."""
        try:
            value = json.loads(self.text(name) or "{}")
        except (ValueError, RecursionError):
            return {}
        return value if isinstance(value, dict) else {}

    def finds(self, tool: str) -> bool:
        """Return whether a tool is really there: in the project, in the repository, or on the PATH."""
        folders = [
            str(base / part)
            for base in dict.fromkeys((self.root / self.folder, self.root))
            for part in (".venv/bin", "venv/bin", "node_modules/.bin")
        ]
        return shutil.which(tool, path=os.pathsep.join([*folders, os.environ.get("PATH", os.defpath)])) is not None

    def check(self, name: str, command: str, because: str, **options: Any) -> Proposal:
        """Return a proposal for this project; its name, folder and inputs say where it belongs."""
        prefix = _SPECIAL.sub("-", self.folder).strip("-.:_")[:_PREFIX_LIMIT] + "-" if self.folder else ""
        if self.folder:
            options["inputs"] = tuple(f"{self.folder}/{glob}" for glob in options.get("inputs", ("**",)))
        check = CheckConfig.model_validate(
            {"name": (prefix + name).lstrip("-"), "command": command, "cwd": self.folder, **options}
        )
        return Proposal(check=check, because=because)


def projects(root: Path, *manifests: str) -> Iterator[Facts]:
    """Yield the project at the root that has one of the manifests, else the nearest ones below it (three at most)."""
    everything = _listing(root)
    found = [path for path in everything if path.rpartition("/")[2] in manifests]
    folders = sorted({path.rpartition("/")[0] for path in found}, key=lambda folder: (folder.count("/"), folder))
    if "" in folders:
        folders = [""]
    for folder in folders[:3]:
        prefix = f"{folder}/" if folder else ""
        inside = [path.removeprefix(prefix) for path in everything if path.startswith(prefix)]
        yield Facts(root=root, folder=folder, files=inside)


def _listing(root: Path) -> list[str]:
    """Return the files of a repository that may matter; manifests deeper than two folders do not make a project."""
    found: list[str] = []
    for parent, folders, names in os.walk(root):
        folders[:] = sorted(name for name in folders if name not in _SKIPPED and not name.startswith("."))
        relative = Path(parent).relative_to(root)
        if len(found) > _ENTRIES_LIMIT:
            break
        is_deep = len(relative.parts) > _PROJECT_DEPTH
        found += [str(relative / name) for name in names if not (is_deep and name in _MANIFESTS)]
    return found


_MANIFESTS = frozenset({"pyproject.toml", "setup.py", "setup.cfg", "package.json", "Cargo.toml", "go.mod"})
