"""Tools that speak with people: plan, ask, done."""

from __future__ import annotations

from pydantic import Field

from agents.native.tools.base import Arguments, Result, Tool
from agents.requests import Requests
from agents.wire import Wire
from cockpit.sessions.types import AnswerDecision, PlanChanged, PlanStep, RequestKind, RequestRaised


class PlanArguments(Arguments):
    """Arguments of plan."""

    steps: tuple[PlanStep, ...] = Field(description="the whole plan, each step pending, running or done")


class Plan(Tool[PlanArguments]):
    """Shows the plan."""

    name = "plan"
    description = "Show people your plan for a task of several steps, and keep it up to date. Always the whole plan."
    arguments = PlanArguments

    def __init__(self, wire: Wire) -> None:
        """Tell of the plan over the wire."""
        self._wire = wire

    def title(self, arguments: PlanArguments) -> str:
        """Count the steps."""
        done = sum(step.status == "done" for step in arguments.steps)
        return f"plan: {done} of {len(arguments.steps)} done"

    async def use(self, arguments: PlanArguments, item: str) -> Result:
        """Show it."""
        self._wire.emit(PlanChanged(steps=arguments.steps))
        return Result("the plan is shown")


class AskArguments(Arguments):
    """Arguments of ask."""

    question: str = Field(min_length=1)
    options: tuple[str, ...] = Field(default=(), description="suggested answers, if there are few")


class Ask(Tool[AskArguments]):
    """Asks the human."""

    name = "ask"
    description = (
        "Ask the human one question and wait. People's attention is scarce: ask only what you cannot find out and "
        "must not guess."
    )
    arguments = AskArguments

    def __init__(self, requests: Requests) -> None:
        """Ask through the open requests."""
        self._requests = requests

    def title(self, arguments: AskArguments) -> str:
        """Return the question."""
        return arguments.question

    async def use(self, arguments: AskArguments, item: str) -> Result:
        """Wait for the answer."""
        answer = await self._requests.ask(
            RequestRaised(
                request=self._requests.new_name(),
                kind=RequestKind.QUESTION,
                title=arguments.question,
                options=arguments.options,
            )
        )
        if answer.decision is AnswerDecision.DENY:
            return Result(f"the human does not answer: {answer.text or 'decide yourself'}", ok=False)
        return Result(f"the human answers: {answer.text}")


class DoneArguments(Arguments):
    """Arguments of done."""

    summary: str = Field(description="what you changed and how you know that it works; what is left open")


class Done(Tool[DoneArguments]):
    """Ends the turn."""

    name = "done"
    description = "Say that the task is complete. Only after the checks passed, or with what is left said plainly."
    arguments = DoneArguments

    def title(self, arguments: DoneArguments) -> str:
        """Return the first line of the summary."""
        return next(iter(arguments.summary.strip().splitlines()), "done")[:200]

    async def use(self, arguments: DoneArguments, item: str) -> Result:
        """End."""
        return Result(arguments.summary, is_done=True)
