"""What a forge holds: what a person pointed at, the examples made of it, and every candidate with its books."""

from __future__ import annotations

from enum import StrEnum
from typing import Literal

from pydantic import Field

from cockpit.rules.types import Example, ExampleKind, Hit
from cockpit.rules.types.forge import Candidate, Pair, Verdict
from cockpit.types import Model, SessionId


class Pointed(StrEnum):
    """What kind of thing a person pointed at."""

    DIFF_LINE = "diff line"
    FINDING = "finding"
    COMMENT = "comment"
    TRANSCRIPT = "transcript line"
    APPROVAL = "approval"
    MISTAKE = "mistake"


class Offence(Model):
    """What a person pointed at, and said of it. Where it names a place, the code is read from there."""

    kind: Pointed
    session: SessionId = SessionId("")
    path: str = Field(default="", description="relative to the workspace; empty: it is no place in code")
    line: int | None = Field(default=None, ge=1)
    side: Literal["old", "new"] = "new"
    snippet: str = Field(default="", max_length=8_000, description="the code as it was when it was pointed at")
    fix: str = Field(default="", max_length=8_000, description="the same code after its fix, where that is known")
    said: str = Field(default="", max_length=4_000, description="what the person, the tool or the agent said")
    remedy: str = Field(default="", max_length=4_000, description="how to put it right, where it was said")
    code: str = Field(default="", max_length=200, description="the finding's own code")
    mistake: str = Field(default="", max_length=300, description="fingerprint of the mistake that it belongs to")


class Placed(Model):
    """A hit, and enough of the code around it to be judged where it is listed."""

    where: str = Field(description="name of the tree, id of the session, or commit")
    hit: Hit
    code: str = Field(default="", description="the lines around the hit")
    first_line: int = Field(default=1, description="number of the first of these lines")
    is_outside: bool = Field(default=False, description="in a file that the candidate does not look at: not counted")


class Sample(Model):
    """One example of a forge, as a person sees and changes it. Its place in the list names it."""

    kind: ExampleKind
    text: str
    path: str = ""
    whose: Literal["found", "fix", "mark", "person"] = Field(default="found", description="where it came from")


class DraftInfo(Model):
    """A rule that somebody began to write, and left."""

    id: str
    name: str = Field(description="the rule's name, or what it is about")
    at: float = Field(description="epoch seconds when it was written last")
    by: str = ""
    about: str = ""


class Progress(StrEnum):
    """How far a forge is."""

    GATHERING = "gathering"
    JUDGING = "judging"
    JUDGED = "judged"


class Book(Model):
    """One candidate and what is known of it so far."""

    number: int = Field(description="names it while the forge is open; a new one gets a new number")
    candidate: Candidate
    text: str = Field(description="as a rule file")
    source: Literal["made", "mark", "person", "agent"] = "made"
    by: str = Field(default="", description="the agent that drafted it, by its name in cockpit.toml")
    note: str = Field(default="", description="how the agent that drafted it says it is put right")
    own: tuple[Example, ...] = Field(
        default=(), description="examples that the agent gave with it, none against the person's; all came out right"
    )
    verdicts: tuple[Verdict, ...] = ()
    problem: str = Field(default="", description="why it cannot be carried out")
    in_tree: int = 0
    in_sessions: int = 0
    stopped: int = Field(default=0, description="accepted commits that it would have stopped")
    is_cut: bool = Field(default=False, description="it hit so often that the rest was not looked at")
    outside: int = Field(default=0, description="hits in files of the checkout that it does not look at")
    scope: int = Field(default=-1, description="which of the forge's scopes it has; -1: one of its own")
    uncounted: tuple[str, ...] = Field(default=(), description="where its hits are not counted, and why")
    is_untried: bool = Field(default=False, description="of an engine that nothing here carries out")
    doubts: tuple[str, ...] = ()
    hits: tuple[Placed, ...] = Field(default=(), description="the first of them, for reading")
    is_judged: bool = Field(default=False, description="the examples were tried, and what is counted is counted")

    @property
    def is_proven(self) -> bool:
        """Return whether every example came out right, and there is one."""
        return bool(self.verdicts) and not self.problem and all(one.is_right for one in self.verdicts)


class Drafting(Model):
    """An agent at work on candidates, or what became of that."""

    agent: str = Field(description="its name in cockpit.toml")
    since: float = Field(description="epoch seconds")
    until: float | None = Field(default=None, description="when it ended; None: it is at work")
    model: str = ""
    is_scripted: bool = Field(default=False, description="a scripted model stands in; the screen must say so")
    says: str = Field(default="", description="what it is at or what came of it, in one line")
    is_bad: bool = Field(default=False, description="it failed; `says` tells why")
    drafted: int = Field(default=0, description="candidates of it that were proven and are shown")


class ForgeView(Model):
    """A forge as a screen shows it."""

    id: str = ""
    name: str = ""
    message: str = ""
    remedy: str = ""
    language: str = ""
    pairs: tuple[Pair, ...] = ()
    fine: tuple[str, ...] = Field(default=(), description="code that a person has said is fine")
    examples: tuple[Sample, ...] = Field(default=(), description="all of them: bad ones, then good ones")
    scopes: tuple[tuple[str, ...], ...] = Field(
        default=(), description="globs that the examples' paths suggest, the narrowest first; none: every file"
    )
    advice: str = Field(default="", description="what serves better here than a rule; empty: nothing does")
    draft: str = Field(default="", description="what was written here by hand last, if it is no rule yet")
    is_draft: bool = Field(default=False, description="it goes on with what was left earlier")
    books: tuple[Book, ...] = ()
    progress: Progress = Progress.GATHERING
    commits: int = Field(default=0, description="accepted commits looked at")
    problems: tuple[str, ...] = ()
    drafting: Drafting | None = Field(default=None, description="None: no agent is to draft")
    version: int = 0

    def book(self, number: int) -> Book | None:
        """Return a candidate's book."""
        return next((one for one in self.books if one.number == number), None)
