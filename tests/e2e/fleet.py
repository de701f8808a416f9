"""What a person sees and does on the fleet screen."""

from __future__ import annotations

import re

from tests.e2e.terminal import Terminal

_SIGNS = {
    "queued": "◌",
    "preparing": "◔",
    "working": "●",
    "checking": "◐",
    "asking": "?",
    "paused": "‖",
    "interrupted": "◇",
    "ready": "◆",
    "landing": "▲",
    "landed": "✓",
    "rejected": "✕",
    "failed": "!",
    "conflict": "⇄",
    "blocked": "⊘",
}
"""The sign that the list shows for a state."""


DETACHED = r"Detached\.[^\n]*\n(?:.*\n)*?shell>\s*$"
"""What the terminal shows once its shell has it back."""


class Fleet:
    """The fleet screen in a terminal."""

    def __init__(self, terminal: Terminal) -> None:
        self.terminal = terminal

    @classmethod
    def attach(cls, terminal: Terminal, command: str = "cockpit") -> Fleet:
        """Open the cockpit in a terminal and wait until it shows the supervisor's state."""
        terminal.enter(command)
        terminal.expect_match(r" → \w+ +\d+ waiting")
        return cls(terminal)

    def dispatch(self, task: str) -> Fleet:
        """Write a task into the box and send it."""
        self.terminal.press("n").expect("enter dispatch")
        self.terminal.type(task).expect(task[-20:])
        self.terminal.press("enter").expect("what should be done?")
        self.terminal.press("escape").expect("next waiting")
        return self

    def session(self, title: str) -> Row:
        """Return the row of the session whose title begins so."""
        return Row(self, title)

    def ask(self, key: str, title: str, words: str) -> Fleet:
        """Press a key that opens a dialog, type into it and send it.

        What has just begun to ask is shown before it can be decided: the first press may only say so.
        """
        self.terminal.press(key).expect_match(f"{re.escape(title)}|press again")
        if title not in self.terminal.screen():
            self.terminal.press(key)
        self.terminal.expect(title)
        self.terminal.type(words).expect(words[-20:])
        self.terminal.press("enter").expect_gone("esc close")
        return self

    def detach(self) -> Terminal:
        """Leave with `q`."""
        self.terminal.press("q").expect_match(DETACHED)
        return self.terminal


class Row:
    """One session in the list."""

    def __init__(self, fleet: Fleet, title: str) -> None:
        self._terminal, self._title = fleet.terminal, title

    def expect(self, *states: str, within_s: float = 20.0) -> Row:
        """Wait until the list shows the session in one of the states."""
        signs = "".join(_SIGNS[state] for state in states)
        self._terminal.expect_match(self._pattern(signs=f"[{re.escape(signs)}]"), within_s)
        return self

    def open(self) -> Row:
        """Put the cursor on it by its number, and wait for its card where it needs a decision."""
        number = self._terminal.expect_match(self._pattern())[1]
        if not re.search(self._pattern(cursor="▌"), self._terminal.screen()):
            self._terminal.type(number)
        self._terminal.until(lambda screen: self._is_in_front(screen, number), f"session {number} in front")
        return self

    def _is_in_front(self, screen: str, number: str) -> bool:
        row = re.search(self._pattern(cursor="▌") + r".*\n(▌?)", screen)
        has_card = re.search(rf"▌ \S [a-z]+ {number} \S", screen)
        return row is not None and (bool(has_card) or not row[2])

    def decide(self, key: str) -> Row:
        """Put the cursor on it and press a key of its card."""
        self.open()
        self._terminal.press(key)
        return self

    @property
    def number(self) -> str:
        """Its number, as people say it."""
        return self._terminal.expect_match(self._pattern())[1]

    def _pattern(self, *, cursor: str = "[▌ ]", signs: str = r"\S") -> str:
        return rf"(?m)^{cursor} *(\d+) {signs} {re.escape(self._title)}"
