"""Serves an agent's `fs/*` requests, inside the workspace only."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from agents.acp.shape import count, text
from agents.native.tools.base import ToolFailure
from agents.native.tools.files import Workspace


class Refused(Exception):
    """A file is not served. The message says why."""


class Files:
    """The files of one workspace."""

    def __init__(self, workspace: Path) -> None:
        """Serve files beneath one folder."""
        self._workspace = Workspace(workspace)

    def read(self, params: Mapping[str, Any]) -> dict[str, str]:
        """Return the text of a file, or of some lines of it. Raises `Refused`."""
        try:
            data = self._workspace.read(self._workspace.locate(text(params.get("path"))))
        except ToolFailure as failure:
            raise Refused(str(failure)) from None
        content = data.decode("utf-8", "replace")
        first, limit = count(params.get("line")), params.get("limit")
        if first or limit is not None:
            begin = max(0, first - 1)
            lines = content.splitlines(keepends=True)[begin:]
            content = "".join(lines if limit is None else lines[: count(limit)])
        return {"content": content}

    def write(self, params: Mapping[str, Any]) -> None:
        """Put a file in place. Raises `Refused`."""
        try:
            place = self._workspace.locate_for_change(text(params.get("path")))
            self._workspace.write(place, text(params.get("content")).encode("utf-8", "replace"))
        except ToolFailure as failure:
            raise Refused(str(failure)) from None
