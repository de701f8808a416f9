"""One turn: model call, tools, model call, until the model stops; redirects enter where they can be heard."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from agents.native.caller import ModelCaller
from agents.native.compaction import compact, needs_room
from agents.native.conversation import Called, Conversation, Human, Returned, Said, estimate_tokens
from agents.native.reply import ModelError, Reply, Request, TooLong
from agents.native.settings import NativeSettings
from agents.native.tools.base import Result, Tool, ToolFailure
from agents.turns import Ending
from agents.wire import Wire
from cockpit.sessions.types import (
    AgentNotice,
    Steer,
    Steered,
    SteerOutcome,
    ToolEnded,
    ToolStarted,
    TurnReason,
)

_TITLE_CHARS = 400
_SKIPPED = "not carried out: the human redirected you before it began"


class Turn:
    """The work between a message and the agent's stop."""

    def __init__(
        self,
        conversation: Conversation,
        caller: ModelCaller,
        tools: Mapping[str, Tool[Any]],
        wire: Wire,
        settings: NativeSettings,
        instructions: str,
        joined: Callable[[], Awaitable[None]],
    ) -> None:
        """Go on with a conversation whose last item is what the human said; `joined` returns when `tools` is whole."""
        self._joined = joined
        self._conversation = conversation
        self._caller = caller
        self._tools = tools
        self._wire = wire
        self._settings = settings
        self._instructions = instructions
        self._schemas: list[dict[str, Any]] = []
        self._redirects: list[Steer] = []
        self._cut: set[str] = set()
        self._known_tokens: int | None = None
        self._known_items = 0

    def steer(self, command: Steer) -> None:
        """Take a redirect: the model hears it before its next call, which comes at once where no tool is pending."""
        self._redirects.append(command)
        if self._caller.cut(even_tool_calls=command.now):
            self._cut.add(command.id)

    async def run(self) -> Ending:
        """Work until the model stops. When cancelled, redirects that came are kept in the conversation."""
        try:
            return await self._steps()
        except ModelError as error:
            return Ending(TurnReason.FAILED, error=str(error))
        finally:
            self._conversation.mend()
            self._enter_redirects()

    async def _steps(self) -> Ending:
        await self._joined()
        self._schemas = [tool.schema() for tool in self._tools.values()]
        for _ in range(self._settings.max_steps):
            if needs_room(self._used_tokens(), self._settings.context_window):
                await self._make_room(self._settings.context_window)
            self._enter_redirects()
            reply = await self._ask()
            if isinstance(reply, str):
                if reply:
                    self._conversation.add(Said(text=reply))
                continue
            ending = await self._act_on(reply)
            if ending is not None and not self._redirects:
                return ending
        return Ending(
            TurnReason.FAILED,
            error=f"the turn took {self._settings.max_steps} model calls without an end; send a message to go on",
        )

    async def _act_on(self, reply: Reply) -> Ending | None:
        self._conversation.add(*reply.items)
        if reply.tokens is not None:
            self._known_tokens = reply.tokens.given + reply.tokens.spoken
            self._known_items = len(self._conversation.items)
        if reply.calls:
            return await self._use_tools(reply.calls)
        if reply.is_cut_off:
            self._wire.emit(AgentNotice(level="warning", text="the model reached its limit of output for one reply"))
        return Ending(TurnReason.COMPLETED, summary=reply.message)

    async def _ask(self) -> Reply | str:
        try:
            return await self._caller.call(self._request())
        except TooLong:
            # The window is smaller than the settings say; how small, only the next attempt can tell.
            await self._make_room(self._used_tokens() * 2 // 3)
            self._enter_redirects()
        try:
            return await self._caller.call(self._request())
        except TooLong as error:
            raise ModelError(
                f"the conversation does not fit into the model's window even when shortened ({error}); "
                "set `context_window` in cockpit.toml to what the model really has"
            ) from error

    def _request(self) -> Request:
        return Request(self._instructions, self._conversation.items, self._schemas)

    def _used_tokens(self) -> int:
        items = self._conversation.items
        if self._known_tokens is not None:
            return self._known_tokens + estimate_tokens(items[self._known_items :])
        return estimate_tokens(items) + (len(self._instructions) + len(str(self._schemas))) // 4

    async def _make_room(self, window: int) -> None:
        self._known_tokens = None
        how = await compact(self._conversation, window, self._caller.ask_aside)
        self._wire.emit(AgentNotice(text=how))

    def _enter_redirects(self) -> None:
        redirects, self._redirects = self._redirects, []
        for command in redirects:
            self._conversation.add(Human(text=command.text, command=command.id))
            was_cut = command.id in self._cut
            outcome = SteerOutcome.RESTARTED if was_cut else SteerOutcome.INJECTED
            self._wire.emit(Steered(command=command.id, outcome=outcome))

    async def _use_tools(self, calls: list[Called]) -> Ending | None:
        ending = None
        for call in calls:
            if self._redirects:
                self._conversation.add(Returned(call=call.call, output=_SKIPPED))
                continue
            result = await self._use(call)
            self._conversation.add(Returned(call=call.call, output=result.output, pictures=result.pictures))
            if result.is_done:
                ending = Ending(TurnReason.DONE, summary=result.output)
        return ending

    async def _use(self, call: Called) -> Result:
        started = time.monotonic()
        result = Result("interrupted", ok=False)
        is_announced = False
        try:
            tool = self._tools.get(call.tool)
            if tool is None:
                raise ToolFailure(f"there is no tool {call.tool!r}; there are: {', '.join(self._tools)}")
            arguments = tool.parse(call.arguments)
            title = " ".join(tool.title(arguments).split())[:_TITLE_CHARS]
            self._wire.emit(ToolStarted(item=call.call, tool=call.tool, title=title))
            is_announced = True
            result = await tool.use(arguments, call.call)
        except ToolFailure as failure:
            if not is_announced:
                self._wire.emit(ToolStarted(item=call.call, tool=call.tool, title="(unusable arguments)"))
            result = Result(str(failure), ok=False)
        finally:
            self._wire.emit(
                ToolEnded(
                    item=call.call,
                    ok=result.ok,
                    output=result.output,
                    exit_code=result.exit_code,
                    duration_s=round(time.monotonic() - started, 3),
                )
            )
        return result
