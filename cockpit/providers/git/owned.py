"""The git directory of our own: the repository's objects and branches, none of its configuration.

A repository's git directory can name programs in its configuration and hold hooks, and an agent can write both. So
no command of ours runs there. This directory has its own configuration and no hooks, and links to what is data:
objects, refs, packed refs, branch logs and the shallow list. Refs keep the very same lock files that way, so an update
from here is as race-free against a person's git as one of their own.
"""

from __future__ import annotations

import os
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from cockpit.providers.git.errors import GitError
from cockpit.providers.git.settings import Settings

_LINKS = ("objects", "refs", "packed-refs", "shallow", "info/exclude")
_UNBORN_HEAD = "ref: refs/heads/cockpit-has-no-head\n"


@dataclass(frozen=True, slots=True)
class Places:
    """Where things are.

    Attributes:
        owned: The git directory of our own.
        common: The repository's git directory, shared by all its worktrees.
        root: The top of the work tree the repository was opened in; the git directory itself when bare.
        head_dir: The folder holding the HEAD of that work tree.
        bare: Whether the repository has no work tree of its own.
    """

    owned: Path
    common: Path
    root: Path
    head_dir: Path
    bare: bool

    @property
    def main(self) -> Path | None:
        """The repository's own work tree, unless it is bare."""
        if self.bare:
            return None
        return self.root if self.head_dir == self.common else self.common.parent

    def index(self, name: str) -> Path:
        """Return the path of one of our private index files."""
        return self.owned / "indexes" / name


def prepare(places: Places, settings: Settings) -> None:
    """Create the git directory of our own, or bring an existing one up to date. Blocking: call it in a thread.

    Raises:
        GitError: The folder is in use for another repository, or cannot be written.
    """
    try:
        for folder in ("", "indexes", "info", "logs", "worktrees"):
            (places.owned / folder).mkdir(mode=0o700, parents=True, exist_ok=True)
        for name in _LINKS:
            _link(places.owned / name, places.common / name)
        if not places.bare:
            (places.common / "logs" / "refs").mkdir(parents=True, exist_ok=True)
            _link(places.owned / "logs" / "refs", places.common / "logs" / "refs")
        _write(places.owned / "HEAD", _UNBORN_HEAD)
        _write(places.owned / "config", _config(places, settings))
    except OSError as error:
        raise GitError(
            f"The folder {places.owned} cannot be prepared: {error}.",
            next="Make it writable, or choose another state folder.",
        ) from error


def _link(link: Path, target: Path) -> None:
    with suppress(FileExistsError):
        link.symlink_to(target)
    if not link.is_symlink() or link.readlink() != target:
        raise GitError(
            f"{link} does not lead to {target}, so {link.parent} belongs to another repository.",
            kept="It was left as it is.",
            next="Give this repository a state folder of its own.",
        )


def _write(path: Path, text: str) -> None:
    if path.exists() and path.read_text() == text:
        return
    fresh = path.with_name(f"{path.name}.new")
    fresh.write_text(text)
    fresh.replace(path)


def _config(places: Places, settings: Settings) -> str:
    by_section: dict[str, list[str]] = {
        "core": [
            f"repositoryFormatVersion = {int(any(section == 'extensions' for section, _, _ in settings.plain))}",
            "bare = true",  # trees are then compared without any .gitattributes, which could declare code to be binary
            f"logAllRefUpdates = {str(not places.bare).lower()}",
            f"excludesFile = {_quoted(os.fspath(settings.excludes))}",
        ]
    }
    for section, name, value in settings.plain:
        by_section.setdefault(section, []).append(f"{name} = {value}")
    return "".join(f"[{section}]\n" + "".join(f"\t{line}\n" for line in lines) for section, lines in by_section.items())


def _quoted(value: str) -> str:
    escaped = value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return f'"{escaped}"'
