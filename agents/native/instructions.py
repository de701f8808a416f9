"""What the model is told before the conversation begins: role, checks, the repository's AGENTS.md files, the place."""

from __future__ import annotations

import platform
from pathlib import Path

from agents.assignment import Assignment
from agents.instructions import checks, joined, place, role
from agents.native.tools.base import ToolFailure
from agents.native.tools.files import Workspace

_AGENTS_MD_LIMIT_BYTES = 32 * 1024


def instructions(assignment: Assignment, workspace: Workspace, sandbox: str) -> str:
    """Return the instructions."""
    lines = (
        f"- Workspace: {workspace.root} (a git worktree of your own), on {platform.system()}",
        f"- Commands run confined: {sandbox}" if sandbox else "- Commands are not confined and need approval",
    )
    return joined(role(assignment), place(assignment, lines), checks(assignment), *agents_md(workspace, workspace.root))


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
