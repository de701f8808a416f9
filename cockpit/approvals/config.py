"""The section `[policy]` of cockpit.toml and of a person's own config.toml: what is answered without asking them."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, Field, PrivateAttr

from cockpit.approvals.types import Answerer, Section
from cockpit.types import Model


def _one_line(value: str) -> str:
    if not value.strip() or not value.isprintable():
        raise ValueError("is empty, or holds characters that cannot be seen")
    if value.startswith("!"):
        raise ValueError("cannot begin with “!”: what must never pass belongs in [policy.deny]")
    return value


Line = Annotated[str, AfterValidator(_one_line)]


class DenyConfig(Model, extra="forbid"):
    """What is refused without asking; the agent hears which line it was."""

    commands: tuple[Line, ...] = Field(
        default=(), description="beginnings of commands, wherever they stand in a line, in the sandbox and outside"
    )
    edits: tuple[Line, ...] = Field(default=(), description="globs of files, relative to the workspace")
    hosts: tuple[Line, ...] = Field(default=(), description="`host` (any port), `host:port` or `*.domain`")
    tools: tuple[Line, ...] = Field(default=(), description="`server/tool` or `server/*`")


class ApproverConfig(Model, extra="forbid"):
    """A model that answers low-risk requests of native agents in a person's place, each journaled with its reason."""

    agent: str = Field(description="name of a native agent under [agents] whose model judges the requests")
    timeout_s: float = Field(default=20, gt=0, le=300, description="seconds it may take; then a person is asked")


class PolicyConfig(Model, extra="forbid"):
    """What is allowed without asking, as written by the answer *always*; dangerous shapes are asked all the same."""

    commands: tuple[Line, ...] = Field(
        default=(),
        description="a command that stays in the sandbox, exactly; ending in ` *`: every one with this beginning",
    )
    unconfined: tuple[Line, ...] = Field(
        default=(), description="the same for commands that leave the sandbox, which `commands` never covers"
    )
    edits: tuple[Line, ...] = Field(default=(), description="globs of files, relative to the workspace")
    hosts: tuple[Line, ...] = Field(default=(), description="`host` (port 443), `host:port` or `*.domain`")
    tools: tuple[Line, ...] = Field(default=(), description="`server/tool` or `server/*`")
    deny: DenyConfig = Field(default_factory=DenyConfig)
    approver: ApproverConfig | None = Field(default=None, description="none: only people answer")

    _personal: frozenset[tuple[bool, Section, str]] = PrivateAttr(default=frozenset())

    def with_personal(self, lines: frozenset[tuple[bool, Section, str]]) -> PolicyConfig:
        """Return this policy, knowing which of its lines are the person's own: (is denied, section, line)."""
        policy = self.model_copy()
        policy._personal = lines
        return policy

    def owner(self, section: Section, line: str, *, is_denied: bool) -> Answerer:
        """Return in whose name a line speaks."""
        return Answerer.USER if (is_denied, section, line) in self._personal else Answerer.REPOSITORY
