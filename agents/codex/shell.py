"""What a command line of codex really runs: it gives every command to a shell, as `/bin/bash -lc '...'`."""

from __future__ import annotations

import shlex
from dataclasses import dataclass
from pathlib import PurePosixPath

_SHELLS = frozenset({"sh", "bash", "zsh", "dash", "ksh", "fish"})
_RUN = frozenset({"-c", "-lc", "-cl", "-ic", "-lic"})


@dataclass(frozen=True, slots=True)
class CommandLine:
    """One command: what a shell reads, or words, never both."""

    shell: str = ""
    argv: tuple[str, ...] = ()

    @property
    def text(self) -> str:
        """The command for people, whole."""
        return self.shell or shlex.join(self.argv)


def unwrap(command: str | list[str]) -> CommandLine:
    """Return the command that a shell is given, or the words where there is no shell in between."""
    try:
        words = shlex.split(command) if isinstance(command, str) else [str(word) for word in command]
    except ValueError:
        return CommandLine(shell=str(command))
    is_shell = len(words) == 3 and PurePosixPath(words[0]).name in _SHELLS and words[1] in _RUN
    return CommandLine(shell=words[2]) if is_shell else CommandLine(argv=tuple(words))
