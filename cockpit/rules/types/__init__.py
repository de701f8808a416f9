"""Rules, their examples, and what they hit."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Any, NewType

from pydantic import ConfigDict, Field

from cockpit.checks.types import CheckOutcome, CheckResult, Finding, Severity
from cockpit.types import Model

RuleId = NewType("RuleId", str)
"""Names one rule of a repository; also its file: `.cockpit/rules/<id>.yml`."""

RULE_ID_PATTERN = r"^[a-z0-9][a-z0-9_-]{0,79}$"

CHECK = "rules"
"""The check under whose name rules' findings go."""


class Engine(StrEnum):
    """What carries a rule out."""

    AST_GREP = "ast-grep"
    REGEX = "regex"
    LAYERS = "layers"
    SIZE = "size"
    PATH = "path"
    NAMING = "naming"
    COMMAND = "command"
    JUDGE = "judge"


class RuleState(StrEnum):
    """Where a rule is in its life."""

    DRAFT = "draft"  # being made; runs nowhere but in the forge
    SHADOW = "shadow"  # runs and is counted; nobody is told
    WARN = "warn"  # told, stops nothing
    BLOCK = "block"  # told, and its severity counts
    RETIRED = "retired"  # kept for its story; runs nowhere


class Level(StrEnum):
    """A rule's own severity, in ast-grep's words."""

    OFF = "off"
    HINT = "hint"
    INFO = "info"
    WARNING = "warning"
    ERROR = "error"


class Origin(Model):
    """What gave rise to a rule."""

    kind: str = Field(default="", description="redirect, comment, mistake, pack, hand ...")
    session: str = ""
    at: str = Field(default="", description="when, as ISO 8601")
    who: str = ""
    quote: str = Field(default="", description="what was said")


class RuleMetadata(Model):
    """What we keep about a rule; in an ast-grep file under `metadata:`. Other keys there are kept as they are."""

    model_config = ConfigDict(frozen=True, extra="allow", defer_build=True)

    state: RuleState = RuleState.BLOCK
    origin: tuple[Origin, ...] = ()
    owner: str = ""
    why: str = ""
    golden: str = Field(default="", description="the golden principle it serves")
    replaces_prose: str = Field(default="", description="the line of a document it makes superfluous")
    pack: str = Field(default="", description="the shipped pack it came from")


class ExampleKind(StrEnum):
    """What an example shows."""

    BAD = "bad"
    GOOD = "good"


class Example(Model):
    """A piece of code that a rule must hit (bad) or must not hit (good)."""

    kind: ExampleKind
    text: str
    path: str = Field(default="", description="the file it stands for; empty: one that the rule looks at")
    times: int = Field(default=1, ge=1, le=10_000, description="how often the text is repeated, for what is too long")


class RuleTests(Model):
    """ast-grep's own tests of one rule: snippets that it must leave alone (valid) and must hit (invalid)."""

    id: RuleId
    valid: tuple[str, ...] = ()
    invalid: tuple[str, ...] = ()

    def examples(self) -> tuple[Example, ...]:
        """Return the snippets as examples, bad ones first."""
        bad = tuple(Example(kind=ExampleKind.BAD, text=text) for text in self.invalid)
        return (*bad, *(Example(kind=ExampleKind.GOOD, text=text) for text in self.valid))


class Rule(Model):
    """One machine-enforced invariant."""

    id: RuleId = Field(pattern=RULE_ID_PATTERN)
    engine: Engine = Engine.AST_GREP
    language: str = Field(default="", description="as ast-grep names it; of ast-grep rules only")
    message: str = Field(default="", description="what is wrong, and why")
    note: str = Field(default="", description="how to put it right")
    severity: Level = Level.ERROR
    files: tuple[str, ...] = Field(default=(), description="globs of the files it looks at; none: all")
    ignores: tuple[str, ...] = Field(default=(), description="globs of files it does not look at")
    body: Mapping[str, Any] = Field(
        default_factory=dict,
        description="of ast-grep: rule, constraints, utils ...; else the mapping under the engine's name",
    )
    metadata: RuleMetadata = Field(default_factory=RuleMetadata)
    examples: tuple[Example, ...] = Field(default=(), description="from its tests, or written in its own file")
    source: str = Field(default="", description="its file, relative to the repository")

    @property
    def is_run(self) -> bool:
        """Return whether it is carried out in checks, shadow included."""
        return self.severity is not Level.OFF and self.metadata.state not in (RuleState.DRAFT, RuleState.RETIRED)

    @property
    def is_told(self) -> bool:
        """Return whether people and agents hear of what it finds."""
        return self.is_run and self.metadata.state is not RuleState.SHADOW

    @property
    def finding_severity(self) -> Severity:
        """Return how bad its findings are: its own severity, but no error before it may block."""
        if self.severity is Level.ERROR:
            is_blocking = self.metadata.state is RuleState.BLOCK and self.engine is not Engine.JUDGE
            return Severity.ERROR if is_blocking else Severity.WARNING
        return Severity.WARNING if self.severity is Level.WARNING else Severity.NOTE

    @property
    def good_example(self) -> str:
        """Return the first example of how it should be; empty: none was given."""
        return next((one.text for one in self.examples if one.kind is ExampleKind.GOOD), "")


