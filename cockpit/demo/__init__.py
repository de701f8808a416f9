"""The demo: a sample repository, tasks for it, and the script of the model that stands in for a paid one."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from cockpit.sessions.repo import read_tasks
from cockpit.sessions.types import Task

_HERE = Path(__file__).parent
GIT_LIMIT_S = 30.0
_RENAMED = {"gitignore": ".gitignore"}
_UNTIDY = (
    '"""What was sold."""   \n\n\n'
    "def sold(cents: list[int]) -> int:\n"
    '    """Return the sum, in cents."""\t\n'
    "    return sum(cents)  \n"
)
"""A file whose white space the mechanic tidies up."""


def build(folder: Path) -> Path:
    """Make the sample repository, with its cockpit.toml, in a new folder and return it."""
    repository = folder / "shop"
    sample = _HERE / "sample"
    for source in sorted(sample.rglob("*")):
        if source.is_file() and "__pycache__" not in source.parts:
            inside = source.relative_to(sample)
            target = repository / inside.with_name(_RENAMED.get(inside.name, inside.name))
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(source.read_bytes())
    settings = (_HERE / "cockpit.toml").read_text(encoding="utf-8")
    settings = settings.replace("{python}", sys.executable).replace("{script}", str(_HERE / "script.yaml"))
    (repository / "cockpit.toml").write_text(settings, encoding="utf-8")
    _git(repository, "init", "-q", "-b", "main", "--template=")
    _git(repository, "config", "user.name", "Demo")
    _git(repository, "config", "user.email", "demo@localhost")
    # The person's own git may sign commits, or run hooks on them.
    _git(repository, "config", "commit.gpgSign", "false")
    _git(repository, "config", "core.hooksPath", "/dev/null")
    _commit(repository, "A small shop")
    _git(repository, "switch", "-q", "-c", "reporting")
    (repository / "shop" / "report.py").write_text(_UNTIDY, encoding="utf-8")
    _commit(repository, "Report what was sold")
    _git(repository, "switch", "-q", "main")
    return repository


def tasks() -> tuple[Task, ...]:
    """Return the demo's tasks."""
    return read_tasks(_HERE / "tasks.yaml")


def _commit(repository: Path, message: str) -> None:
    _git(repository, "add", "-A")
    _git(repository, "commit", "-q", "-m", message)


def _git(repository: Path, *words: str) -> None:
    subprocess.run(("git", "-C", str(repository), *words), check=True, stdin=subprocess.DEVNULL, timeout=GIT_LIMIT_S)
