"""Large real code bases from the package indexes, kept in a cache folder and never committed."""

from __future__ import annotations

import os
import subprocess
import tarfile
import zipfile
from dataclasses import dataclass
from pathlib import Path

PINNED = {
    "django": ("pip", "download", "--quiet", "--no-deps", "--no-binary=:all:", "Django==5.2"),
    "sympy": ("pip", "download", "--quiet", "--no-deps", "--no-binary=:all:", "sympy==1.14.0"),
    "airflow": ("pip", "download", "--quiet", "--no-deps", "--only-binary=:all:", "apache-airflow-core==3.3.2"),
    "effect": ("npm", "pack", "--silent", "effect@3.22.4"),
    "zod": ("npm", "pack", "--silent", "zod@4.6.7"),
    "rxjs": ("npm", "pack", "--silent", "rxjs@7.8.2"),
}
"""Exact releases, as source where tests and scripts are wanted as well."""

_BUILT = ("*.d.ts", "*.d.cts", "*.d.mts", "*.js", "*.cjs", "*.mjs", "*.map")
"""What was made of the source, and would be counted twice."""


@dataclass(frozen=True, slots=True)
class Ground:
    """What candidates of one language are held against."""

    language: str
    suffix: str
    scored: tuple[str, ...]
    """What candidates are scored on."""
    tree: str
    """What stands for the person's own tree, on which candidates are ranked; it is never scored on."""


PYTHON = Ground("python", ".py", ("django", "sympy"), "airflow")
TYPESCRIPT = Ground("typescript", ".ts", ("effect", "zod"), "rxjs")


def corpus(name: str) -> Path:
    """Return the folder of a code base; it is downloaded the first time."""
    folder = cache() / "src" / name
    if not folder.is_dir():
        downloads = cache() / "downloads" / name
        downloads.mkdir(parents=True, exist_ok=True)
        subprocess.run(PINNED[name], cwd=downloads, check=True, stdout=subprocess.DEVNULL)
        _unpack(next(downloads.iterdir()), folder, is_script=PINNED[name][0] == "npm")
    return folder


def cache() -> Path:
    """Return where downloads and results are kept between runs."""
    base = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    folder = base / "cockpit-bench"
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def lines_in(folder: Path, suffix: str) -> int:
    """Return how many lines of a language there are."""
    return sum(path.read_bytes().count(b"\n") for path in folder.rglob(f"*{suffix}"))


def _unpack(archive: Path, folder: Path, *, is_script: bool) -> None:
    unfinished = folder.with_name(f"{folder.name}.part")
    unfinished.mkdir(parents=True, exist_ok=True)
    if archive.suffix == ".whl":
        with zipfile.ZipFile(archive) as packed:
            packed.extractall(unfinished)
    else:
        with tarfile.open(archive) as source:
            source.extractall(unfinished, filter="data")
    for form in _BUILT if is_script else ():
        for path in unfinished.rglob(form):
            path.unlink()
    unfinished.rename(folder)
