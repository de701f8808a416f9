"""Where the repository is, and its supervisor: found and started with the standard library alone."""

from __future__ import annotations

from pathlib import Path

from cockpit.cli.arguments import UsageError
from cockpit.providers import resident
from cockpit.providers.paths import Paths


def find_repository(start: str) -> Path:
    """Return the top of the repository that a folder is in. Raises `UsageError` when there is none."""
    here = Path(start).resolve()
    if not here.is_dir():
        raise UsageError(f"{start} is no folder")
    for folder in (here, *here.parents):
        git = folder / ".git"
        # An empty folder of that name is none, to git neither: agents' sandboxes leave such behind.
        if git.is_file() or (git / "HEAD").exists() or (git / "HEAD").is_symlink():
            return folder
        if (folder / "HEAD").is_file() and (folder / "objects").is_dir() and (folder / "refs").is_dir():
            return folder
    raise UsageError(f"{here} is in no git repository. Go to one, name one with -C, or make one with `git init`.")


def ensure_supervisor(repository: Path) -> Paths:
    """Return the places of a repository whose supervisor runs, started if need be. Raises `UsageError` with its log."""
    paths = Paths.for_repo(repository)
    paths.ensure()
    try:
        resident.ensure_supervisor(paths)
    except resident.ResidentError as error:
        raise UsageError(str(error)) from error
    return paths
