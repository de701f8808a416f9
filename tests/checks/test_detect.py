from __future__ import annotations

import json
from pathlib import Path

import pytest

from cockpit.checks.repo import CheckCache
from cockpit.checks.runtime import CheckRunner
from cockpit.checks.runtime.detect import Trial, propose, propose_setup, render, try_out
from cockpit.checks.runtime.detect.facts import Setup
from cockpit.checks.types import CheckOutcome
from cockpit.config import Config, parse
from cockpit.providers.process import run
from tests.checks.running import make, target

PYTHON = {
    "pyproject.toml": '[tool.ruff]\nline-length = 100\n[tool.mypy]\nstrict = true\nfiles = ["calc.py"]\n'
    '[tool.pytest.ini_options]\naddopts = "-p no:xdist -p no:hypothesispytest"\n',
    "calc.py": "import os\n\n\ndef add(a: int, b: int) -> int:\n    return a + b\n",
    "tests/test_calc.py": "from calc import add\n\n\ndef test_add() -> None:\n    assert add(1, 2) == 3\n",
}
NODE = {
    "package.json": json.dumps(
        {
            "scripts": {"test": "node --test", "lint": "eslint ."},
            "devDependencies": {"eslint": "9", "typescript": "5", "prettier": "3"},
        }
    ),
    "package-lock.json": "{}",
    "tsconfig.json": "{}",
}


def names(root: Path) -> list[str]:
    return [proposal.check.name for proposal in propose(root)]


def command(root: Path, name: str) -> str:
    return next(" ".join(one.check.command) for one in propose(root) if one.check.name == name)


async def tried(root: Path, cache: Path) -> tuple[Trial, ...]:
    return await try_out(propose(root), CheckRunner(run, CheckCache(cache), 2), target(root))


async def test_a_python_project_is_looked_at_tried_and_written_down(tmp_path: Path) -> None:
    root = make(tmp_path / "repo", PYTHON)
    trials = await tried(root, tmp_path / "cache")
    verdicts = {trial.proposal.check.name: (trial.result.outcome, trial.verdict) for trial in trials}
    assert list(verdicts) == ["ruff", "format", "mypy", "tests"]
    assert verdicts["ruff"][0] is CheckOutcome.FAILED
    assert "fails now with 1 finding (" in verdicts["ruff"][1]
    assert [verdicts[name][0] for name in ("format", "mypy", "tests")] == [CheckOutcome.PASSED] * 3

    text = render(trials, propose_setup(root))
    assert "# ruff is configured; fails now with 1 finding" in text
    config = parse(text)
    written = {one.name: one for one in config.checks}
    assert written == {
        trial.proposal.check.name: trial.proposal.check.model_copy(update={"cost_s": None}) for trial in trials
    }


async def test_unformatted_files_are_found_one_by_one(tmp_path: Path) -> None:
    root = make(tmp_path / "repo", {**PYTHON, "ugly.py": "x  =  1\n", "worse.py": "y  =  2\n"})
    trials = await tried(root, tmp_path / "cache")
    ugly = next(trial.result for trial in trials if trial.proposal.check.name == "format")
    assert {one.path for one in ugly.findings} == {"ugly.py", "worse.py"}


async def test_what_cannot_run_is_written_as_a_comment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nonexistent")
    root = make(tmp_path / "repo", {"go.mod": "module x\n"})
    runner = CheckRunner(run, CheckCache(tmp_path / "cache"), 1)
    came: list[Trial] = []
    place = target(root)
    bare = type(place)(root=root, tree=place.tree, files=place.files)
    trials = await try_out(propose(root), runner, bare, came.append)
    assert {trial.result.outcome for trial in trials} == {CheckOutcome.BROKEN}
    assert len(came) == len(trials) == 3
    text = render(trials, Setup())
    assert "cannot run: `gofmt` is not installed here" in text
    assert parse(text) == Config()
    uncommented = "\n".join(
        line.removeprefix("# ") for line in text.splitlines() if line.startswith("# ") and " = " in line
    )
    assert 'command = "go vet ./..."' in uncommented


