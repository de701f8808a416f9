"""Hands keys to an App one after the other, each when what the one before it did is done.

Textual hands a key to the widget that has the focus when the key arrives, and looks its binding up when it has bubbled
up, with whatever has the focus by then. Keys that arrive in one piece, as over a slow link, would so go to the wrong
place: of `n` and a text, the text's letters would be taken as commands. People type ahead; here every key finds what
the key before it opened.
"""

from __future__ import annotations

import asyncio
from collections import deque
from typing import Any

from textual import events
from textual.app import App
from textual.dom import DOMNode
from textual.keys import Keys
from textual.message import Message

PATIENCE_S = 0.5
"""A key whose action takes longer no longer holds up those behind it."""
_ROUNDS = 3
"""The key bubbles up and acts; messages that it caused do; a dialog that these opened takes the focus."""


class TypeAhead:
    """The keys on their way to one App."""

    def __init__(self, app: App[Any]) -> None:
        self._app = app
        self._waiting: deque[Message] = deque()
        self._turn = 0
        self._timer: asyncio.TimerHandle | None = None

    def put(self, message: Message) -> None:
        """Post a message from the terminal to the App as soon as the keys before it are done."""
        self._waiting.append(message)
        self._post()

    def close(self) -> None:
        """Forget what waits."""
        self._waiting.clear()
        self._turn += 1
        self._cancel()

    def _post(self) -> None:
        while self._waiting and self._timer is None:
            message = self._waiting.popleft()
            self._app.post_message(message)
            is_key = isinstance(message, events.Key) and message.key != Keys.Ignore
            if is_key or isinstance(message, events.Paste):
                self._turn += 1
                self._timer = asyncio.get_running_loop().call_later(PATIENCE_S, self._done, self._turn)
                self._app.call_later(self._follow, self._turn, _ROUNDS)

    def _follow(self, turn: int, rounds: int) -> None:
        """Go the way of the key: from the focus upwards, in every queue behind it."""
        if turn != self._turn:
            return
        if not rounds or not self._app.is_running or not self._app.screen_stack:
            self._done(turn)
            return
        self._step(turn, rounds - 1, deque((self._app.focused or self._app.screen).ancestors_with_self))

    def _step(self, turn: int, rounds: int, way: deque[DOMNode]) -> None:
        while way:
            node = way.popleft()
            if node.call_later(self._step, turn, rounds, way):
                return
        self._follow(turn, rounds)

    def _done(self, turn: int) -> None:
        if turn != self._turn:
            return
        self._cancel()
        with self._app._context():
            self._post()

    def _cancel(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
