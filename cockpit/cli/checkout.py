"""Which files a checkout holds, and which of them a change touches, as git tells it.

Git is begun before anything heavy is imported, and works while that is done.
"""

from __future__ import annotations

import os
import shutil
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType

from cockpit.cli.arguments import UsageError
from cockpit.providers.blocking import Begun
from cockpit.providers.hardening import HARDENING, scrubbed_environment
from cockpit.providers.paths import Paths

_TIMEOUT_S = 120.0
_LIMIT_BYTES = 256 << 20
_UNTRACKED = "??"


@dataclass(frozen=True, slots=True)
class Checkout:
    """A person's work tree as it stands, uncommitted changes included."""

    root: Path
    paths: tuple[str, ...]
    """Every file that git tracks or would add."""
    changed: frozenset[str] | None
    """What differs from the base, files that are gone included; None: everything is looked at."""


class Look:
    """A look at a checkout: two commands that begin at once. Use it as a context, which ends them."""

    def __init__(self, root: Path, *, base: str | None) -> None:
        """Begin.

        Args:
            root: its top.
            base: what to compare with: a commit or branch (from where the two parted); None: with nothing.

        Raises:
            UsageError: there is no git.
        """
        self._root = root
        self._base = base
        self._git = shutil.which("git")
        if base is None:
            self._listed = self._begin("ls-files", "-z", "--cached", "--others", "--exclude-standard")
            self._status = None
        else:
            self._listed = self._begin("ls-files", "-z", "--cached")
            # One walk through the folders tells what changed and what is new.
            self._status = self._begin("status", "--porcelain", "-z", "--untracked-files=all", "--no-renames")

    def __enter__(self) -> Look:
        """Have both commands ended with the block."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End what still runs."""
        for command in (self._listed, self._status):
            if command is not None:
                command.__exit__(kind, error, trace)

    def kill(self) -> None:
        """End both commands; whoever waits for them sees it at once."""
        for command in (self._listed, self._status):
            if command is not None:
                command.kill()

    def end(self) -> Checkout:
        """Return what was seen. Raises `UsageError` when git cannot tell, or knows no such base."""
        if self._status is None:
            return Checkout(self._root, tuple(sorted(set(self._names(self._listed)))), None)
        assert self._base is not None  # else there were nothing to compare with
        committed = self._committed(self._base)
        lines = self._names(self._status)
        new = {line[3:] for line in lines if line.startswith(_UNTRACKED)}
        paths = tuple(sorted(new.union(self._names(self._listed))))
        return Checkout(self._root, paths, committed.union(line[3:] for line in lines))

    def _committed(self, base: str) -> frozenset[str]:
        """Return what differs between the last commit and where it parted from the base."""
        if base == "HEAD":
            return frozenset()
        parted = self._said(self._begin("merge-base", "--end-of-options", base, "HEAD"), f"compare with {base}")
        words = ("diff-tree", "-z", "-r", "--name-only", "--no-renames", os.fsdecode(parted).strip(), "HEAD")
        return frozenset(self._names(self._begin(*words)))

    def _names(self, command: Begun) -> list[str]:
        """Return the names that a command prints. A folder is a repository of its own, whose files are not ours."""
        said = self._said(command, f"list the files of {self._root}")
        return [name for one in said.split(b"\0") if (name := os.fsdecode(one)) and not name.endswith("/")]

    def _begin(self, *words: str) -> Begun:
        if self._git is None:
            raise UsageError("git is not installed, or not on the PATH")
        # Looking takes no lock, so that it is in nobody's way.
        environment = scrubbed_environment(os.devnull, user_settings=True) | {"GIT_OPTIONAL_LOCKS": "0"}
        return Begun(
            [self._git, *HARDENING, "--no-pager", "--literal-pathspecs", *words], cwd=self._root, env=environment
        )

    def _said(self, command: Begun, purpose: str) -> bytes:
        ended = command.end(_TIMEOUT_S, _LIMIT_BYTES)
        if ended.exit_code != 0 or ended.timed_out or ended.truncated:
            why = ended.stderr.decode("utf-8", "replace").strip() or f"it ended with {ended.exit_code}"
            raise UsageError(f"cannot {purpose}: git says: {why[:600]}")
        return ended.stdout


def is_agents(root: Path, paths: Paths) -> bool:
    """Return whether a checkout is an agent's workspace, in which nothing may be run on the agent's word."""
    link = root / ".git"
    said = link.read_text(encoding="utf-8", errors="replace").strip() if link.is_file() else ""
    leads_to = Path(said.removeprefix("gitdir:").strip() or root)
    ours = (paths.data.parent, paths.state.parent)
    return any(one.resolve().is_relative_to(folder.resolve()) for one in (root, leads_to) for folder in ours)
