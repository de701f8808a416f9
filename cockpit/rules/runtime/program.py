"""ast-grep's own program: where it is and how it is called. Standard library only and cheap to import."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Sequence
from pathlib import Path


def find_program() -> Path:
    """Return ast-grep's program: the one installed with us, else the one on the PATH.

    Raises:
        ScanError: there is none.
    """
    beside = Path(sys.executable).with_name("ast-grep")
    if os.access(beside, os.X_OK):
        return beside
    found = shutil.which("ast-grep")
    if found is None:
        from cockpit.rules.types.errors import ScanError

        raise ScanError("ast-grep is not installed: install the package ast-grep-cli")
    return Path(found)


def command(program: Path, project: Path, paths: Sequence[str]) -> list[str]:
    """Return the command that looks for what a project says in the files at `paths`."""
    return [str(program), "scan", "-c", str(project / "sgconfig.yml"), "--json=stream", "--", *paths]


def environment(project: Path) -> dict[str, str]:
    """Return the whole environment it gets."""
    return {"PATH": os.defpath, "NO_COLOR": "1", "HOME": str(project)}
