"""Which commands run without being asked for, and how the others are asked for."""

from __future__ import annotations

import shlex
from dataclasses import dataclass
from enum import Enum
from pathlib import Path

from agents.native.settings import Approve
from agents.requests import Requests
from cockpit.sessions.types import AnswerDecision, RequestKind, RequestRaised


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


class Ruling(Enum):
    """What policy says of a command."""

    RUN = "run"
    ASK = "ask"
    REFUSE = "refuse"


class Approvals:
    """Rules on commands by the mode; what people have allowed is the supervisor's to know, and to answer."""

    def __init__(
        self,
        mode: Approve,
        *,
        is_sandboxed: bool,
        has_network: bool,
        requests: Requests,
    ) -> None:
        """Take the settings and how commands are confined."""
        self._mode = mode
        self._is_sandboxed = is_sandboxed
        self._has_network = has_network
        self._requests = requests

    def rule(self, wish: Wish) -> Ruling:
        """Return what policy says, without asking anyone."""
        beyond = self._goes_beyond(wish)
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

    def _goes_beyond(self, wish: Wish) -> bool:
        """Whether a command wants more than the sandbox gives."""
        return bool(wish.writable) or (wish.network and not self._has_network)

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
                kind=RequestKind.NETWORK if wish.network else RequestKind.COMMAND,
                title=wish.title,
                reason=reason,
                argv=() if wish.shell else wish.argv,
                shell=wish.shell,
                cwd=str(cwd),
                paths=tuple(map(str, wish.writable)),
                escalates=self._goes_beyond(wish) or not self._is_sandboxed,
            )
        )
        if answer.decision is AnswerDecision.DENY:
            return f"this command was denied: {answer.text or 'no reason given'}"
        return ""
