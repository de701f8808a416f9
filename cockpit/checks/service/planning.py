"""Which checks are due, in which order, and when an earlier verdict still holds."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping

from cockpit.checks.config import CheckConfig
from cockpit.checks.types import When
from cockpit.providers.globs import matching

_KEY_VERSION = 1
_ORDER = (When.TURN, When.HUMAN, When.MERGE)


def due(checks: Iterable[CheckConfig], when: When) -> tuple[CheckConfig, ...]:
    """Return the checks of a moment: its own and those of the moments before it."""
    return tuple(check for check in checks if _ORDER.index(check.when) <= _ORDER.index(when))


def cheapest_first(checks: Iterable[CheckConfig], durations_s: Mapping[str, float]) -> tuple[CheckConfig, ...]:
    """Order checks by measured seconds, else by what the configuration expects; the unknown ones come last."""
    return tuple(sorted(checks, key=lambda check: durations_s.get(check.name, _expected(check))))


def _expected(check: CheckConfig) -> float:
    return float("inf") if check.cost_s is None else check.cost_s


def cache_key(check: CheckConfig, files: Mapping[str, str], environment: Mapping[str, str] | None = None) -> str:
    """Return a key that is equal exactly when a check's verdict must be.

    Args:
        check: what is run. How it is named, when it runs and how long it may take do not matter.
        files: path to blob id of the whole tree; only those that match the check's inputs count.
        environment: whatever else decides, such as the tool's version or variables of the workspace.
    """
    said = check.model_dump(
        mode="json", include={"command", "parser", "pattern", "report", "cwd", "env", "network", "inputs"}
    )
    digest = hashlib.sha256()
    head = [_KEY_VERSION, check.name, said, dict(environment or {})]
    digest.update(json.dumps(head, sort_keys=True).encode())
    for path in sorted(matching(files, check.inputs)):
        digest.update(f"\0{path}\0{files[path]}".encode("utf-8", "surrogateescape"))
    return digest.hexdigest()
