"""A skipped test fails the run in CI, and only there."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PASSED_OVER = {
    "test_one.py": "import pytest\n\ndef test_runs(): pass\n\ndef test_not(): pytest.skip('not here')\n",
    "test_whole.py": "import pytest\npytest.skip('nothing for this machine', allow_module_level=True)\n",
    "test_well.py": "import pytest\n\n@pytest.mark.xfail(reason='ought to fail')\ndef test_well(): pass\n",
}


def run(folder: Path, files: dict[str, str], ci: str, *options: str) -> tuple[int, str]:
    (folder / "conftest.py").write_text((ROOT / "tests" / "conftest.py").read_text("utf-8"), "utf-8")
    (folder / "pytest.ini").write_text("[pytest]\n", "utf-8")
    for name, text in files.items():
        (folder / name).write_text(text, "utf-8")
    outer = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST")}
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *options],
        cwd=folder,
        env=outer | {"CI": ci, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    return done.returncode, done.stdout


@pytest.mark.parametrize("options", [(), ("-p", "xdist", "-n", "1")], ids=["one process", "workers"])
def test_what_is_passed_over_fails_in_ci_and_is_named(tmp_path: Path, options: tuple[str, ...]) -> None:
    status, output = run(tmp_path, PASSED_OVER, "true", *options)
    assert status == 1
    named = output.partition("passed over, which fails the run in CI")[2]
    for line in ("test_one.py::test_not: Skipped: not here", "test_whole.py: Skipped: nothing", "test_well.py::"):
        assert line in named


def test_it_may_be_skipped_elsewhere(tmp_path: Path) -> None:
    assert run(tmp_path, PASSED_OVER, "")[0] == 0


def test_a_run_without_skips_passes_in_ci(tmp_path: Path) -> None:
    assert run(tmp_path, {"test_one.py": "def test_runs(): pass\n"}, "true")[0] == 0
