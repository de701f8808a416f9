"""Writes rules to a person's repository."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from cockpit.rules.repo.documents import with_value
from cockpit.rules.repo.places import FOLDER, PROJECT, PROJECT_TEXT
from cockpit.rules.types import RuleState
from cockpit.rules.types.errors import RulesError


def with_state(text: str, state: RuleState) -> str:
    """Return a rule's file with another state; comments and everything else stay. Raises `RuleFileError`."""
    return with_value(text, ("metadata", "state"), state.value)


def write_files(root: Path, files: Mapping[str, str]) -> list[str]:
    """Write files of rules that do not exist yet, and what ast-grep needs to find them; return those written.

    Raises:
        RulesError: `.cockpit` leads elsewhere, or cannot be written.
    """
    written: list[str] = []
    for path, text in {PROJECT: PROJECT_TEXT, **files}.items():
        file = root / path
        if not file.parent.resolve().is_relative_to(root.resolve() / FOLDER):
            raise RulesError(f"{FOLDER} is a link: make it a folder of this repository")
        try:
            file.parent.mkdir(parents=True, exist_ok=True)
            with file.open("x", encoding="utf-8") as stream:
                stream.write(text)
        except FileExistsError:
            continue
        except OSError as error:
            raise RulesError(f"{path} cannot be written: {error.strerror}") from error
        written.append(path)
    return written
