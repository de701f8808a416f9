"""What the model is told before the conversation begins: role, checks, the repository's AGENTS.md files, the place."""

from __future__ import annotations

import platform
from pathlib import Path

from agents.assignment import Assignment
from agents.native.tools.base import ToolFailure
from agents.native.tools.files import Workspace

_AGENTS_MD_LIMIT_BYTES = 32 * 1024
_ROLES = Path(__file__).parent.parent / "roles"


def instructions(assignment: Assignment, workspace: Workspace, sandbox: str) -> str:
    """Return the instructions."""
    parts = [
        assignment.role_text or _packaged_role(assignment.task.role),
        _place(assignment, workspace, sandbox),
        _checks(assignment),
        *agents_md(workspace, workspace.root),
    ]
    return "\n\n".join(part.strip() for part in parts if part.strip())


def _packaged_role(role: str) -> str:
    path = _ROLES / f"{role}.md"
    return (
        path.read_text(encoding="utf-8")
        if path.name == f"{role}.md" and path.parent == _ROLES and path.is_file()
        else ""
    )


def _place(assignment: Assignment, workspace: Workspace, sandbox: str) -> str:
    lines = ["# Where you work", f"- Workspace: {workspace.root} (a git worktree of your own), on {platform.system()}"]
    lines.append(f"- Temporary files: {assignment.scratch} ($TMPDIR)")
    lines.append(f"- Commands run confined: {sandbox}" if sandbox else "- Commands are not confined and need approval")
    leases = ", ".join(f"{name}={value}" for name, value in sorted(assignment.env.items()) if "PORT" in name)
    if leases:
        lines.append(f"- Your own ports: {leases}")
    return "\n".join(lines)


def _checks(assignment: Assignment) -> str:
    if not assignment.checks:
        return ""
    lines = ["# Checks that must pass (they are run after your turn)"]
    for check in assignment.checks:
        command = check.command if isinstance(check.command, str) else " ".join(check.command)
        lines.append(f"- {check.name}: `{command}`" + (f" (in {check.cwd})" if check.cwd else ""))
    return "\n".join(lines)


def agents_md(workspace: Workspace, cwd: Path) -> list[str]:
    """Return the AGENTS.md files from the workspace's root down to a folder in it, 32 KiB in all."""
    folders = [workspace.root]
    for part in cwd.relative_to(workspace.root).parts:
        folders.append(folders[-1] / part)
    found, room = [], _AGENTS_MD_LIMIT_BYTES
    for folder in folders:
        relative = (folder / "AGENTS.md").relative_to(workspace.root)
        try:
            data = workspace.read(workspace.locate(str(relative)))
        except ToolFailure:
            continue
        text = data[:room].decode("utf-8", "ignore")
        room -= len(data[:room])
        found.append(
            f"# {relative} (of the repository)\n\n{text}" + ("\n[cut]" if len(data) > len(text.encode()) else "")
        )
        if room <= 0:
            break
    return found
