"""How codex's commands are confined: codex's own sandbox, told what a linked worktree needs, and their environment.

Writable are the workspace, the session's scratch folder, and of the repository just what a commit on the session's
branch writes. Neither other worktrees nor /tmp, nor the repository's hooks and configuration.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from agents.assignment import Assignment
from agents.codex.asking import MCP_NAME
from agents.codex.settings import CodexSettings
from cockpit.providers.process_tree import RUN_MARKER

_MCP_CALL_LIMIT_S = 24 * 3600
"""A tool that asks a human waits as long as the human does."""
_SECRET_NAMES = ("*KEY*", "*TOKEN*", "*SECRET*", "*PASSWORD*")


def git_folders(workspace: Path) -> tuple[Path, ...]:
    """Return which folders of the repository a commit in this linked worktree writes, made where missing. Blocks.

    None where the workspace is no linked worktree: codex protects a `.git` folder as a whole.
    """
    link = workspace / ".git"
    if not link.is_file():
        return ()
    own = _named_by(link, "gitdir:", workspace)
    common = _named_by(own / "commondir", "", own)
    branch = _named_text(own / "HEAD", "ref:")
    if not branch.startswith("refs/heads/"):
        return (own, common / "objects")
    folder = Path(branch).parent
    written = (common / "objects", common / folder, common / "logs" / folder)
    for one in written:
        one.mkdir(parents=True, exist_ok=True)
    return (own, *written)


def _named_text(file: Path, label: str) -> str:
    return file.read_text(encoding="utf-8").strip().removeprefix(label).strip()


def _named_by(file: Path, label: str, base: Path) -> Path:
    return (base / _named_text(file, label)).resolve()


def thread_settings(
    assignment: Assignment, settings: CodexSettings, folders: tuple[Path, ...], run: str
) -> dict[str, Any]:
    """Return what a conversation is begun, resumed or forked with.

    Args:
        assignment: the session.
        settings: the agent's section of cockpit.toml.
        folders: what of the repository is writable.
        run: marks every process that a command of this conversation starts, see `RUN_MARKER`.
    """
    config: dict[str, Any] = {
        "sandbox_workspace_write": {
            "writable_roots": [str(path) for path in (*folders, assignment.scratch)],
            "exclude_slash_tmp": True,
            "exclude_tmpdir_env_var": True,
            "network_access": settings.network,
        },
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
        "sandbox": settings.sandbox,
        "config": config,
    }
    if settings.model:
        wanted["model"] = settings.model
    if text := _instructions(assignment):
        wanted["developerInstructions"] = text
    return wanted


def description(settings: CodexSettings) -> str:
    """Say how commands are confined, for people; empty where they are not."""
    if settings.sandbox == "danger-full-access":
        return ""
    return f"codex's own sandbox: {settings.sandbox}{', with network' if settings.network else ''}"


def _instructions(assignment: Assignment) -> str:
    parts = [assignment.role_text.strip()]
    if assignment.checks:
        parts.append("The change is checked with these before a human sees it:")
        parts += [f"- {check.name}: {_line(check.command)}".rstrip(": ") for check in assignment.checks]
    return "\n".join(part for part in parts if part)


def _line(command: str | tuple[str, ...]) -> str:
    return command if isinstance(command, str) else " ".join(command)
