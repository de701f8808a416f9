"""What is taken over from the person's own configuration: their name, and how their file system behaves.

Read once, through GitPython's parser: no process, and nothing in a configuration file is carried out by reading it.
Only values from a closed list of plain settings go further; a repository's configuration can otherwise run programs.
"""

from __future__ import annotations

import configparser
import getpass
import os
import re
import socket
from dataclasses import dataclass
from pathlib import Path

from cockpit.providers.git.errors import NotARepository
from cockpit.providers.git.types import Author

_PLAIN: dict[tuple[str, str], re.Pattern[str]] = {
    ("core", "fileMode"): re.compile(r"true|false", re.I),
    ("core", "ignoreCase"): re.compile(r"true|false", re.I),
    ("core", "precomposeUnicode"): re.compile(r"true|false", re.I),
    ("core", "symlinks"): re.compile(r"true|false", re.I),
    ("core", "autocrlf"): re.compile(r"true|false|input", re.I),
    ("core", "eol"): re.compile(r"lf|crlf|native", re.I),
    ("extensions", "objectFormat"): re.compile(r"sha1|sha256", re.I),
}
_FILTER = re.compile(r'filter "(.+)"')


@dataclass(frozen=True, slots=True)
class Settings:
    """Settings of the person and the repository that our own git directory follows.

    Attributes:
        identity: Who commits are by.
        plain: Settings (section, name, value) that only describe the file system or the line ends.
        excludes: The person's own ignore file.
        filters: Names of the content filters that are configured, and that we do not run.
    """

    identity: Author
    plain: tuple[tuple[str, str, str], ...]
    excludes: Path
    filters: frozenset[str]


def read_settings(common_dir: Path) -> Settings:
    """Read the settings of the repository whose git directory this is. Blocking: call it in a thread.

    Raises:
        NotARepository: The directory or its configuration cannot be read, or it keeps its refs in a table.
    """
    import git  # imported here because it takes longer to load than all the rest of this package

    try:
        with git.Repo(common_dir) as repo, repo.config_reader() as config:
            values = {
                (section, name): str(config.get_value(section, name, default=""))
                for section, name in (
                    *_PLAIN,
                    ("user", "name"),
                    ("user", "email"),
                    ("core", "excludesFile"),
                    ("extensions", "refStorage"),
                )
            }
            filters = frozenset(match[1] for name in config.sections() if (match := _FILTER.fullmatch(name)))
    except (git.exc.GitError, configparser.Error, OSError, ValueError) as error:
        raise NotARepository(
            f"The git repository at {common_dir} cannot be read: {error}.", next="Run `git status` there to see why."
        ) from error
    if values[("extensions", "refStorage")] not in ("", "files"):
        raise NotARepository(
            f"The repository at {common_dir} keeps its refs as a reftable, which is not supported.",
            next="Convert it with `git refs migrate --ref-format=files`.",
        )
    plain = tuple(
        (section, name, values[(section, name)].lower())
        for (section, name), pattern in _PLAIN.items()
        if pattern.fullmatch(values[(section, name)])
    )
    identity = Author(_name(values[("user", "name")]), _email(values[("user", "email")]))
    return Settings(identity, plain, _excludes(values[("core", "excludesFile")]), filters)


def _name(configured: str) -> str:
    return _one_line(os.environ.get("GIT_AUTHOR_NAME") or configured) or _user()


def _email(configured: str) -> str:
    return _one_line(os.environ.get("GIT_AUTHOR_EMAIL") or configured) or f"{_user()}@{socket.gethostname()}"


def _one_line(value: str) -> str:
    return "".join(letter for letter in value if letter.isprintable() and letter not in "<>").strip()


def _user() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return "cockpit"


def _excludes(configured: str) -> Path:
    if configured:
        return Path(configured).expanduser()
    base = os.environ.get("XDG_CONFIG_HOME")
    return (Path(base) if base else Path.home() / ".config") / "git" / "ignore"
