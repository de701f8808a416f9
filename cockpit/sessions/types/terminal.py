"""What people do with the terminal of an agent. None of it is journaled: what is typed may be a password."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, TypeAdapter

from cockpit.types import Model


class Keys(Model):
    """Type into it: keys as a terminal sends them (cursor keys as `CSI A`), or pasted text as it is."""

    op: Literal["keys"] = "keys"
    data: str = Field(max_length=1 << 20, repr=False)
    is_paste: bool = False


class Resize(Model):
    """Change the size of it."""

    op: Literal["resize"] = "resize"
    columns: int = Field(ge=20, le=300)
    rows: int = Field(ge=5, le=100)


class Show(Model):
    """Somebody looks at it: frames come often for the next seconds, so this is said again while they do."""

    op: Literal["show"] = "show"
    is_whole: bool = Field(default=False, description="begin with a whole screen")
    is_attached: bool = Field(default=False, description="a person has the keyboard: no turn ends meanwhile")


TERMINAL_SOCKET = "terminal.sock"
"""Where it takes them, in the agent's memory: one connection an act, one line of JSON in, one line out."""
SHOWN_FOR_S = 5.0
"""How long a `Show` counts."""

TerminalAct = Annotated[Keys | Resize | Show, Field(discriminator="op")]
TERMINAL_ACT: TypeAdapter[TerminalAct] = TypeAdapter(TerminalAct)


class TerminalReply(Model):
    """What the terminal answers."""

    error: str = Field(default="", description="why it was not done; empty: it was")
