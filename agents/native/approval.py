"""Which commands run without a human's word, and how a human is asked for the others."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from pathlib import Path

from agents.native.settings import Approve
from agents.requests import Requests
from cockpit.sessions.types import AnswerDecision, RequestKind, RequestRaised

_METACHARACTERS = frozenset("`$&|;<>(){}[]*?~#!\\\n\r'\"=%")
"""Where a shell would do more than split words, a command is no longer told by its beginning."""


@dataclass(frozen=True, slots=True)
class Wish:
    """A command that the model wants to run."""

    argv: tuple[str, ...]
    shell: str = ""
    """The command as the model wrote it, when a shell reads it."""
    network: bool = False
    writable: tuple[Path, ...] = ()
    reason: str = ""

    @property
    def title(self) -> str:
        """The exact command for people."""
        return self.shell or shlex.join(self.argv)

    @property
    def goes_beyond(self) -> bool:
        """Whether it wants more than the sandbox gives."""
        return self.network or bool(self.writable)

    def is_covered_by(self, allowed: str | Sequence[str]) -> bool:
        """Return whether an `allow` line covers this command: it is that line, or begins with its words."""
        if isinstance(allowed, str):
            try:
                return self.title == allowed or self._begins_with(tuple(shlex.split(allowed)))
            except ValueError:  # a quote without its end
                return False
        return self._begins_with(tuple(allowed))

    def _begins_with(self, line: tuple[str, ...]) -> bool:
        if self.shell:
            if self.argv == line:
                return True
            if _METACHARACTERS & set(self.shell):
                return False
            words = tuple(self.shell.split())
        else:
            words = self.argv
        return bool(line) and words[: len(line)] == line


class Ruling(Enum):
    """What policy says of a command."""

    RUN = "run"
    ASK = "ask"
    REFUSE = "refuse"


class Approvals:
    """Rules on commands; remembers what was allowed for the session."""

    def __init__(
        self,
        mode: Approve,
        allow: Sequence[str | Sequence[str]],
        *,
        is_sandboxed: bool,
        has_network: bool,
        requests: Requests,
    ) -> None:
        """Take the settings and how commands are confined."""
        self._mode = mode
        self._allow = tuple(allow)
        self._is_sandboxed = is_sandboxed
        self._has_network = has_network
        self._requests = requests
        self._granted: set[tuple[tuple[str, ...], bool, tuple[Path, ...]]] = set()

    def rule(self, wish: Wish) -> Ruling:
        """Return what policy says, without asking anyone."""
        key = (wish.argv, wish.network, wish.writable)
        is_covered = not wish.writable and any(wish.is_covered_by(line) for line in self._allow)
        beyond = bool(wish.writable) or (wish.network and not self._has_network)
        if key in self._granted or is_covered:
            return Ruling.RUN
        if self._mode is Approve.NEVER_ASK:
            return Ruling.REFUSE if beyond and self._is_sandboxed else Ruling.RUN
        if self._mode is Approve.ASK or beyond or not self._is_sandboxed:
            return Ruling.ASK
        return Ruling.RUN

    async def decide(self, wish: Wish, cwd: Path) -> str:
        """Return why the command must not run, or nothing; asks a human where policy says so."""
        match self.rule(wish):
            case Ruling.RUN:
                return ""
            case Ruling.REFUSE:
                return "policy refuses commands that go beyond the sandbox, and nobody may be asked; find another way"
            case Ruling.ASK:
                return await self._ask(wish, cwd)

    async def _ask(self, wish: Wish, cwd: Path) -> str:
        wants = ["it is not sandboxed"] if not self._is_sandboxed else []
        if wish.network:
            wants.append("it asks for the network")
        if wish.writable:
            wants.append("it asks to write in " + ", ".join(map(str, wish.writable)))
        reason = "; ".join([*wants, *([wish.reason] if wish.reason else [])])
        answer = await self._requests.ask(
            RequestRaised(
                request=self._requests.new_name(),
                kind=RequestKind.NETWORK if wish.network and not wish.writable else RequestKind.COMMAND,
                title=wish.title,
                reason=reason,
                argv=wish.argv,
                cwd=str(cwd),
            )
        )
        if answer.decision is AnswerDecision.DENY:
            return f"the human denied this command: {answer.text or 'no reason given'}"
        if answer.decision in (AnswerDecision.SESSION, AnswerDecision.ALWAYS):
            # Exactly what was shown, and no longer command line that begins with it.
            self._granted.add((wish.argv, wish.network, wish.writable))
        return ""
