"""The tools, as agents see them: what each is for, when to use it, and what it takes."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Annotated, Any

from mcp.server.mcpserver import Context
from mcp.server.mcpserver import Image as McpImage
from mcp_types import CallToolResult, TextContent
from pydantic import Field

from cockpit.senses.errors import SenseRefused
from cockpit.senses.runtime.gate import SESSION
from cockpit.senses.types import Host, Picture, Words
from cockpit.types import Model, SessionId

HEARTBEAT_S = 20.0
"""How often a client hears that its tool is still at work: some give up on a silent one."""

Said = str | Words | Model | Picture
"""What a tool may return; several at once as a list."""

Tool = Callable[..., Awaitable[Said | list[Said]]]
"""A tool: its name, its doc string and its annotated arguments are what agents get to know of it."""


Names = Annotated[list[str], Field(max_length=50, description="only these checks; empty: all that are due")]
Question = Annotated[
    str, Field(min_length=1, max_length=4000, description="one question, with what it needs to be answered")
]
Options = Annotated[
    list[Annotated[str, Field(max_length=200)]],
    Field(max_length=9, description="suggested answers, if there are few"),
]
Summary = Annotated[
    str,
    Field(min_length=1, max_length=4000, description="what you changed, how you know that it works, what is left open"),
]
Evidence = Annotated[
    list[Annotated[str, Field(max_length=500)]],
    Field(max_length=20, description="paths or short facts that show it: a test, an output"),
]
RuleName = Annotated[str, Field(min_length=1, max_length=100, description="its id, as a finding or the list has it")]
Note = Annotated[str, Field(min_length=1, max_length=1000, description="what you are at, in one line")]


class Tools:
    """The tools, for whichever session asks. Their doc strings are written for agents."""

    def __init__(self, host: Host) -> None:
        """Have `host` do what is asked for."""
        self._host = host

    def all(self) -> list[Tool]:
        """Return them, in the order in which agents see them."""
        return [
            *(self.run_checks, self.ask_human, self.report_done, self.get_task),
            *(self.list_rules, self.explain_rule, self.note),
        ]

    async def run_checks(self, context: Context[Any, Any], names: Names = []) -> Said:  # noqa: B006 - never changed
        """Run the repository's checks on your workspace as it is now.

        You get their findings: file, line, what is wrong, how to fix it. Use it before you say that you are done: the
        same checks judge your change afterwards, and what was checked once is not run again.
        """
        async with _progress(context) as tell:
            return await self._host.run_checks(session_of(context), tuple(names), tell)

    async def ask_human(self, context: Context[Any, Any], question: Question, options: Options = []) -> Said:  # noqa: B006 - never changed
        """Ask the human one question and wait for the answer, which may take long.

        People's attention is scarce: ask only what you cannot find out and must not guess. If the connection drops,
        ask again in the same words.
        """
        async with _heartbeat(context, "waiting for a human"):
            return await self._host.ask_human(session_of(context), question, tuple(options))

    async def report_done(self, context: Context[Any, Any], summary: Summary, evidence: Evidence = []) -> Said:  # noqa: B006 - never changed
        """Say that the task is complete, with evidence, right before you end your turn.

        Only after `run_checks` passed, or with what is left said plainly.
        """
        await self._host.report_done(session_of(context), summary, tuple(evidence))
        return "It is on record. End your turn now; the checks run next, then a human decides."

    async def get_task(self, context: Context[Any, Any]) -> Said:
        """Look up your task, when you are unsure what is wanted.

        It tells what was asked for, what people have said since, the checks that judge it, what is left of the budget,
        and the findings still open.
        """
        return self._host.task_of(session_of(context))

    async def list_rules(self, context: Context[Any, Any]) -> Said:
        """List the rules that every change in this repository must keep. Look before you begin to change files."""
        return await self._host.rules_of(session_of(context))

    async def explain_rule(self, context: Context[Any, Any], rule: RuleName) -> Said:
        """Look up one rule: why it is there, how to keep it, and examples of what is wrong and what is right."""
        return await self._host.rule_of(session_of(context), rule)

    async def note(self, context: Context[Any, Any], text: Note) -> Said:
        """Tell people what you are at, in a few words, when you begin another part of the work.

        It is shown beside your name in the list of all agents; nobody answers.
        """
        self._host.note(session_of(context), text)
        return "shown"


def session_of(context: Context[Any, Any]) -> SessionId:
    """Return whose call it is: what the gate has found out, and nothing that the client says."""
    request = context.request_context.request
    assert request is not None  # there is no call but by HTTP
    return SessionId(request.scope[SESSION])


def result_of(said: Said | list[Said]) -> CallToolResult:
    """Return what a tool said in the protocol's terms."""
    parts = said if isinstance(said, list) else [said]
    is_error = any(isinstance(part, Words) and not part.ok for part in parts)
    return CallToolResult(content=[_content(part) for part in parts], is_error=is_error)


def refusal(refused: SenseRefused) -> CallToolResult:
    """Return a refusal as something that the model reads, and may act on."""
    return CallToolResult(content=[TextContent(type="text", text=str(refused))], is_error=True)


def _content(part: Said) -> Any:
    match part:
        case str():
            return TextContent(type="text", text=part)
        case Words():
            return TextContent(type="text", text=part.text)
        case Picture():
            return McpImage(data=part.data, format=part.format).to_image_content()
        case _:
            return TextContent(type="text", text=part.model_dump_json(indent=1, exclude_defaults=True))


@asynccontextmanager
async def _progress(context: Context[Any, Any]) -> AsyncIterator[Callable[[int, int, str], None]]:
    """Pass on how far a tool is; what is not yet sent when the next news come is superseded."""
    news: list[tuple[int, int, str]] = []
    has_news = asyncio.Event()

    def tell(done: int, total: int, text: str) -> None:
        news[:] = [(done, total, text)]
        has_news.set()

    async def pass_on() -> None:
        while True:
            await has_news.wait()
            has_news.clear()
            done, total, text = news[-1]
            await context.report_progress(done, total, text)

    passing = asyncio.create_task(pass_on(), name="progress of a tool")
    try:
        yield tell
    finally:
        passing.cancel()
        await asyncio.wait({passing})


@asynccontextmanager
async def _heartbeat(context: Context[Any, Any], text: str) -> AsyncIterator[None]:
    async def beat() -> None:
        waited_s = 0.0
        while True:
            await asyncio.sleep(HEARTBEAT_S)
            waited_s += HEARTBEAT_S
            await context.report_progress(waited_s, None, text)

    beating = asyncio.create_task(beat(), name="heartbeat of a tool")
    try:
        yield
    finally:
        beating.cancel()
        await asyncio.wait({beating})
