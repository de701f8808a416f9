"""What the forge deals in: examples in pairs, candidates for a rule, and what the gate saw of them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import Field

from cockpit.rules.types import Engine
from cockpit.types import Model


class Pair(Model):
    """One offence and, where it is known, how it was put right."""

    bad: str
    good: str = Field(default="", description="the same code after the fix; empty: nobody fixed it yet")
    path: str = Field(default="", description="the file that the offence was in")


class Candidate(Model):
    """One way to say the rule. What it matches was held against the examples; the gate says what it does elsewhere."""

    engine: Engine = Engine.AST_GREP
    language: str = Field(default="", description="as ast-grep names it; of ast-grep candidates only")
    body: Mapping[str, Any] = Field(description="as in `Rule.body`: of ast-grep `rule` and `constraints`")
    files: tuple[str, ...] = Field(default=(), description="globs taken from the examples' paths")
    says: str = Field(description="what it objects to, in one line")
    score: float = Field(default=0.0, description="how plausible; comparable among candidates of one offence only")
