"""The agent's process and its conversation: started when needed, and again where it ended, never left behind."""

from __future__ import annotations

import asyncio
import contextlib
import importlib
from collections.abc import Callable
from typing import TYPE_CHECKING

from agents.acp.client import Client
from agents.acp.processes import end_all
from agents.acp.profiles import Profile
from agents.acp.settings import AcpSettings
from agents.acp.start import Start, StartError, start_of, why_not_started
from agents.assignment import Assignment
from agents.child import Child
from cockpit.providers.sandbox import Sandbox

if TYPE_CHECKING:
    from agents.acp.conversation import Conversation
    from agents.acp.link import Link

_QUIET_S = 0.2
_REPLAY_LIMIT_S = 10.0
_GRACE_S = 1.0
_WORDS_CHARS = 1_000


class Life:
    """Owns the process of one agent."""

    def __init__(
        self,
        assignment: Assignment,
        settings: AcpSettings,
        profile: Profile,
        client: Client,
        instructions: str,
        opened: Callable[[Conversation, Start], None],
    ) -> None:
        """Nothing is started yet; `opened` is told of each conversation that can be used."""
        self._assignment = assignment
        self._settings = settings
        self._profile = profile
        self._client = client
        self._instructions = instructions
        self._opened = opened
        self._thread = assignment.thread
        self._start: Start | None = None
        self._link: Link | None = None
        self._conversation: Conversation | None = None
        self._lock = asyncio.Lock()

    @property
    def mark(self) -> str:
        """The mark of everything that the present process of the agent starts."""
        return self._start.mark if self._start else ""

    async def conversation(self) -> Conversation:
        """Return the conversation, begun or gone on with where there is none.

        Raises:
            StartError: the agent cannot be started or used; the message is for people.
        """
        async with self._lock:
            if self._conversation is not None and not self._conversation.is_over:
                return self._conversation
            await self._end(0)
            try:
                async with asyncio.timeout(self._settings.start_timeout_s):
                    self._conversation = await self._open()
            except TimeoutError:
                await self._end(0)
                limit = self._settings.start_timeout_s
                raise StartError(f"the agent did not answer within {limit:g} seconds of its start") from None
            except BaseException:
                await self._end(0)
                raise
            return self._conversation

    async def _open(self) -> Conversation:
        try:
            sandbox = await asyncio.to_thread(Sandbox.detect)
            assignment = self._assignment.model_copy(update={"thread": self._thread})
            start = await asyncio.to_thread(start_of, assignment, self._settings, self._profile, sandbox)
            self._start = start
            errors = self._assignment.memory / "agent.err"
            child = await Child.start(start.argv, cwd=self._assignment.workspace, env=start.env, errors=errors)
        except (ValueError, OSError) as error:
            raise StartError(f"the agent cannot be started: {error}") from None
        try:
            # The protocol's library takes most of a second to load, which is as long as the agent takes to start.
            module = await asyncio.to_thread(importlib.import_module, "agents.acp.conversation")
        except BaseException:
            await child.stop(0)
            raise
        return await self._speak(child, start, module.Conversation)

    async def _speak(self, child: Child, start: Start, begin: type[Conversation]) -> Conversation:
        from agents.acp.conversation import Wanted, explained
        from agents.acp.link import Link, RequestError

        client, assignment = self._client, self._assignment
        secret = assignment.mcp.token if assignment.mcp else ""
        self._link = Link(child, client.handle, assignment.memory / "trace.jsonl", client.strange_line, secret)
        wanted = Wanted(
            workspace=assignment.workspace,
            settings=self._settings,
            profile=self._profile,
            mcp=assignment.mcp,
            instructions=self._instructions,
            thread=self._thread,
            fork=assignment.fork,
        )
        conversation = begin(self._link, wanted, client.notice)
        client.is_muted, client.thread = True, ""
        client.is_confined = start.is_confined
        try:
            await conversation.open()
        except RequestError as error:
            raise StartError(f"the agent refuses to begin: {explained(error)}") from None
        except ConnectionError:
            raise StartError(await self._why_ended(child, start)) from None
        if conversation.is_replayed:
            await self._replayed()
        client.is_muted, client.thread = False, conversation.thread
        client.translator.mode_is(conversation.mode)
        self._thread = conversation.thread
        self._opened(conversation, start)
        return conversation

    async def _replayed(self) -> None:
        """Wait until the agent has told the history: some go on with it after they have said that it is done."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_REPLAY_LIMIT_S):
                heard = -1
                while heard != self._client.heard:
                    heard = self._client.heard
                    await asyncio.sleep(_QUIET_S)

    async def _why_ended(self, child: Child, start: Start) -> str:
        status = await child.wait()
        why = await why_not_started(self._profile, start.env)
        last = child.last_words()[-_WORDS_CHARS:]
        parts = [f"the agent ended with status {status} before it could be used", why, last]
        return ": ".join(part for part in parts if part)

    async def why_ended(self) -> str:
        """Return how the agent's process ended, for people."""
        if self._link is None:
            return "the agent has ended"
        status = await self._link.child.stop(0)
        last = self._link.child.last_words()[-_WORDS_CHARS:]
        return f"the agent ended with status {status} in the middle of the turn" + (f": {last}" if last else "")

    async def end(self, *, is_forced: bool = False) -> None:
        """End the process, and everything that it started."""
        async with self._lock:
            await self._end(0 if is_forced else _GRACE_S)

    async def _end(self, grace_s: float) -> None:
        link, self._link = self._link, None
        start, self._start = self._start, None
        self._conversation = None
        try:
            if link is not None:
                await link.close(grace_s)
        finally:
            if start is not None:
                await end_all(start.mark)
