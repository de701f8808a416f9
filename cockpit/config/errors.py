"""What is wrong with a configuration file, and where."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing wrong in a file."""

    file: Path
    key: str
    """Path of the key, such as `checks[2].timeout_s`; empty: the file as a whole."""
    line: int | None
    """Counted from 1; None when the file as a whole is meant."""
    message: str

    def __str__(self) -> str:
        """Return `file:line: key: message`."""
        place = str(self.file) if self.line is None else f"{self.file}:{self.line}"
        return f"{place}: {self.key}: {self.message}" if self.key else f"{place}: {self.message}"


class ConfigError(Exception):
    """A configuration file that cannot be used. Nothing of it has been applied."""

    def __init__(self, problems: tuple[Problem, ...]) -> None:
        self.problems = problems
        super().__init__("\n".join(str(problem) for problem in problems))
