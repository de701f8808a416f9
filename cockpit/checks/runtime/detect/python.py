"""What suits a Python project."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from cockpit.checks.config import Parser
from cockpit.checks.runtime.detect.facts import Facts, Proposal, Setup, projects

_SOURCES = ("**/*.py", "**/*.pyi", "**/pyproject.toml", "**/*.cfg", "**/*.ini", "**/*.toml")
_UNFORMATTED = r"^(?P<message>unformatted|Would reformat): (?:File would be reformatted\n +--> )?(?P<path>[^:\n]+)"
_FLAKE8 = r"^(?P<path>[^:\n]+):(?P<line>\d+):(?P<column>\d+): (?P<code>[A-Z]+\d+) (?P<message>.*)$"


def propose(root: Path) -> Iterator[Proposal]:
    """Yield the checks of every Python project."""
    for facts in projects(root, "pyproject.toml", "setup.py", "setup.cfg"):
        section = facts.toml("pyproject.toml").get("tool")
        tools: dict[str, Any] = section if isinstance(section, dict) else {}
        yield from _style(facts, tools)
        yield from _types(facts, tools)
        yield from _tests(facts, tools)


def setup(root: Path) -> Setup:
    """Return how a workspace gets its environment, where a lock file says so."""
    for facts in projects(root, "uv.lock", "poetry.lock"):
        if not facts.folder:
            return Setup(command=("uv", "sync") if facts.has("uv.lock") else ("poetry", "install"))
    return Setup()


def _style(facts: Facts, tools: dict[str, Any]) -> Iterator[Proposal]:
    if "ruff" in tools or facts.has("ruff.toml", ".ruff.toml"):
        yield facts.check(
            "ruff",
            "ruff check --output-format=json .",
            "ruff is configured",
            parser=Parser.RUFF_JSON,
            inputs=_SOURCES,
            fix="ruff check --fix .",
            cost_s=1,
        )
        if "black" not in tools:
            yield facts.check(
                "format",
                "ruff format --check .",
                "ruff is configured",
                parser=Parser.REGEX,
                pattern=_UNFORMATTED,
                inputs=_SOURCES,
                fix="ruff format .",
                cost_s=1,
            )
    elif facts.has(".flake8") or "[flake8]" in facts.text("setup.cfg") + facts.text("tox.ini"):
        yield facts.check(
            "flake8",
            "flake8",
            "flake8 is configured",
            parser=Parser.REGEX,
            pattern=_FLAKE8,
            inputs=(*_SOURCES, "**/.flake8"),
            cost_s=5,
        )
    if "black" in tools:
        yield facts.check(
            "format",
            "black --check .",
            "black is configured",
            parser=Parser.REGEX,
            pattern=r"^would (?P<message>reformat) (?P<path>.+)$",
            inputs=_SOURCES,
            fix="black .",
            cost_s=3,
        )


def _types(facts: Facts, tools: dict[str, Any]) -> Iterator[Proposal]:
    settings = tools.get("mypy")
    if isinstance(settings, dict) or facts.has("mypy.ini", ".mypy.ini") or "[mypy]" in facts.text("setup.cfg"):
        text = facts.text("mypy.ini") + facts.text(".mypy.ini") + facts.text("setup.cfg")
        knows_files = bool({"files", "packages", "modules"} & set(settings or ())) or "\nfiles" in text
        target = "" if knows_files else " src" if _has_src(facts) else " ."
        yield facts.check("mypy", f"mypy{target}", "mypy is configured", parser=Parser.MYPY, inputs=_SOURCES, cost_s=20)
    if "pyright" in tools or "basedpyright" in tools or facts.has("pyrightconfig.json"):
        tool = "basedpyright" if "basedpyright" in tools else "pyright"
        yield facts.check(
            tool,
            f"{tool} --outputjson",
            f"{tool} is configured",
            parser=Parser.PYRIGHT_JSON,
            inputs=(*_SOURCES, "**/pyrightconfig.json"),
            cost_s=20,
        )


def _tests(facts: Facts, tools: dict[str, Any]) -> Iterator[Proposal]:
    tests = [file for file in facts.files if _is_test(file)]
    configured = "pytest" in tools or facts.has("pytest.ini") or "[tool:pytest]" in facts.text("setup.cfg")
    if not tests and not configured:
        return
    python = "python" if facts.finds("python") else "python3"
    env = {"PYTHONPATH": "src"} if _has_src(facts) else {}
    uses_pytest = configured or "[pytest]" in facts.text("tox.ini") or facts.has("conftest.py", "tests/conftest.py")
    if uses_pytest or any("import pytest" in facts.text(file) for file in tests[:50]):
        yield facts.check(
            "tests",
            python + " -m pytest -q -p no:cacheprovider --junitxml={report}",
            "tests for pytest are there",
            parser=Parser.JUNIT,
            env=env,
            cost_s=60,
        )
    else:
        start = " -s tests -t ." if facts.has("tests/__init__.py") else " -s tests" if _in_tests(tests) else ""
        yield facts.check("tests", f"{python} -m unittest discover{start}", "tests are there", env=env, cost_s=60)


def _is_test(file: str) -> bool:
    name = file.rpartition("/")[2]
    return name.endswith(".py") and (name.startswith("test") or name.endswith("_test.py"))


def _in_tests(tests: list[str]) -> bool:
    return all(file.startswith("tests/") for file in tests)


def _has_src(facts: Facts) -> bool:
    return any(file.startswith("src/") and file.endswith(".py") for file in facts.files)
