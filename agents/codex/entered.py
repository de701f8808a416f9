"""Which messages have entered codex's conversation, on disk: after a crash they are not said again."""

from __future__ import annotations

import json
import os
from pathlib import Path

from agents.appending import append


class Entered:
    """The ids of the commands whose text codex has taken into its history."""

    def __init__(self, path: Path) -> None:
        """Read what is there; a last line that was torn by a crash is cut off."""
        data = path.read_bytes() if path.exists() else b""
        whole = data[: data.rfind(b"\n") + 1]
        self._ids = {str(json.loads(line)["entered"]) for line in whole.splitlines()}
        self._file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
        os.ftruncate(self._file, len(whole))

    def __contains__(self, command: object) -> bool:
        """Return whether the conversation has a command's text."""
        return command in self._ids

    def add(self, command: str) -> None:
        """Remember a command. Raises `OSError` when the disk takes no more."""
        if command not in self._ids:
            append(self._file, json.dumps({"entered": command}).encode() + b"\n")
            self._ids.add(command)

    def close(self) -> None:
        """Close the file."""
        os.close(self._file)
