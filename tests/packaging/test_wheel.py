"""The wheel holds everything, and what it installs works without this checkout."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import sysconfig
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
NEEDED = (
    "agents/registry.py",
    "agents/roles/engineer.md",
    "agents/roles/mechanic.md",
    "agents/roles/reviewer.md",
    "cockpit/cli/__init__.py",
    "cockpit/demo/cockpit.toml",
    "cockpit/demo/sample/gitignore",
    "cockpit/demo/sample/shop/cart.py",
    "cockpit/demo/sample/tools/lint.py",
    "cockpit/demo/script.yaml",
    "cockpit/demo/tasks.yaml",
    "cockpit/providers/sandbox_empty",
    "cockpit/py.typed",
    "themes/__init__.py",
    "themes/cockpit-ansi.toml",
    "themes/cockpit-dark.toml",
    "widgets/__init__.py",
)


def run(*argv: str | Path, timeout_s: float = 120, **env: str) -> str:
    outer = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "VIRTUAL_ENV", "CI"))}
    done = subprocess.run(
        [str(word) for word in argv],
        cwd="/",
        env=outer | env,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=timeout_s,
        check=False,
    )
    assert done.returncode == 0, f"{argv}: {done.stdout[-4000:]}\n{done.stderr[-4000:]}"
    return done.stdout


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    # The build backend is called directly: a build front end would fetch it again from the network.
    folder = tmp_path_factory.mktemp("wheel")
    build = f"import os; os.chdir({str(ROOT)!r}); from hatchling import build; build.build_wheel({str(folder)!r})"
    run(sys.executable, "-c", build)
    (built,) = folder.glob("agent_cockpit-*.whl")
    return built


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder of programs of a new environment that the wheel is installed in."""
    venv = tmp_path_factory.mktemp("fresh") / "venv"
    uv = shutil.which("uv")
    run(sys.executable, "-m", "venv", *(["--without-pip"] if uv else []), venv)
    python = venv / "bin" / "python"
    # Dependencies are lent by this environment through a .pth file, so that nothing is fetched. Only the folder is
    # lent: Python does not follow the .pth files in it, so the editable install of this checkout stays out of sight.
    (lent,) = (venv / "lib").glob("python3*/site-packages")
    (lent / "lent.pth").write_text(sysconfig.get_path("purelib") + "\n", "utf-8")
    if uv:
        run(uv, "pip", "install", "--quiet", "--offline", "--no-deps", "--python", python, wheel)
    else:
        run(python, "-m", "pip", "install", "--quiet", "--no-index", "--no-deps", "--disable-pip-version-check", wheel)
    return venv / "bin"


def test_the_wheel_holds_all_packages_with_their_data(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())
    assert set(NEEDED) <= names
    tops = {name.partition("/")[0] for name in names}
    assert {top for top in tops if not top.endswith(".dist-info")} == {"agents", "cockpit", "themes", "widgets"}
    assert not [name for name in names if name.endswith((".pyc", ".sqlite3"))]


def test_what_is_versioned_of_the_packages_is_in_the_wheel(wheel: Path) -> None:
    packages = ("agents", "cockpit", "themes", "widgets")
    listed = subprocess.run(
        ["git", "-C", ROOT, "ls-files", "-z", *packages], capture_output=True, text=True, check=True
    ).stdout.split("\0")
    there = {name for name in listed if name and (ROOT / name).is_file()}
    with zipfile.ZipFile(wheel) as archive:
        assert there - set(archive.namelist()) == set()


def test_the_installed_program_says_its_version_and_is_not_this_checkout(installed: Path) -> None:
    assert run(installed / "cockpit", "--version").startswith("cockpit ")
    where = run(installed / "python", "-c", "import agents, cockpit, themes, widgets; print(cockpit.__file__)")
    assert Path(where.strip()).is_relative_to(installed.parent)


@pytest.mark.timeout(240)
def test_the_installed_program_runs_the_demo_to_its_end(installed: Path) -> None:
    path = os.pathsep.join([str(installed), os.environ["PATH"]])
    said = run(installed / "cockpit", "demo", "--headless", timeout_s=200, PATH=path)
    assert "a conflict went back to its agent" in said
    assert "NOT seen" not in said


def test_a_package_overwritten_by_another_distribution_is_named_with_the_cure(installed: Path, tmp_path: Path) -> None:
    foreign = tmp_path / "agents"
    foreign.mkdir()
    (foreign / "__init__.py").write_text("raise SystemExit('foreign code ran')\n", "utf-8")
    done = subprocess.run(
        [installed / "cockpit", "doctor"],
        env=os.environ | {"PYTHONPATH": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 3
    assert "overwritten its package 'agents'" in done.stderr
    assert "uv tool install" in done.stderr
