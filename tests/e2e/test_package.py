"""A package as it is published: `cockpit init`, then the mechanic makes its lint clean, landed by the merge queue."""

from __future__ import annotations

import ensurepip
import importlib.util
import os
import shutil
import subprocess
import sys
import tarfile
from pathlib import Path

import pytest

from tests.e2e.place import Place

NAME, VERSION = "shortuuid", "1.0.13"
RUFF = '[lint]\nselect = ["E4", "E7", "E9", "F", "I", "UP"]\n'


def pip() -> tuple[str, ...]:
    """Return how pip is run: the one of this environment, else the one that Python brings along."""
    if importlib.util.find_spec("pip"):
        return (sys.executable, "-m", "pip")
    bundled = sorted((Path(ensurepip.__file__).parent / "_bundled").glob("pip-*.whl"))
    assert bundled, "no pip to download with: this Python has neither pip nor ensurepip's"
    return (sys.executable, f"{bundled[-1]}/pip")


def published(folder: Path) -> Path:
    """Download the source of the package and return its folder."""
    what = ("download", "--quiet", "--no-deps", "--no-binary", ":all:", "--dest", str(folder), f"{NAME}=={VERSION}")
    env = {**os.environ, "PIP_DISABLE_PIP_VERSION_CHECK": "1"}
    done = subprocess.run((*pip(), *what), capture_output=True, text=True, timeout=120, check=False, env=env)
    assert done.returncode == 0, f"the package index cannot be reached:\n{done.stderr}"
    with tarfile.open(folder / f"{NAME}-{VERSION}.tar.gz") as archive:
        archive.extractall(folder, filter="data")
    return folder / f"{NAME}-{VERSION}"


@pytest.mark.timeout(180)
def test_the_mechanic_makes_a_published_package_clean_and_lands_it(place: Place, tmp_path: Path) -> None:
    shutil.copytree(published(tmp_path), place.repo, dirs_exist_ok=True)
    place.commit({"ruff.toml": RUFF}, "As published")
    proposed = place.cockpit("init", "--yes", timeout_s=90)
    assert proposed.returncode == 0, proposed.stderr
    assert "ruff" in proposed.stderr
    place.commit({}, "Let the cockpit look after it")
    ruff = Path(sys.executable).with_name("ruff")
    lint = (str(ruff), "check", "--no-cache", "--quiet", ".")
    assert subprocess.run(lint, cwd=place.repo, capture_output=True, check=False).returncode == 1

    landed = place.cockpit(
        *("run", "Make the lint clean", "--agent", "mechanic", "--headless", "--approve", "clean"), timeout_s=90
    )
    assert landed.returncode == 0, landed.stdout + landed.stderr
    assert place.git("log", "-1", "--format=%s", "main") == "Make the lint clean"
    assert place.git("status", "--porcelain") == ""
    assert subprocess.run(lint, cwd=place.repo, capture_output=True, check=False).returncode == 0
    assert "passed" in landed.stderr.split("check tests")[1]
