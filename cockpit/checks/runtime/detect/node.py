"""What suits a JavaScript or TypeScript project."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from cockpit.checks.config import Parser
from cockpit.checks.runtime.detect.facts import Facts, Proposal, Setup, projects

_SOURCES = ("**/*.{js,jsx,mjs,cjs,ts,tsx,mts,cts,vue,svelte,json}", "**/.eslintrc*", "**/.prettierrc*")
_TSC = (
    r"^(?P<path>[^\n(]+)\((?P<line>\d+),(?P<column>\d+)\): "
    r"(?P<severity>error|warning) (?P<code>TS\d+): (?P<message>.*)$"
)
_INSTALL = {
    "pnpm-lock.yaml": ("pnpm", "install", "--frozen-lockfile"),
    "yarn.lock": ("yarn", "install", "--frozen-lockfile"),
    "package-lock.json": ("npm", "ci"),
    "npm-shrinkwrap.json": ("npm", "ci"),
}


def propose(root: Path) -> Iterator[Proposal]:
    """Yield the checks of every Node project."""
    for facts in projects(root, "package.json"):
        package = facts.json("package.json")
        scripts = package.get("scripts")
        scripts = scripts if isinstance(scripts, dict) else {}
        names = _dependencies(package)
        yield from _lint(facts, names, scripts)
        if "typescript" in names and facts.has("tsconfig.json"):
            yield facts.check(
                "tsc",
                "tsc --noEmit --pretty false",
                "typescript is a dependency",
                parser=Parser.REGEX,
                pattern=_TSC,
                inputs=_SOURCES,
                cost_s=20,
            )
        if "test" in scripts and "no test specified" not in str(scripts["test"]):
            yield facts.check("tests", f"{_runner(facts)} test", "package.json has a test script", cost_s=60)


def setup(root: Path) -> Setup:
    """Return how a workspace gets its node_modules: Node looks for them beside the code, so each needs its own."""
    for facts in projects(root, *_INSTALL):
        command = next(command for lock, command in _INSTALL.items() if facts.has(lock))
        if not facts.folder:
            return Setup(command=command)
        folder = {"npm": "--prefix", "pnpm": "--dir", "yarn": "--cwd"}[command[0]]
        return Setup(command=(command[0], folder, facts.folder, *command[1:]))
    return Setup()


def _lint(facts: Facts, names: set[str], scripts: dict[str, Any]) -> Iterator[Proposal]:
    if "eslint" in names:
        yield facts.check(
            "eslint",
            "eslint --format json .",
            "eslint is a dependency",
            parser=Parser.ESLINT_JSON,
            inputs=_SOURCES,
            fix="eslint --fix .",
            cost_s=8,
        )
    elif "lint" in scripts:
        yield facts.check("lint", f"{_runner(facts)} run lint", "package.json has a lint script", cost_s=8)
    if "prettier" in names:
        yield facts.check(
            "format",
            "prettier --check .",
            "prettier is a dependency",
            parser=Parser.REGEX,
            pattern=r"^\[(?P<severity>warn|error)\] (?P<path>\S.*\.\w+)(?P<message>)$",
            fix="prettier --write .",
            cost_s=4,
        )


def _runner(facts: Facts) -> str:
    """Return the package manager that the lock file names."""
    return next((command[0] for lock, command in _INSTALL.items() if facts.has(lock)), "npm")


def _dependencies(package: dict[str, Any]) -> set[str]:
    names: set[str] = set()
    for key in ("dependencies", "devDependencies"):
        section = package.get(key)
        names |= set(section) if isinstance(section, dict) else set()
    return names
