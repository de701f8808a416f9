"""What may be answered without a human: lines of a policy, what they are offered as, and who answered in their name."""

from __future__ import annotations

from enum import StrEnum
from typing import Literal

from pydantic import Field

from cockpit.types import Model


class Section(StrEnum):
    """What a line of the policy speaks of; each is a list in `[policy]`."""

    COMMANDS = "commands"  # which stay in the agent's sandbox
    UNCONFINED = "unconfined"  # commands that leave it
    EDITS = "edits"
    HOSTS = "hosts"
    TOOLS = "tools"


PolicyPlace = Literal["repository", "user"]
"""Whose file a line is kept in: the repository's cockpit.toml, or the person's own config.toml."""


class Answerer(StrEnum):
    """In whose name a request was answered without a human."""

    REPOSITORY = "repository"  # a line of its cockpit.toml
    USER = "user"  # a line of the person's own config.toml
    SESSION = "session"  # a person allowed it for this session
    APPROVER = "approver"  # the agent of [policy.approver]


class LineOffer(Model):
    """A line that *always* could write, and how often it would have spared a human."""

    line: str = Field(description="as it would be written")
    section: Section
    matched: int = Field(description="requests in the journal that it would have answered")
    of: int = Field(description="requests in the journal that lines of this section can speak of")
    examples: tuple[str, ...] = Field(default=(), description="up to three that it would have answered, newest first")


class Offers(Model):
    """What *always* may mean for a request, narrow to broad."""

    choices: tuple[LineOffer, ...] = ()
    refusal: str = Field(default="", description="why nothing, or nothing broader, is offered; for people")
