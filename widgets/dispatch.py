"""Boxes to type in: the dispatch box at the bottom, and its kin in dialogs. What was typed is never lost."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import ClassVar

from textual import events
from textual.binding import BindingType
from textual.content import Content
from textual.message import Message
from textual.widgets import TextArea

from cockpit.providers.text import Safe, clean, clean_line
from cockpit.screens.keys import Context, bindings
from cockpit.state.model import SessionState
from cockpit.types import SessionId

_AGENT = re.compile(r"@([A-Za-z0-9._-]+)(?:\s+|$)")


class TextBox(TextArea):
    """Several lines of text; a key of its own ends a line, because enter sends."""

    DEFAULT_CSS = """
    TextBox {
        height: auto; min-height: 1; max-height: 8; padding: 0 1; border: none;
        background: $background; color: $ink; scrollbar-size-vertical: 1;
        & .text-area--cursor-line { background: $background; }
        & .text-area--placeholder { color: $dim; }
        &:focus { border: none; }
    }
    """

    class Sent(Message):
        """Enter was pressed."""

        def __init__(self, box: TextBox, text: str) -> None:
            super().__init__()
            self.box, self.text_sent = box, text

        @property
        def control(self) -> TextBox:
            """The box."""
            return self.box

    def __init__(self, text: str = "", *, placeholder: str = "", id: str | None = None) -> None:  # noqa: A002 - Textual's name for it
        super().__init__(text, id=id, soft_wrap=True, placeholder=placeholder, highlight_cursor_line=False)

    def action_newline(self) -> None:
        """Begin a new line."""
        self.insert("\n")

    def on_key(self, event: events.Key) -> None:
        """Leave enter to whoever sends."""
        if event.key == "enter":
            event.prevent_default()

    def on_paste(self, event: events.Paste) -> None:
        """Take pasted text without what could drive a terminal."""
        event.text = clean(event.text)


@dataclass(frozen=True, slots=True)
class Choice:
    """Which agents there are to choose from."""

    agents: tuple[str, ...] = ()
    default: str = ""
    missing: tuple[str, ...] = ()
    """Those whose program is not on this machine."""


@dataclass(frozen=True, slots=True)
class Fork:
    """The session that the new one begins from."""

    session: SessionId
    label: Safe
    """Its number and name."""
    agent: str
    takes_conversation: bool
    """An agent of the same name goes on with a copy of the conversation."""

    @classmethod
    def of(cls, session: SessionState) -> Fork:
        """Return the fork of a session."""
        label = Safe(f"{session.number} {clean_line(session.name)}")
        can = "forks" in session.abilities and bool(session.thread)
        return cls(session.id, label, session.agent_name or session.task.agent, can)


def named_agent(text: str) -> tuple[str, str]:
    """Return the agent that a text names (empty: none), and the rest of it."""
    prompt = text.strip()
    found = _AGENT.match(prompt)
    return (found[1], prompt[found.end() :].strip()) if found is not None else ("", prompt)


class DispatchBox(TextBox):
    """Where a task is written; always at hand at the bottom of the fleet. Its border says who will do it."""

    BINDINGS: ClassVar[list[BindingType]] = list(bindings(Context.DISPATCH))
    DEFAULT_CSS = """
    DispatchBox { border-top: solid $faint; border-title-color: $dim; border-title-align: left; }
    DispatchBox:focus { border-top: solid $accent; border-title-color: $accent; }
    DispatchBox.-doubtful, DispatchBox.-doubtful:focus { border-title-color: $failed; }
    """

    def __init__(self, *, placeholder: str = "", id: str | None = None) -> None:  # noqa: A002 - Textual's name for it
        super().__init__(placeholder=placeholder, id=id)
        self._choice = Choice()
        self.fork: Fork | None = None

    def on_mount(self) -> None:
        """Say what it is for."""
        self._entitle()

    def offer(self, choice: Choice) -> None:
        """Let a person choose among these agents."""
        if choice != self._choice:
            self._choice = choice
            self._entitle()

    def begin_fork(self, fork: Fork) -> None:
        """Write a task that begins from a session, for the same agent at first."""
        self.fork = fork
        name, rest = named_agent(self.text)
        if not name and fork.agent != self._choice.default:
            self.text = f"@{fork.agent} {rest}"
        self.move_cursor(self.document.end)
        self._entitle()

    def end_fork(self) -> None:
        """Write an ordinary task again."""
        self.fork = None
        self._entitle()

    def action_send(self) -> None:
        """Hand the text over; it stays until the task is a session."""
        if self.text.strip():
            self.post_message(self.Sent(self, self.text))

    def action_other_agent(self) -> None:
        """Give it to the next agent that is on this machine."""
        name, _ = named_agent(self.text)
        there = [agent for agent in self._choice.agents if agent not in self._choice.missing]
        if not there:
            return
        chosen = name or self._choice.default
        following = there[(there.index(chosen) + 1) % len(there)] if chosen in there else there[0]
        rest = self.text.lstrip()[len(name) + 1 :].lstrip(" ") if name else self.text
        self.text = rest if following == self._choice.default and rest.strip() else f"@{following} {rest}"
        self.move_cursor(self.document.end)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Offer another agent only where there is one."""
        if action == "other_agent":
            return len(self._choice.agents) > 1
        return super().check_action(action, parameters)

    def on_text_area_changed(self) -> None:
        """Say who will do it."""
        self._entitle()

    def _entitle(self) -> None:
        name, _ = named_agent(self.text)
        agent = name or self._choice.default
        words = f"fork of {self.fork.label}" if self.fork is not None else "new task"
        words += f" for {clean_line(agent)}" if agent else ""
        doubt = ""
        if agent and self._choice.agents and agent not in self._choice.agents:
            doubt = f"there is no such agent, there are {', '.join(map(clean_line, self._choice.agents))}"
        elif agent in self._choice.missing:
            doubt = "its program is not on this machine, `cockpit doctor` says how to get it"
        elif self.fork is not None:
            is_same = agent == self.fork.agent and self.fork.takes_conversation
            doubt = "with its work and conversation" if is_same else "with its work, and told what was said"
        self.border_title = Content(f"{words}: {doubt}" if doubt else words)
        self.set_class(bool(doubt) and (agent in self._choice.missing or agent not in self._choice.agents), "-doubtful")
