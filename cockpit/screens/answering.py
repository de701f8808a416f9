"""Answers to what agents ask: once, for the session, always, or no with a reason; one for all who ask the same."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from cockpit.approvals.types import PolicyPlace
from cockpit.protocol.types import AnswerRequest, AnswerRequests, Command, OpenRequest
from cockpit.providers.text import Safe
from cockpit.screens.always import AlwaysSheet, Chosen
from cockpit.screens.dialogs import Asked, Question
from cockpit.sessions.types import AnswerDecision, RequestKind
from widgets.attention import AttentionRow
from widgets.pane import Trouble

if TYPE_CHECKING:
    from cockpit.screens.deciding import DecidingScreen


class Answering:
    """Answers requests for a screen."""

    def __init__(self, screen: DecidingScreen) -> None:
        self._screen = screen

    def once(self, row: AttentionRow) -> None:
        """Allow what is asked this once; a question asks for its answer."""
        request = row.askers[0].request
        if request is not None and request.kind is RequestKind.QUESTION:
            self._ask(row, request.options)
        else:
            self.answer(row, AnswerDecision.ONCE)

    def answer(self, row: AttentionRow, decision: AnswerDecision) -> None:
        """Answer at once."""
        self._screen.later(self._send(row, self._command(row, decision)))

    def always(self, row: AttentionRow) -> None:
        """Show what an "always" would write, and ask which of it."""

        async def answer(chosen: Chosen) -> bool:
            command = self._command(row, chosen.decision, line=chosen.line, where=chosen.where)
            return await self._send(row, command)

        sheet = AlwaysSheet(row, answer, self._screen.send, self._screen.keyboard)
        self._screen.app.push_screen(sheet)

    def deny(self, row: AttentionRow) -> None:
        """Say no; the reason reaches the agent."""
        who = f"{len(row.askers)} sessions ask" if row.is_folded else f"session {row.session.number} asks"
        hint = Safe("the reason; may stay empty")
        question = Question(f"deny:{row.item.id}", Safe(f"Deny what {who}"), row.item.title, hint=hint)

        async def deny(asked: Asked) -> bool:
            return await self._send(row, self._command(row, AnswerDecision.DENY, text=asked.text))

        self._screen.ask(question, deny)

    def _ask(self, row: AttentionRow, options: Sequence[str]) -> None:
        who = f"{len(row.askers)} sessions at once" if row.is_folded else f"session {row.session.number}"
        question = Question(
            f"answer:{row.item.id}",
            Safe(f"Answer {who}"),
            row.item.title,
            options=tuple(options),
            needs_text=True,
        )

        async def answer(asked: Asked) -> bool:
            return await self._send(row, self._command(row, AnswerDecision.ONCE, text=asked.text))

        self._screen.ask(question, answer)

    def _command(
        self,
        row: AttentionRow,
        decision: AnswerDecision,
        *,
        text: str = "",
        line: str = "",
        where: PolicyPlace = "repository",
    ) -> Command:
        cost = self._screen.cost_of_item(row.item)
        if not row.is_folded:
            return AnswerRequest(
                session=row.session.id,
                request=row.item.request,
                decision=decision,
                text=text,
                line=line,
                where=where,
                attention=cost,
            )
        requests = tuple(OpenRequest(session=a.session.id, request=a.item.request) for a in row.askers)
        return AnswerRequests(requests=requests, decision=decision, text=text, line=line, where=where, attention=cost)

    async def _send(self, row: AttentionRow, command: Command) -> bool:
        result = await self._screen.send(command)
        if result is None:
            return False
        if problem := result.get("problem"):
            self._screen.tell(Trouble("It was allowed this once, but no line was written.", str(problem)))
        elif row.is_folded:
            gone = len(result.get("gone") or ())
            late = f"; {gone} no longer asked" if gone else ""
            self._screen.say(Safe(f"Answered {int(result.get('answered') or 0)} sessions{late}"))
        return True
