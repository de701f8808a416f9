"""How codex's commands are confined: codex's own sandbox, told what a linked worktree needs, and their environment.

Writable are the workspace, the session's scratch folder, and of the repository just what a commit on the session's
branch writes: its objects, the folder of its branch with the log of it, and what git keeps about this worktree, but not
where that points to. Neither other worktrees nor /tmp, nor the repository's hooks, configuration and other branches.
What is hidden (the journal, other workspaces, the log-in) cannot be read either.

This is a permission profile of codex and not its simpler `workspace-write`, which can say neither of the last two.
"""

from __future__ import annotations

import contextlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from agents.assignment import Assignment
from agents.codex.asking import MCP_NAME
from agents.codex.settings import CodexSettings
from agents.instructions import instructions
from cockpit.providers.process_tree import RUN_MARKER

_MCP_CALL_LIMIT_S = 24 * 3600
"""A tool that asks a human waits as long as the human does."""
_PROFILE = "cockpit"
_LEFT_BEHIND = (".agents", ".aws", ".codex", ".git")
_PRIVATE = ("auth.json", "sessions")
"""What of codex's home its commands must not see. Not all of it: what its sandbox runs is installed there."""
_SECRET_NAMES = ("*KEY*", "*TOKEN*", "*SECRET*", "*PASSWORD*")


@dataclass(frozen=True, slots=True)
class GitFolders:
    """What of the repository a session may write."""

    written: tuple[Path, ...] = ()
    kept: tuple[Path, ...] = ()
    """Below the written, and not writable: with these another repository, and its hooks, could be put in place."""


def git_folders(workspace: Path) -> GitFolders:
    """Return which folders of the repository a commit in this linked worktree writes, made where missing. Blocks.

    Nothing where the workspace is no linked worktree: codex protects a `.git` folder as a whole.

    Raises:
        OSError: the worktree's link to its repository is broken.
    """
    link = workspace / ".git"
    if not link.is_file():
        return GitFolders()
    own = _named_by(link, "gitdir:", workspace)
    common = _named_by(own / "commondir", "", own)
    written = [own, common / "objects"]
    branch = _named_text(own / "HEAD", "ref:")
    if branch.startswith("refs/heads/"):
        folder = Path(branch).parent
        written += [common / folder, common / "logs" / folder]
    for one in written:
        one.mkdir(parents=True, exist_ok=True)
    # Codex would put an empty file there for each command, and take it away below another that begins just then.
    (own / "config.worktree").touch()
    return GitFolders(tuple(written), tuple(own / name for name in ("commondir", "gitdir", "config.worktree")))


def tidy(assignment: Assignment, folders: GitFolders) -> None:
    """Take away the empty folders that codex's sandbox leaves behind, where it put something in their place."""
    for root in (assignment.workspace, assignment.scratch, *folders.written):
        for name in _LEFT_BEHIND:
            with contextlib.suppress(OSError):
                (root / name).rmdir()


def _named_text(file: Path, label: str) -> str:
    return file.read_text(encoding="utf-8").strip().removeprefix(label).strip()


def _named_by(file: Path, label: str, base: Path) -> Path:
    return (base / _named_text(file, label)).resolve()


def thread_settings(assignment: Assignment, settings: CodexSettings, folders: GitFolders, run: str) -> dict[str, Any]:
    """Return what a conversation is begun, resumed or forked with.

    Args:
        assignment: the session.
        settings: the agent's section of cockpit.toml.
        folders: what of the repository is writable, and what not.
        run: marks every process that a command of this conversation starts, see `RUN_MARKER`.
    """
    config: dict[str, Any] = {
        "shell_environment_policy": {
            "inherit": "all",
            "ignore_default_excludes": True,
            "exclude": list(_SECRET_NAMES),
            "set": {**assignment.env, "TMPDIR": str(assignment.scratch), RUN_MARKER: run},
        },
    }
    if assignment.mcp is not None:
        config["mcp_servers"] = {
            MCP_NAME: {
                "url": assignment.mcp.url,
                "http_headers": {"Authorization": f"Bearer {assignment.mcp.token}"},
                "default_tools_approval_mode": "approve",
                "startup_timeout_sec": settings.mcp_timeout_s,
                "tool_timeout_sec": _MCP_CALL_LIMIT_S,
            }
        }
    if settings.reasoning_effort:
        config["model_reasoning_effort"] = settings.reasoning_effort
    wanted: dict[str, Any] = {
        "cwd": str(assignment.workspace),
        "approvalPolicy": settings.mode,
        "approvalsReviewer": "user",
        "config": config,
    }
    if settings.sandbox == "workspace-write":
        wanted["permissions"] = _PROFILE
        config["permissions"] = {_PROFILE: _profile(assignment, settings, folders)}
    else:
        wanted["sandbox"] = settings.sandbox
    if settings.model:
        wanted["model"] = settings.model
    if text := instructions(assignment):
        wanted["developerInstructions"] = text
    return wanted


def _profile(assignment: Assignment, settings: CodexSettings, folders: GitFolders) -> dict[str, Any]:
    access: dict[str, Any] = {":root": "read", ":project_roots": {".": "write"}}
    # What is named more exactly wins, in whatever order.
    access |= {str(path): "deny" for path in _hidden(assignment)}
    access |= {str(path): "read" for path in folders.kept}
    access |= {str(path): "write" for path in (assignment.workspace, assignment.scratch, *folders.written)}
    return {"filesystem": access, "network": {"enabled": settings.network}}


def _hidden(assignment: Assignment) -> list[Path]:
    """Return what is hidden, without what lies below something hidden: codex cannot hide a thing twice.

    Of a folder that has codex's home, the workspace or its scratch folder in it only the other folders are hidden: for
    a command that a human lets out of the sandbox codex still hides these, and forgets what in them was to be seen.
    (So workspaces that are made later are not hidden; they cannot be written.) Not single files: where one vanishes,
    codex leaves an empty one in its place.
    """
    own = (assignment.home, assignment.workspace, assignment.scratch)
    named = [*assignment.hidden, assignment.memory, *((assignment.home / name).resolve() for name in _PRIVATE)]
    found: list[Path] = []
    while named:
        path = min(named)
        named.remove(path)
        if any(path.is_relative_to(outer) for outer in found) or not path.exists():
            continue
        if any(one.is_relative_to(path) for one in own):
            named += [one for one in path.iterdir() if one.is_dir() and one not in own]
        else:
            found.append(path)
    return found


def description(settings: CodexSettings) -> str:
    """Say how commands are confined, for people; empty where they are not."""
    if settings.sandbox == "danger-full-access":
        return ""
    return f"codex's own sandbox: {settings.sandbox}{', with network' if settings.network else ''}"
