"""Tools that look: read a file or folder, search the workspace."""

from __future__ import annotations

import shutil

from pydantic import Field

from agents.confinement import Confinement
from agents.native.tools.base import Arguments, Result, Tool, ToolFailure
from agents.native.tools.files import Workspace
from agents.process import run_command

_LINES = 400
_LINE_CHARS = 500
_ENTRIES = 300
_SEARCH_TIMEOUT_S = 30
_MATCHES = 200
_NOISE = (".git", "node_modules", ".venv", "venv", "__pycache__", ".mypy_cache", ".ruff_cache", "target", "dist")


class ReadArguments(Arguments):
    """Arguments of read."""

    path: str = Field(description="file or folder, relative to the workspace")
    start: int = Field(default=1, ge=1, description="first line")
    lines: int = Field(default=_LINES, ge=1, le=4 * _LINES)


class Read(Tool[ReadArguments]):
    """Reads a file with line numbers, or lists a folder."""

    name = "read"
    description = "Read lines of a text file (numbered), or list a folder."
    arguments = ReadArguments

    def __init__(self, workspace: Workspace) -> None:
        """Read in a workspace."""
        self._workspace = workspace

    def title(self, arguments: ReadArguments) -> str:
        """Name the file and where the reading begins."""
        return arguments.path if arguments.start == 1 else f"{arguments.path}:{arguments.start}"

    async def use(self, arguments: ReadArguments, item: str) -> Result:
        """Read."""
        relative = self._workspace.locate(arguments.path)
        folder = self._workspace.root / relative
        if folder.is_dir():
            entries = sorted(f"{entry.name}/" if entry.is_dir() else entry.name for entry in folder.iterdir())
            more = f"\n[{len(entries) - _ENTRIES} more]" if len(entries) > _ENTRIES else ""
            return Result("\n".join(entries[:_ENTRIES]) + more or "(empty folder)")
        data = self._workspace.read(relative)
        if b"\0" in data[:8192]:
            raise ToolFailure(f"{relative} is binary ({len(data)} bytes)")
        lines = data.decode("utf-8", "replace").split("\n")
        if lines[-1] == "":
            lines.pop()
        first = arguments.start - 1
        chosen = lines[first : first + arguments.lines]
        if not chosen:
            return Result(f"{relative} has {len(lines)} lines" if lines else f"{relative} is empty")
        text = "\n".join(f"{first + i}\t{line[:_LINE_CHARS]}" for i, line in enumerate(chosen, start=1))
        left = len(lines) - first - len(chosen)
        return Result(text + (f"\n[{left} more lines; go on with start={first + len(chosen) + 1}]" if left else ""))


class SearchArguments(Arguments):
    """Arguments of search."""

    pattern: str = Field(min_length=1, description="extended regular expression")
    path: str = Field(default=".", description="file or folder to search in")
    glob: str = Field(default="", description="only files whose name matches, for example *.py")
    ignore_case: bool = False


class Search(Tool[SearchArguments]):
    """Searches file contents with ripgrep, else with grep."""

    name = "search"
    description = "Search the workspace's files for a regular expression. Returns file:line:text."
    arguments = SearchArguments

    def __init__(self, workspace: Workspace, confinement: Confinement) -> None:
        """Search in a workspace, confined as a command."""
        self._workspace = workspace
        self._confinement = confinement

    def title(self, arguments: SearchArguments) -> str:
        """Return what is looked for and where."""
        where = "" if arguments.path == "." else f" in {arguments.path}"
        return f"{arguments.pattern}{where}"

    async def use(self, arguments: SearchArguments, item: str) -> Result:
        """Search."""
        where = str(self._workspace.locate(arguments.path))
        ripgrep = shutil.which("rg", path=self._confinement.env.get("PATH"))
        argv = _ripgrep(ripgrep, arguments) if ripgrep else _grep(arguments)
        outcome = await run_command(
            self._confinement.wrap([*argv, "-e", arguments.pattern, "--", where], self._workspace.root),
            cwd=self._workspace.root,
            env=self._confinement.env,
            timeout_s=_SEARCH_TIMEOUT_S,
        )
        if outcome.is_timed_out:
            raise ToolFailure(f"the search took more than {_SEARCH_TIMEOUT_S} s; search a folder, or a simpler pattern")
        if outcome.exit_code == 1 and not outcome.output.strip():
            return Result("no match")
        if outcome.exit_code not in (0, 1) and not outcome.output.strip():
            raise ToolFailure("the search could not be started")
        if outcome.exit_code == 2 and len(outcome.output.splitlines()) <= 3:
            raise ToolFailure(f"the search failed: {outcome.output.strip()}")
        lines = [line[:_LINE_CHARS].removeprefix("./") for line in outcome.output.splitlines()]
        more = f"\n[only the first {_MATCHES} matches; narrow the search]" if len(lines) > _MATCHES else ""
        return Result("\n".join(lines[:_MATCHES]) + more)


def _ripgrep(program: str, arguments: SearchArguments) -> list[str]:
    argv = [program, "--no-config", "--line-number", "--no-heading", "--color=never", "--hidden", "--glob=!.git"]
    if arguments.glob:
        argv.append(f"--glob={arguments.glob}")
    if arguments.ignore_case:
        argv.append("--ignore-case")
    return [*argv, f"--max-columns={_LINE_CHARS}"]


def _grep(arguments: SearchArguments) -> list[str]:
    argv = ["grep", "-rnIHE", "--color=never", *(f"--exclude-dir={name}" for name in _NOISE)]
    if arguments.glob:
        argv.append(f"--include={arguments.glob}")
    if arguments.ignore_case:
        argv.append("-i")
    return argv
