"""What a key is: what it does, and in which context. `cockpit.screens.keys` has the table of all of them."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Context(StrEnum):
    """Where a key acts. The value is its heading in the help."""

    APP = "Everywhere"
    FLEET = "Fleet"
    LIST = "List of sessions"
    CARD = "Needs you"
    PANE = "Detail"
    TEXT = "Transcript, diff, checks and timeline"
    TRANSCRIPT = "Transcript"
    DIFF = "Diff"
    CHECKS = "Checks"
    TIMELINE = "Timeline"
    TERMINAL = "Terminal"
    WALL = "Wall"
    DISPATCH = "Dispatch box"
    WORDS = "Boxes in dialogs"
    DIALOG = "Dialogs"
    SHEET = "Always"
    FORGE = "Forge"
    EXAMPLES = "Examples of a forge"
    RULES = "Rules"
    SAID = "Said before"


_IN_FLEET = (Context.APP, Context.FLEET)
WAYS: tuple[tuple[Context, ...], ...] = (
    (*_IN_FLEET, Context.LIST, Context.CARD),
    *((*_IN_FLEET, Context.PANE, Context.TEXT, pane) for pane in (Context.TRANSCRIPT, Context.DIFF, Context.CHECKS)),
    (*_IN_FLEET, Context.PANE, Context.TEXT, Context.TIMELINE),
    (*_IN_FLEET, Context.PANE, Context.TERMINAL),
    (*_IN_FLEET, Context.DISPATCH),
    (Context.APP, Context.WALL),
    (Context.APP, Context.DIALOG, Context.WORDS),
    (Context.APP, Context.SHEET),
    (Context.APP, Context.FORGE, Context.EXAMPLES),
    (Context.APP, Context.RULES),
    (Context.APP, Context.SAID),
)
"""The ways a key can take: every set of contexts that can be active together."""


@dataclass(frozen=True, slots=True)
class Key:
    """One thing that a person can do with a key."""

    id: str
    """What `[ui.keys]` calls it."""
    keys: tuple[str, ...]
    action: str
    """The Textual action of the widget or screen that carries the context."""
    text: str
    """What it does, for help and palette."""
    context: Context
    short: str = ""
    """What it does, for the footer; empty: not shown there."""
    is_priority: bool = False
    """Acts even while something is typed."""
    over: str = ""
    """The row of an outer context whose place it takes while it can act: such keys belong to what has the focus."""


def row(
    context: Context,
    name: str,
    keys: str,
    action: str,
    text: str,
    short: str = "",
    *,
    priority: bool = False,
    over: str = "",
) -> Key:
    """Return a row of the table; `keys` are apart by spaces."""
    return Key(name, tuple(keys.split()), action, text, context, short, priority, over)
