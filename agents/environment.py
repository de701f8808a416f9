"""The variables that a person gives an agent in cockpit.toml: `env = { NAME = "text with $OTHER" }`.

`$NAME` and `${NAME}` stand for a variable of our own environment, so that a secret is named in the file and not kept
there; `$$` is a dollar sign.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping

_REFERENCE = re.compile(r"\$(?:(?P<dollar>\$)|(?P<bare>[A-Za-z_]\w*)|\{(?P<braced>[A-Za-z_]\w*)\})")


def named(env: object) -> tuple[str, ...]:
    """Return which of our variables the values refer to, each once; what is no table of texts refers to none."""
    if not isinstance(env, Mapping):
        return ()
    return tuple(dict.fromkeys(name for value in env.values() if isinstance(value, str) for name in _names(value)))


def expand(env: Mapping[str, str], environ: Mapping[str, str] = os.environ) -> dict[str, str]:
    """Return the variables with what they refer to put in.

    Raises:
        ValueError: one refers to a variable that is not set; the message names both.
    """
    return {name: _expanded(name, value, environ) for name, value in env.items()}


def _names(value: str) -> Iterator[str]:
    for found in _REFERENCE.finditer(value):
        name = found["bare"] or found["braced"]
        if name:
            yield name


def _expanded(name: str, value: str, environ: Mapping[str, str]) -> str:
    def put_in(found: re.Match[str]) -> str:
        wanted = found["bare"] or found["braced"]
        if not wanted:
            return "$"
        if wanted not in environ:
            raise ValueError(f"env: {name} refers to ${wanted}, which is not set in the cockpit's environment")
        return environ[wanted]

    return _REFERENCE.sub(put_in, value)
