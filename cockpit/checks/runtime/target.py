"""What checks are run on, and where they find their tools."""

from __future__ import annotations

import hashlib
import os
import shutil
import stat
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from cockpit.checks.config import CheckConfig
from cockpit.types import TreeId

_TOOL_FOLDERS = (".venv/bin", "venv/bin", "node_modules/.bin")
_INHERITED = ("HOME", "USER", "LOGNAME", "LANG", "LANGUAGE", "TZ", "RUSTUP_HOME", "CARGO_HOME", "GOPATH", "GOROOT")
_FILE_LIMIT_BYTES = 4 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Target:
    """One workspace holding one tree."""

    root: Path
    """The workspace; it must hold exactly the tree while checks run."""
    tree: TreeId
    files: Mapping[str, str]
    """Path to blob id of everything in the tree."""
    env: Mapping[str, str] = field(default_factory=dict)
    """Variables of the workspace (ports and other leases)."""
    tool_roots: Sequence[Path] = ()
    """Other checkouts whose virtual environment or node_modules serve as well: the person's own."""
    is_pristine: bool = False
    """We laid the folder out ourselves. In a workspace, files that git ignores may colour what checks say."""

    def folder(self, check: CheckConfig) -> Path:
        """Return where a check's command runs."""
        return self.root / check.cwd

    def holds_folder(self, check: CheckConfig) -> bool:
        """Return whether a check's folder is there, and really inside the workspace."""
        folder = self.folder(check)
        return folder.is_dir() and folder.resolve().is_relative_to(self.root.resolve())

    def path_variable(self) -> str:
        """Return the PATH of checks: tools installed in the workspace, in the other roots, then its own or ours."""
        folders = [root / part for root in (self.root, *self.tool_roots) for part in _TOOL_FOLDERS]
        system = self.env.get("PATH", os.environ.get("PATH", os.defpath)).split(os.pathsep)
        return os.pathsep.join([*(str(one) for one in folders if one.is_dir()), *system])

    def environment(self, check: CheckConfig, scratch: Path) -> dict[str, str]:
        """Return all variables of a check's process: none of the supervisor's secrets are among them."""
        inherited = {name: os.environ[name] for name in _INHERITED if name in os.environ}
        return {
            **inherited,
            "TERM": "dumb",
            "NO_COLOR": "1",
            "CI": "1",
            "PYTHONDONTWRITEBYTECODE": "1",
            **({} if check.network else {"CARGO_NET_OFFLINE": "true"}),
            **self.env,
            "PATH": self.path_variable(),
            "TMPDIR": str(scratch),
            **check.env,
        }

    def program(self, check: CheckConfig) -> Path | None:
        """Return the program of a check's command as it will be found, or None when it is not there."""
        name = check.command[0]
        if "/" in name:
            path = self.folder(check) / name
            return path if path.is_file() and os.access(path, os.X_OK) else None
        found = shutil.which(name, path=check.env.get("PATH", self.path_variable()))
        return Path(found) if found else None

    def tool_identity(self, program: Path) -> dict[str, str]:
        """Return what else decides a verdict: which tool it was.

        A tool installed in the workspace could have been changed by the agent there: its verdicts are not shared with
        other workspaces.
        """
        status = program.stat()
        version = hashlib.sha256(f"{status.st_size} {status.st_mtime_ns}".encode()).hexdigest()[:16]
        inside = program.is_relative_to(self.root)
        return {"tool": str(program), "version": version, "workspace": str(self.root) if inside else ""}


class WorkspaceLines:
    """Gives the lines of files of a workspace, each read once, and only regular files inside it."""

    def __init__(self, root: Path) -> None:
        self._root = root.resolve()
        self._known: dict[str, Sequence[str]] = {}

    def __call__(self, path: str) -> Sequence[str]:
        """Return the lines of a file, none when it cannot be read."""
        if path not in self._known:
            file = (self._root / path).resolve()
            raw = read_regular(file, _FILE_LIMIT_BYTES) if file.is_relative_to(self._root) else None
            self._known[path] = (raw or b"").decode("utf-8", "replace").splitlines()
        return self._known[path]


def read_regular(file: Path, limit_bytes: int) -> bytes | None:
    """Return the content of a regular file, None when it is a symbolic link, a pipe, or too large. Never blocks."""
    try:
        descriptor = os.open(file, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except (OSError, ValueError):
        return None
    with os.fdopen(descriptor, "rb") as stream:
        status = os.fstat(stream.fileno())
        if not stat.S_ISREG(status.st_mode) or status.st_size > limit_bytes:
            return None
        return stream.read(limit_bytes)
