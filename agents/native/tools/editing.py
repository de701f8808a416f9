"""The edit tool: a whole patch or nothing."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from pydantic import Field

from agents.native.tools import patch
from agents.native.tools.base import Arguments, Result, Tool, ToolFailure
from agents.native.tools.files import Workspace
from agents.wire import Wire
from cockpit.sessions.types import FileChanged


class EditArguments(Arguments):
    """Arguments of edit."""

    patch: str = Field(description="`*** Begin Patch` ... `*** End Patch`")


@dataclass(frozen=True, slots=True)
class _Step:
    """One file as it will be; None is gone."""

    path: Path
    content: bytes | None
    change: Literal["added", "modified", "deleted"]


class Edit(Tool[EditArguments]):
    """Changes files."""

    name = "edit"
    description = (
        "Add, change, move or delete files with a patch. Format:\n"
        "*** Begin Patch\n*** Update File: path\n@@ optional line to look for first\n context\n-old line\n+new line\n"
        "*** Add File: path\n+every line\n*** Delete File: path\n*** End Patch\n"
        "Copy context exactly, three lines around a change. All of a patch is applied or nothing."
    )
    arguments = EditArguments

    def __init__(self, workspace: Workspace, wire: Wire) -> None:
        """Change files of a workspace and tell of it over the wire."""
        self._workspace = workspace
        self._wire = wire

    def title(self, arguments: EditArguments) -> str:
        """Name the files."""
        marks = ("*** Update File: ", "*** Add File: ", "*** Delete File: ")
        lines = arguments.patch.splitlines()
        return ", ".join(line.split(": ", 1)[1] for line in lines if line.startswith(marks)) or "patch"

    async def use(self, arguments: EditArguments, item: str) -> Result:
        """Apply the patch."""
        steps = [step for change in patch.parse(arguments.patch) for step in self._plan(change)]
        paths = [step.path for step in steps]
        repeated = next((path for path in paths if paths.count(path) > 1), None)
        if repeated is not None:
            raise ToolFailure(f"{repeated} appears twice in the patch; put all its hunks under one header")
        for step in steps:
            if step.content is None:
                self._workspace.delete(step.path)
            else:
                self._workspace.write(step.path, step.content)
            self._wire.emit(FileChanged(path=str(step.path), change=step.change))
        return Result("\n".join(f"{step.change} {step.path}" for step in steps))

    def _plan(self, change: patch.FileChange) -> list[_Step]:
        path = self._workspace.locate_for_change(change.path)
        match change:
            case patch.AddFile():
                if self._workspace.is_there(path):
                    raise ToolFailure(f"{path} exists already; use `*** Update File:` to change it")
                return [_Step(path, "".join(f"{line}\n" for line in change.lines).encode(), "added")]
            case patch.DeleteFile():
                self._workspace.read(path)
                return [_Step(path, None, "deleted")]
            case patch.UpdateFile():
                return self._plan_update(change, path)

    def _plan_update(self, change: patch.UpdateFile, path: Path) -> list[_Step]:
        try:
            text = self._workspace.read(path).decode("utf-8")
        except UnicodeDecodeError:
            raise ToolFailure(f"{path} is not UTF-8 text and cannot be patched") from None
        content = patch.apply(change, text).encode()
        if change.move_to is None:
            return [_Step(path, content, "modified")]
        target = self._workspace.locate_for_change(change.move_to)
        if self._workspace.is_there(target):
            raise ToolFailure(f"{target} exists already; delete it first if it shall be replaced")
        return [_Step(target, content, "added"), _Step(path, None, "deleted")]
