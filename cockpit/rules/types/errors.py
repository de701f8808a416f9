"""What can go wrong with rules, for whoever asked for them."""

from __future__ import annotations


class RulesError(Exception):
    """Base of all: the message says what happened and what to do about it."""


class RuleFileError(RulesError):
    """A rule's file is not what it must be. `line` counts from 1, None where no line is to blame."""

    def __init__(self, message: str, line: int | None = None) -> None:
        """Say what is wrong."""
        super().__init__(message)
        self.line = line


class ScanError(RulesError):
    """Rules could not be carried out at all."""
