"""The baseline: violations that were there before their rule, so that only new code is stopped."""

from __future__ import annotations

import json
from pathlib import Path

from pydantic import Field, ValidationError

from cockpit.rules.repo.places import BASELINE
from cockpit.rules.types import RuleId
from cockpit.rules.types.errors import RuleFileError
from cockpit.types import Model

SIZE_LIMIT_BYTES = 32 * 1024 * 1024


class Known(Model):
    """One violation, as often as it stands in a file. Lines are not kept: code moves."""

    rule: RuleId
    path: str = ""
    snippet: str = Field(description="digest of the code without its white space")
    count: int = Field(default=1, ge=1)


class Baseline(Model):
    """Everything that was there before. It is the list of what is left to tidy up."""

    known: tuple[Known, ...] = ()


def parse_baseline(text: str) -> Baseline:
    """Return the baseline that a file says.

    Raises:
        RuleFileError: it is none.
    """
    try:
        said = json.loads(text)
        return Baseline.model_validate({"known": said["known"]})
    except (ValueError, TypeError, KeyError, RecursionError, ValidationError) as error:
        raise RuleFileError(f"{BASELINE} is no baseline: write it again with `cockpit check --baseline`") from error


def read_baseline(root: Path) -> Baseline:
    """Return the baseline of a checkout; an empty one where there is none. Raises `RuleFileError`."""
    file = root / BASELINE
    if not file.is_file() or file.is_symlink():
        return Baseline()
    if file.stat().st_size > SIZE_LIMIT_BYTES:
        raise RuleFileError(f"{BASELINE} is larger than {SIZE_LIMIT_BYTES:,} bytes")
    return parse_baseline(file.read_text(encoding="utf-8", errors="replace"))


def baseline_text(baseline: Baseline) -> str:
    """Return the file of a baseline: one violation a line, sorted, so that merges seldom conflict."""
    ordered = sorted(baseline.known, key=lambda one: (one.rule, one.path, one.snippet))
    lines = [json.dumps(one.model_dump(exclude_defaults=True), ensure_ascii=False, sort_keys=True) for one in ordered]
    body = ",\n".join(f"  {line}" for line in lines)
    return f'{{"known": [\n{body}\n]}}\n' if lines else '{"known": []}\n'
