"""Who sits at the demo when nobody does: answers a question, redirects one agent, approves what is clean."""

from __future__ import annotations

import asyncio

from cockpit.cli.follow import Follower
from cockpit.journal.types import AgentSaid, Envelope, FindingsSent, QueueLeft
from cockpit.protocol.client import Client
from cockpit.protocol.types import AnswerRequest, Redirect
from cockpit.sessions.types import AnswerDecision, AttentionKind, RequestKind, RequestRaised, Steered, ToolStarted
from cockpit.types import SessionId

REDIRECT = "Use a semicolon as the delimiter: our spreadsheet people need it."
ANSWER = "every year"


class Story(Follower):
    """Follows the demo's sessions like any run, and plays the person."""

    def __init__(self, client: Client, sessions: list[SessionId]) -> None:
        """Play the person for these sessions."""
        super().__init__(client, sessions, approve="clean", as_json=False)
        self._client = client
        self._is_redirected = False
        self._acts: set[asyncio.Task[object]] = set()
        self.seen: set[str] = set()

    def happened(self, envelope: Envelope) -> None:
        """Show an event, and do what a person would."""
        super().happened(envelope)
        session = envelope.session
        if session is None or not isinstance(envelope.event, AgentSaid | FindingsSent | QueueLeft):
            return
        match envelope.event:
            case FindingsSent():
                self.seen.add("a failed check went back to its agent")
                if any(item.kind is AttentionKind.MISTAKE for item in self._state.attention.values()):
                    self.seen.add("a mistake was made again")
            case QueueLeft(findings=findings) if findings:
                self.seen.add("a conflict went back to its agent")
            case AgentSaid(said=RequestRaised(kind=RequestKind.QUESTION) as asked):
                self._act(
                    AnswerRequest(session=session, request=asked.request, decision=AnswerDecision.ONCE, text=ANSWER)
                )
                self.seen.add("a question was answered")
            case AgentSaid(said=Steered()):
                self.seen.add("a running agent was redirected")
            case AgentSaid(said=ToolStarted(tool="run") as tool) if "in the export" in tool.title:
                if not self._is_redirected:
                    self._is_redirected = True
                    self._act(Redirect(session=session, text=REDIRECT))
            case _:
                pass

    def _act(self, command: AnswerRequest | Redirect) -> None:
        act: asyncio.Task[object] = asyncio.create_task(self._client.call(command))
        self._acts.add(act)
        act.add_done_callback(self._acts.discard)


EXPECTED = frozenset(
    {
        "a failed check went back to its agent",
        "a mistake was made again",
        "a conflict went back to its agent",
        "a question was answered",
        "a running agent was redirected",
    }
)
"""What the demo has to have shown."""
