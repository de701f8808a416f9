"""What the forge deals in: examples in pairs, candidates for a rule, and what the gate saw of them."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Any

from pydantic import Field

from cockpit.rules.types import Engine, Example, ExampleKind, Hit
from cockpit.types import Model


class Pair(Model):
    """One offence and, where it is known, how it was put right."""

    bad: str
    good: str = Field(default="", description="the same code after the fix; empty: nobody fixed it yet")
    path: str = Field(default="", description="the file that the offence was in")
    good_path: str = Field(default="", description="the file that the fix is in; empty: the same")


class Candidate(Model):
    """One way to say the rule. What it matches was held against the examples; the gate says what it does elsewhere."""

    engine: Engine = Engine.AST_GREP
    language: str = Field(default="", description="as ast-grep names it; of ast-grep candidates only")
    body: Mapping[str, Any] = Field(description="as in `Rule.body`: of ast-grep `rule` and `constraints`")
    files: tuple[str, ...] = Field(default=(), description="globs taken from the examples' paths; none: every file")
    ignores: tuple[str, ...] = Field(default=(), description="globs of files that it does not look at")
    examples: tuple[Example, ...] = Field(
        default=(), description="its own, of engines whose examples are no code: paths, imports"
    )
    says: str = Field(description="what it objects to, in one line")
    score: float = Field(default=0.0, description="how plausible; comparable among candidates of one offence only")


class Verdict(Model):
    """What a candidate did with one example."""

    example: Example
    is_right: bool = Field(description="a bad one was hit, a good one was not")
    hits: tuple[Hit, ...] = ()


class Judged(Model):
    """A candidate was held against all examples."""

    candidate: int = Field(description="its place among the candidates")
    verdicts: tuple[Verdict, ...] = ()
    problem: str = Field(default="", description="why it cannot be carried out; empty: it can")

    @property
    def is_proven(self) -> bool:
        """Return whether every bad example is red and every good one green, and there is a bad one at all."""
        bad = any(verdict.example.kind is ExampleKind.BAD for verdict in self.verdicts)
        return bad and not self.problem and all(verdict.is_right for verdict in self.verdicts)


class Struck(Model):
    """Candidates hit something in a tree; more may follow."""

    candidate: int
    tree: str = Field(description="name of the tree")
    hits: tuple[Hit, ...]
    marks: tuple[str, ...] = Field(default=(), description="of each hit the digest by which a baseline knows it")
    is_outside: bool = Field(default=False, description="in files that its `files` and `ignores` leave out")


class TreeDone(Model):
    """A tree was looked through."""

    tree: str
    counts: tuple[int, ...] = Field(description="hits of each candidate")
    is_cut: bool = Field(default=False, description="somebody hit so often that the rest was not looked at")
    problem: str = Field(default="", description="why it is not the whole truth")


class Stopped(Model):
    """An accepted commit that a candidate would have stopped."""

    candidate: int
    commit: str
    subject: str
    hits: tuple[Hit, ...]


class HistoryDone(Model):
    """Accepted commits were looked through."""

    commits: int = Field(description="how many were looked at")
    counts: tuple[int, ...] = Field(description="commits that each candidate would have stopped")
    problem: str = ""


class Doubt(StrEnum):
    """Why a candidate may not be a good rule."""

    TOO_BROAD = "too broad"
    CONFLICT = "conflict"  # it hits what another rule holds up as good


class Doubted(Model):
    """There is a doubt about a candidate; it does not keep a person from accepting it."""

    candidate: int
    doubt: Doubt
    message: str


class Uncounted(Model):
    """What a candidate would hit in a place is not counted; never taken for no hits."""

    candidate: int
    where: str = Field(description="the checkout, sessions, commits")
    why: str


News = Judged | Struck | TreeDone | Stopped | HistoryDone | Doubted | Uncounted
"""What the gate tells while it works."""
