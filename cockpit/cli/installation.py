"""Whether the packages that would be imported are ours: `agents` is also the name of other distributions' packages."""

from __future__ import annotations

import os
from importlib.util import find_spec

_OURS = {"agents": "registry.py", "widgets": "cells.py", "themes": "cockpit-dark.toml"}
"""Each package beside `cockpit`, and a file that ours has."""


class OverwrittenError(Exception):
    """Another distribution has put its own package in the place of ours. The message names the cure."""


def ensure_intact() -> None:
    """Return when our packages are whole. Raises `OverwrittenError`; nothing foreign is run to find out."""
    for package, ours in _OURS.items():
        spec = find_spec(package)
        if spec is None or spec.origin is None:
            raise OverwrittenError(_cure(f"its package {package!r} is missing"))
        if not os.path.exists(os.path.join(os.path.dirname(spec.origin), ours)) or _imports(spec.origin):  # noqa: PTH110,PTH118,PTH120  # pathlib loads slowly
            raise OverwrittenError(
                _cure(f"another distribution has overwritten its package {package!r} ({spec.origin})")
            )


def _imports(origin: str) -> bool:
    """Return whether a package's own file imports anything; none of ours does."""
    with open(origin, encoding="utf-8", errors="replace") as file:  # noqa: PTH123  # pathlib loads slowly
        return any(line.startswith(("import ", "from ")) for line in file if "__future__" not in line)


def _cure(what: str) -> str:
    return (
        f"this installation of agent-cockpit is damaged: {what}. Install it in an environment of its own: "
        "`uv tool install --force agent-cockpit` or `pipx install --force agent-cockpit`."
    )
