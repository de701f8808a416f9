"""Questions that agents ask through the cockpit's own tools: raised as any request is, answered to the waiting call.

The journal holds what is open and what was answered; a call only waits. So a question outlives the connection that it
came by, and this process: who asks again in the same words joins the open question, or gets the answer that came.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Callable
from contextlib import suppress

from cockpit.journal.types import AgentSaid, CommandSent, Envelope, Event, QuestionAnswered
from cockpit.senses.errors import SenseRefused
from cockpit.senses.types import Words
from cockpit.sessions.types import (
    Answer,
    AnswerDecision,
    RequestKind,
    RequestRaised,
    RequestResolved,
    Send,
    SessionStatus,
    Steer,
)
from cockpit.supervisor.record import Record
from cockpit.supervisor.signals import Heard, Signal
from cockpit.types import SessionId

UNHEARD_S = 120.0
"""How long a question stays open for people when no call waits for its answer: an agent that lost its connection may
ask again, and one that gave up will not."""
_PREFIX = "sense-"
_IN_TURN = (SessionStatus.WORKING, SessionStatus.WAITING)
_Key = tuple[SessionId, str]


class Questions:
    """What is asked through the tools, in all sessions."""

    def __init__(
        self, record: Record, post: Callable[[SessionId, Signal], None], ask_minutes: Callable[[], float]
    ) -> None:
        """Tell sessions with `post`; `ask_minutes` is how long a question waits for a person."""
        self._record, self._post, self._ask_minutes = record, post, ask_minutes
        self._calls: dict[_Key, list[asyncio.Future[Words]]] = {}
        self._unheard: dict[_Key, asyncio.TimerHandle] = {}

    def take_up(self) -> None:
        """Expect those to ask again whose calls ended with an earlier supervisor."""
        for session in self._record.state.sessions.values():
            for name in session.requests:
                if name.startswith(_PREFIX):
                    self._expect((session.id, name))

    def close(self) -> None:
        """Forget the calls; what is open stays open."""
        for timer in self._unheard.values():
            timer.cancel()
        self._unheard.clear()

    def is_open(self, session: SessionId, request: str) -> bool:
        """Return whether a request was asked here and waits for its answer."""
        return request.startswith(_PREFIX) and request in self._record.state.sessions[session].requests

    async def ask(self, session: SessionId, question: str, options: tuple[str, ...]) -> Words:
        """Wait for the answer to a question. Raises `SenseRefused` when the agent is not in a turn."""
        state = self._record.state.sessions[session]
        key = session, _name(question, options)
        if (kept := state.answers.get(key[1])) is not None:
            await self._record.add(session, QuestionAnswered(answer=kept))
            return _told(kept)
        if state.status not in _IN_TURN:
            raise SenseRefused(f"Nobody is asked now: your session is {state.status}. End your turn.")
        future: asyncio.Future[Words] = asyncio.get_running_loop().create_future()
        self._calls.setdefault(key, []).append(future)
        self._forget_timer(key)
        try:
            if key[1] not in state.requests:
                kind = RequestKind.QUESTION
                self._hear(session, RequestRaised(request=key[1], kind=kind, title=question, options=options))
            return await self._wait(key, future)
        finally:
            self._leave(key, future)

    async def answer(self, session: SessionId, answer: Answer, *with_it: Event) -> None:
        """Give a person's answer to whoever waits for it, or keep it; on disk before anybody has it."""
        calls = self._calls.pop((session, answer.request), [])
        self._forget_timer((session, answer.request))
        said = RequestResolved(request=answer.request, outcome=str(answer.decision))
        answered = QuestionAnswered(answer=answer, is_taken=bool(calls))
        await self._record.add(session, *with_it, answered, AgentSaid(said=said))
        for call in calls:
            _settle(call, _told(answer))
        self._post(session, Heard([said], self._record.state.sessions[session].run))

    def happened(self, envelope: Envelope, _body: bytes) -> None:
        """Let calls go whose question is gone, or whose human says something else instead (see `Record.listen`)."""
        keys = [key for key in self._calls if key[0] == envelope.session]
        if not keys:
            return
        session = self._record.state.sessions[keys[0][0]]
        event = envelope.event
        is_redirected = isinstance(event, CommandSent) and isinstance(event.command, Steer | Send)
        for key in keys:
            if key[1] not in session.requests or session.status not in _IN_TURN:
                self._let_go(key, "The question was taken back: your turn is over. End it.")
            elif is_redirected:
                asyncio.get_running_loop().call_soon(
                    self._withdraw, key, "The human redirected you instead of answering; their message follows."
                )

    async def _wait(self, key: _Key, future: asyncio.Future[Words]) -> Words:
        minutes = self._ask_minutes()
        try:
            async with asyncio.timeout(minutes * 60):
                return await future
        except TimeoutError:
            told = (
                f"Nobody answered within {minutes:g} minutes. Do what is safe either way; otherwise end your turn and "
                "say in your last message what you need to know."
            )
            self._withdraw(key, told)
            return Words(told, ok=False)

    def _withdraw(self, key: _Key, told: str) -> None:
        """Take a question back, and let the calls go that wait for it."""
        session, name = key
        self._let_go(key, told)
        if self.is_open(session, name):
            self._hear(session, RequestResolved(request=name, outcome="withdrawn"))

    def _let_go(self, key: _Key, told: str) -> None:
        for call in self._calls.pop(key, []):
            _settle(call, Words(told, ok=False))

    def _leave(self, key: _Key, future: asyncio.Future[Words]) -> None:
        """Count a call out; when nobody waits any more for what is still open, somebody is expected to ask again."""
        calls = self._calls.get(key, [])
        with suppress(ValueError):
            calls.remove(future)
        if not calls:
            self._calls.pop(key, None)
            if self.is_open(*key):
                self._expect(key)

    def _expect(self, key: _Key) -> None:
        self._forget_timer(key)
        self._unheard[key] = asyncio.get_running_loop().call_later(UNHEARD_S, self._withdraw, key, "")

    def _forget_timer(self, key: _Key) -> None:
        if timer := self._unheard.pop(key, None):
            timer.cancel()

    def _hear(self, session: SessionId, said: RequestRaised | RequestResolved) -> None:
        """Let it be as if the agent had said it on its own wire."""
        self._record.add(session, AgentSaid(said=said))
        self._post(session, Heard([said], self._record.state.sessions[session].run))


def _name(question: str, options: tuple[str, ...]) -> str:
    """Return the request's name: the same for the same words."""
    digest = hashlib.sha256("\0".join((question, *options)).encode("utf-8", "replace")).hexdigest()
    return f"{_PREFIX}{digest[:16]}"


def _told(answer: Answer) -> Words:
    if answer.decision is AnswerDecision.DENY:
        return Words(f"The human does not answer: {answer.text or 'decide yourself'}", ok=False)
    return Words(f"The human answers: {answer.text or 'yes'}")


def _settle(call: asyncio.Future[Words], words: Words) -> None:
    if not call.done():
        call.set_result(words)
