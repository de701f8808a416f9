"""Large real code bases from the package index, kept in a cache folder and never committed."""

from __future__ import annotations

import os
import subprocess
import tarfile
import zipfile
from pathlib import Path

PINNED = {
    "django": ("Django==5.2", "--no-binary=:all:"),
    "sympy": ("sympy==1.14.0", "--no-binary=:all:"),
    "airflow": ("apache-airflow-core==3.3.2", "--only-binary=:all:"),
}
"""Exact releases, as source where tests and scripts are wanted as well."""

SCORED = ("django", "sympy")
"""What candidates are scored on."""

TREE = "airflow"
"""What stands for the person's own tree, on which candidates are ranked; it is never scored on."""


def corpus(name: str) -> Path:
    """Return the folder of a code base; it is downloaded the first time."""
    folder = cache() / "src" / name
    if not folder.is_dir():
        requirement, form = PINNED[name]
        downloads = cache() / "downloads" / name
        downloads.mkdir(parents=True, exist_ok=True)
        command = ("pip", "download", "--quiet", "--no-deps", form, "--dest", str(downloads), requirement)
        subprocess.run(command, check=True)
        _unpack(next(downloads.iterdir()), folder)
    return folder


def cache() -> Path:
    """Return where downloads and results are kept between runs."""
    base = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    folder = base / "cockpit-bench"
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def lines_in(folder: Path) -> int:
    """Return how many lines of Python there are."""
    return sum(path.read_bytes().count(b"\n") for path in folder.rglob("*.py"))


def _unpack(archive: Path, folder: Path) -> None:
    unfinished = folder.with_name(f"{folder.name}.part")
    unfinished.mkdir(parents=True, exist_ok=True)
    if archive.suffix == ".whl":
        with zipfile.ZipFile(archive) as packed:
            packed.extractall(unfinished)
    else:
        with tarfile.open(archive) as source:
            source.extractall(unfinished, filter="data")
    unfinished.rename(folder)