def test_python_without_pytest_uses_unittest(tmp_path: Path) -> None:
    make(tmp_path, {"setup.py": "", "src/lib/__init__.py": "", "tests/test_a.py": "import unittest\n"})
    (only,) = propose(tmp_path)
    assert only.check.command[1:] == ("-m", "unittest", "discover", "-s", "tests")
    assert only.check.env == {"PYTHONPATH": "src"}


def test_older_python_tools(tmp_path: Path) -> None:
    make(
        tmp_path,
        {
            "setup.cfg": "[flake8]\nmax-line-length=100\n[mypy]\nstrict=True\n[tool:pytest]\n",
            "pyproject.toml": "[tool.black]\n[tool.pyright]\n",
            "src/a.py": "",
        },
    )
    assert names(tmp_path) == ["flake8", "format", "mypy", "pyright", "tests"]
    assert command(tmp_path, "mypy") == "mypy src"


def test_node(tmp_path: Path) -> None:
    make(tmp_path, NODE)
    assert names(tmp_path) == ["eslint", "format", "tsc", "tests"]
    assert command(tmp_path, "tests") == "npm test"
    assert propose_setup(tmp_path).command == ("npm", "ci")


def test_node_with_another_package_manager_and_nothing_to_test(tmp_path: Path) -> None:
    scripts = {"test": 'echo "Error: no test specified" && exit 1', "lint": "standard"}
    make(tmp_path, {"package.json": json.dumps({"scripts": scripts}), "pnpm-lock.yaml": ""})
    assert [(one.check.name, one.check.command) for one in propose(tmp_path)] == [("lint", ("pnpm", "run", "lint"))]
    assert propose_setup(tmp_path).command == ("pnpm", "install", "--frozen-lockfile")


def test_a_mixed_repository_has_the_checks_of_all_its_parts(tmp_path: Path) -> None:
    make(tmp_path, PYTHON)
    make(tmp_path / "web", NODE)
    make(tmp_path / "core", {"Cargo.toml": "[package]\nname='x'\n", "src/lib.rs": ""})
    make(tmp_path / "node_modules/dep", NODE)
    make(tmp_path / ".hidden", NODE)
    found = {one.check.name: one.check for one in propose(tmp_path)}
    assert set(found) == {
        *("ruff", "format", "mypy", "tests"),
        *("web-eslint", "web-format", "web-tsc", "web-tests"),
        *("core-fmt", "core-clippy", "core-cargo-test"),
    }
    assert (found["web-eslint"].cwd, found["core-fmt"].inputs[0]) == ("web", "core/**/*.rs")
    assert propose_setup(tmp_path).command == ("npm", "--prefix", "web", "ci")


def test_two_languages_at_the_root_keep_their_names_apart(tmp_path: Path) -> None:
    make(tmp_path, {**PYTHON, **NODE, "uv.lock": ""})
    found = names(tmp_path)
    assert {"tests", "node-tests", "format", "node-format"} <= set(found)
    assert len(found) == len(set(found))
    assert propose_setup(tmp_path).command == ("bash", "-c", "uv sync && npm ci")


def test_local_files_are_copied_unless_git_keeps_them(tmp_path: Path) -> None:
    make(tmp_path, {".env": "", ".env.local": ""})
    assert propose_setup(tmp_path, tracked={".env"}).copy == (".env.local",)


def test_broken_manifests_and_empty_repositories_are_no_accident(tmp_path: Path) -> None:
    assert propose(tmp_path) == ()
    make(tmp_path, {"pyproject.toml": "[", "package.json": "[1]", "web/package.json": "{"})
    assert propose(tmp_path) == ()
    make(tmp_path, {"package.json": '{"scripts": 3, "devDependencies": ["eslint"]}', "pyproject.toml": "tool = 3"})
    assert propose(tmp_path) == ()


def test_the_written_file_reads_back_whatever_the_commands_are(tmp_path: Path) -> None:
    make(tmp_path, {".env": ""})
    text = render((), Setup(command=("bash", "-c", 'echo "a\\b" && x'), copy=(".env",)))
    config = parse(text)
    assert config.sessions.setup == ("bash", "-c", 'echo "a\\b" && x')
    assert config.sessions.copy_files == (".env",)
