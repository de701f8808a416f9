"""What codex tells, in the words of our events. Without input or output, so that a recorded conversation replays.

What codex leaves open it closes: a message that a redirect cut off, a command that an interrupt left behind.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from agents.codex import items
from agents.codex.bounds import message, one_line
from agents.codex.items import Item
from agents.codex.usage import Allowances, TokenCount
from cockpit.sessions.types import (
    AgentEvent,
    AgentMessage,
    AgentNotice,
    MessageDelta,
    PlanChanged,
    PlanStep,
    ReasoningDelta,
    Retrying,
    StepStatus,
    ToolEnded,
    ToolOutput,
)

Params = dict[str, Any]
_STATUSES = {"inProgress": StepStatus.RUNNING, "completed": StepStatus.DONE}
_UNFINISHED = "ended without a result"


class Translation:
    """One conversation."""

    def __init__(self, workspace: Path) -> None:
        """Begin; which conversation it is, `thread` says once it is known."""
        self.thread = ""
        self.workspace = workspace
        self.last_message = ""
        """The last whole message of the agent: what a turn ends with."""
        self.last_error = ""
        self._open_tools: dict[str, Item] = {}
        self._open_messages: dict[str, list[str]] = {}
        self._changes: dict[str, Item] = {}
        self._usage: dict[str, TokenCount] = {}
        self._allowances = Allowances()
        self._attempts = 0
        self._reviewed = ""
        self._is_working = False
        self._takers: dict[str, Callable[[Params], list[AgentEvent]]] = {
            "item/started": self._started,
            "item/completed": self._completed,
            "item/agentMessage/delta": self._message_delta,
            "item/plan/delta": self._message_delta,
            "item/reasoning/summaryTextDelta": self._reasoning_delta,
            "item/reasoning/textDelta": self._reasoning_delta,
            "item/reasoning/summaryPartAdded": self._reasoning_part,
            "item/commandExecution/outputDelta": self._output_delta,
            "item/mcpToolCall/progress": self._mcp_progress,
            "item/fileChange/patchUpdated": self._patch_updated,
            "turn/started": self._turn_started,
            "turn/plan/updated": self._plan,
            "thread/tokenUsage/updated": self._tokens,
            "account/rateLimits/updated": self._limits,
            "error": self._error,
            "warning": self._warning,
            "guardianWarning": self._warning,
            "configWarning": self._config_warning,
            "deprecationNotice": self._config_warning,
            "model/rerouted": self._rerouted,
        }

    def begin(self, thread: str, *, is_new: bool) -> None:
        """Say which conversation this is. A new one has used no tokens yet."""
        self.thread = thread
        self._is_working = False
        count = self._usage.setdefault(thread, TokenCount())
        if is_new:
            count.begin()

    def take(self, method: str, params: Params) -> list[AgentEvent]:
        """Return the events of one notification."""
        taker = self._takers.get(method)
        return taker(params) if taker else []

    def close(self) -> list[AgentEvent]:
        """End what is still open: the turn is over, or codex is gone."""
        events: list[AgentEvent] = self._close_messages()
        events += [ToolEnded(item=name, ok=False, output=_UNFINISHED) for name in self._open_tools]
        self._open_tools.clear()
        self._changes.clear()
        self._attempts = 0
        return events

    def change(self, item: str) -> Item:
        """Return the file change of that name, so that a person who is asked about it sees the diff."""
        return self._changes.get(item, {})

    @property
    def has_open_tools(self) -> bool:
        """Whether a tool is at work, which a redirect alone would not cut."""
        return bool(self._open_tools)

    # items

    def _is_own(self, params: Params) -> bool:
        return bool(params.get("threadId", self.thread) == self.thread)

    def _started(self, params: Params) -> list[AgentEvent]:
        item = params["item"]
        if not self._is_own(params):
            return []
        # Whatever comes next, a message that is still open will never be completed.
        events = self._close_messages()
        self._attempts = 0
        if item["type"] == "fileChange":
            self._changes[str(item["id"])] = item
        if item["type"] == "agentMessage":
            self._open_messages[str(item["id"])] = []
        tool = items.tool_of(item, self.workspace)
        if tool is not None:
            self._open_tools[str(item["id"])] = item
            events.append(items.started(item, tool))
        return events

    def _completed(self, params: Params) -> list[AgentEvent]:
        item = params["item"]
        if not self._is_own(params):
            return []
        name = str(item["id"])
        tool = items.tool_of(item, self.workspace)
        if tool is None:
            self._open_messages.pop(name, None)
            return self._message_completed(item)
        events: list[AgentEvent] = []
        if self._open_tools.pop(name, None) is None:
            events.append(items.started(item, tool))
        return events + items.ended(item, self.workspace)

    def _message_completed(self, item: Item) -> list[AgentEvent]:
        said, reviewed = str(item.get("text") or ""), str(item.get("review") or "")
        match item["type"]:
            case "exitedReviewMode":
                self.last_message = self._reviewed = message(reviewed)
            case "agentMessage" if not said:
                return []
            case "agentMessage" if message(said) == self._reviewed:
                self._reviewed = ""  # a review is told twice
                return []
            case "agentMessage":
                self.last_message = message(said)
        return items.said(item)

    def _close_messages(self) -> list[AgentEvent]:
        cut, self._open_messages = self._open_messages, {}
        return [AgentMessage(item=name, text=message("".join(said))) for name, said in cut.items() if said]

    def _message_delta(self, params: Params) -> list[AgentEvent]:
        if not self._is_own(params):
            return []
        name, text = str(params["itemId"]), str(params["delta"])
        self._open_messages.setdefault(name, []).append(text)
        return [MessageDelta(item=name, text=text)]

    def _reasoning_delta(self, params: Params) -> list[AgentEvent]:
        return [ReasoningDelta(item=str(params["itemId"]), text=str(params["delta"]))] if self._is_own(params) else []

    def _reasoning_part(self, params: Params) -> list[AgentEvent]:
        is_further = self._is_own(params) and params.get("summaryIndex", 0) > 0
        return [ReasoningDelta(item=str(params["itemId"]), text="\n\n")] if is_further else []

    def _output_delta(self, params: Params) -> list[AgentEvent]:
        return [ToolOutput(item=str(params["itemId"]), text=str(params["delta"]))] if self._is_own(params) else []

    def _mcp_progress(self, params: Params) -> list[AgentEvent]:
        text = one_line(str(params.get("message", "")))
        return [ToolOutput(item=str(params["itemId"]), text=f"{text}\n")] if self._is_own(params) else []

    def _patch_updated(self, params: Params) -> list[AgentEvent]:
        name = str(params["itemId"])
        self._changes[name] = {**self._changes.get(name, {"id": name}), "changes": params.get("changes") or []}
        return []

    # the turn and the account

    def _turn_started(self, params: Params) -> list[AgentEvent]:
        self._is_working = True
        return []

    def _plan(self, params: Params) -> list[AgentEvent]:
        if not self._is_own(params):
            return []
        steps = tuple(
            PlanStep(
                text=one_line(str(step.get("step", ""))), status=_STATUSES.get(step.get("status"), StepStatus.PENDING)
            )
            for step in params.get("plan") or []
        )
        return [PlanChanged(steps=steps)]

    def _tokens(self, params: Params) -> list[AgentEvent]:
        thread = str(params.get("threadId", ""))
        count = self._usage.get(thread)
        if count is None:
            count = self._usage[thread] = TokenCount()
            if self._is_working:
                count.begin()  # an agent that this one called in
        reported = count.take(params.get("tokenUsage") or {}, is_own=thread == self.thread, is_working=self._is_working)
        return [reported] if reported else []

    def _limits(self, params: Params) -> list[AgentEvent]:
        reported = self._allowances.take(params.get("rateLimits") or {})
        return [reported] if reported else []

    def _error(self, params: Params) -> list[AgentEvent]:
        text = error_text(params.get("error") or {})
        if params.get("willRetry"):
            self._attempts += 1
            return [Retrying(message=text, attempt=self._attempts, wait_s=0)]
        self.last_error = text
        return []

    def _warning(self, params: Params) -> list[AgentEvent]:
        return [AgentNotice(level="warning", text=f"codex: {one_line(str(params.get('message', '')))}")]

    def _config_warning(self, params: Params) -> list[AgentEvent]:
        text = " ".join(str(params[key]) for key in ("summary", "details") if params.get(key))
        return [AgentNotice(level="warning", text=f"codex: {one_line(text)}")]

    def _rerouted(self, params: Params) -> list[AgentEvent]:
        text = f"codex now uses the model {params.get('toModel')} instead of {params.get('fromModel')}"
        return [AgentNotice(level="warning", text=text)]


def error_text(error: Params) -> str:
    """Return what an error of codex says, with its details."""
    said = [str(error[key]) for key in ("message", "additionalDetails") if error.get(key)]
    return one_line(": ".join(dict.fromkeys(said)), 2000) or "codex gave no reason"