class Hit(Model):
    """One place that a rule objects to. Lines and columns count from 1."""

    rule: RuleId
    path: str = Field(default="", description="relative to the repository; empty: the change as a whole")
    line: int | None = None
    column: int | None = None
    end_line: int | None = None
    end_column: int | None = None
    text: str = Field(default="", description="the very code that was hit")
    message: str = Field(default="", description="what is wrong here; empty: what the rule says")
    note: str = Field(default="", description="how to put it right here; empty: what the rule says")
    severity: Severity | None = Field(default=None, description="how bad a tool says it is; never worse than its rule")


class ScanProblem(Model):
    """Why a rule could not be read or carried out. Never taken for silence: a scan with problems is not clean."""

    message: str
    rule: str = Field(default="", description="the rule's id, where it has one")
    path: str = Field(default="", description="the rule's file, or the file that could not be looked at")
    line: int | None = None


class Suppression(Model):
    """A comment in code that tells a rule to look away."""

    path: str
    line: int
    speaks_of: int = Field(description="the line whose hits it holds back")
    rules: tuple[str, ...] = Field(default=(), description="ids it names; none: all of them")
    is_used: bool = True


class RuleSet(Model):
    """All rules of a repository, as they were read."""

    rules: tuple[Rule, ...] = ()
    problems: tuple[ScanProblem, ...] = Field(default=(), description="files that could not be read as rules")
    utils: Mapping[str, str] = Field(
        default_factory=dict,
        description="ast-grep's shared matchers: name of the file in `.cockpit/utils/` to its text",
    )

    def get(self, rule: str) -> Rule | None:
        """Return a rule by its id."""
        return next((one for one in self.rules if one.id == rule), None)


class Scan(Model):
    """What carrying out rules found."""

    hits: tuple[Hit, ...] = Field(default=(), description="of all rules that ran, shadow rules included")
    problems: tuple[ScanProblem, ...] = Field(default=(), description="why it is not the whole truth")
    suppressions: tuple[Suppression, ...] = ()
    rules: int = Field(default=0, description="rules that were carried out")
    files: int = Field(default=0, description="files that were looked at, the known ones included")
    known: int = Field(default=0, description="files whose content had been looked at before")
    duration_s: float = 0.0


class Report(Model):
    """The outcome of rules and checks on a checkout, for people and other programs."""

    findings: tuple[Finding, ...] = Field(default=(), description="of rules that are told, without those known before")
    known_before: int = Field(default=0, description="findings that the baseline holds; they stop nothing")
    problems: tuple[ScanProblem, ...] = Field(default=(), description="why it is not the whole truth")
    suppressions: tuple[Suppression, ...] = ()
    checks: tuple[CheckResult, ...] = ()
    rules: int = 0
    files: int = 0
    duration_s: float = 0.0
    notes: tuple[str, ...] = Field(default=(), description="what was left out, and why")

    @property
    def is_clean(self) -> bool:
        """Return whether nothing stands in the way."""
        stopping = any(one.severity is Severity.ERROR for one in self.findings)
        return not stopping and all(one.outcome is CheckOutcome.PASSED for one in self.checks) and not self.problems

    @property
    def is_broken(self) -> bool:
        """Return whether something could not be judged."""
        return bool(self.problems) or any(one.outcome is CheckOutcome.BROKEN for one in self.checks)
