"""Writes rules to a person's repository."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from cockpit.rules.repo.documents import documents, with_value
from cockpit.rules.repo.places import FOLDER, PROJECT, PROJECT_TEXT
from cockpit.rules.types import Level, RuleState
from cockpit.rules.types.errors import RuleFileError, RulesError


def with_state(text: str, state: RuleState, rule: str = "", *, severity: Level | None = None) -> str:
    """Return a rule's file with another state; comments and everything else stay.

    Args:
        text: the file.
        state: what the rule is to have.
        rule: its id, where the file says several rules; empty: the first one is meant.
        severity: what it is to have, too; None: the one that it has.

    Raises:
        RuleFileError: the file says no such rule.
    """
    number = _place_of(text, rule) if rule else 0
    text = with_value(text, ("metadata", "state"), state.value, number)
    return text if severity is None else with_value(text, ("severity",), severity.value, number)


def _place_of(text: str, rule: str) -> int:
    ids = [one.get("id") for one in documents(text)]
    if rule not in ids:
        raise RuleFileError(f"says no rule {rule!r}")
    return ids.index(rule)


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
