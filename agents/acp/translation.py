"""From what an ACP agent reports to our own events. No input or output: recorded conversations replay through it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from agents.acp.shape import block_text, count, deep, mapping, mappings, number, text
from agents.acp.tools import Tool, relative
from cockpit.sessions.types import (
    AgentEvent,
    AgentMessage,
    AgentNotice,
    FileChanged,
    MessageDelta,
    PlanChanged,
    PlanStep,
    ReasoningDelta,
    StepStatus,
    ToolEnded,
    ToolOutput,
    ToolStarted,
    UsageReported,
)

_IGNORED = frozenset({"user_message_chunk", "available_commands_update", "session_info_update", "config_option_update"})
_STATUS = {"in_progress": StepStatus.RUNNING, "completed": StepStatus.DONE}
_MESSAGE_CHARS = 400_000
"""A longer message is cut: no event may be longer than the supervisor reads."""


class _Message:
    """A message that is being written."""

    def __init__(self, item: str, source: str, *, is_reasoning: bool) -> None:
        self.item = item
        self.source = source
        self.is_reasoning = is_reasoning
        self.pieces: list[str] = []
        self.room = _MESSAGE_CHARS

    def add(self, piece: str) -> str:
        """Return as much of the piece as there was room for."""
        kept = piece[: self.room]
        self.room -= len(kept)
        self.pieces.append(kept)
        return kept


class Translator:
    """Follows one conversation."""

    def __init__(self, workspace: Path, names: str = "", *, titles_are_commands: bool = False) -> None:
        """Paths are shown as seen from `workspace`; `names` makes the names of messages unique."""
        self._workspace = workspace
        self._titles_are_commands = titles_are_commands
        self._names = names
        self._messages = 0
        self._message: _Message | None = None
        self._tools: dict[str, Tool] = {}
        self._unknown: Counter[str] = Counter()
        self._context_used: int | None = None
        self._context_window: int | None = None
        self._told_used: int | None = None
        self._untold_cost: float | None = None
        self._cost: float | None = None
        self._mode = ""
        self.last_message = ""
        """The last whole message of the turn."""

    # --- messages ------------------------------------------------------------------------------------------------

    def take(self, update: Mapping[str, Any], at: float) -> list[AgentEvent]:
        """Return what a `session/update` means, which came at the time `at` (seconds)."""
        kind = text(update.get("sessionUpdate"))
        match kind:
            case "agent_message_chunk" | "agent_thought_chunk":
                return list(self._chunk(update, is_reasoning=kind == "agent_thought_chunk"))
            case "tool_call" | "tool_call_update":
                return list(self._tool(update, at))
            case "plan":
                return [*self._close_message(), PlanChanged(steps=tuple(_steps(update)))]
            case "usage_update":
                return list(self._context(update))
            case "current_mode_update":
                return list(self._mode_changed(text(update.get("currentModeId"))))
            case _ if kind in _IGNORED:
                return []
            case _:
                return list(self._strange(kind))

    def _strange(self, kind: str) -> Iterator[AgentEvent]:
        self._unknown[kind] += 1
        if self._unknown[kind] == 1:
            shown = kind[:60] or "an update without a kind"
            yield AgentNotice(text=f"the agent reports something that is not shown here: {shown}")

    def _chunk(self, update: Mapping[str, Any], *, is_reasoning: bool) -> Iterator[AgentEvent]:
        piece = block_text(mapping(update.get("content")))
        source = text(update.get("messageId"))
        message = self._message
        if message is None or message.is_reasoning is not is_reasoning or message.source != source:
            yield from self._close_message()
            self._messages += 1
            self._message = message = _Message(f"{self._names}m{self._messages}", source, is_reasoning=is_reasoning)
        kept = message.add(piece)
        if kept:
            delta = ReasoningDelta if is_reasoning else MessageDelta
            yield delta(item=message.item, text=kept)

    def _close_message(self) -> Iterator[AgentEvent]:
        message, self._message = self._message, None
        if message is None:
            return
        whole = "".join(message.pieces)
        if not message.room:
            yield AgentNotice(level="warning", text=f"a message was cut after {_MESSAGE_CHARS:,} characters")
        if whole.strip():
            yield AgentMessage(item=message.item, text=whole, is_reasoning=message.is_reasoning)
            if not message.is_reasoning:
                self.last_message = whole

    def _mode_changed(self, mode: str) -> Iterator[AgentEvent]:
        if mode and mode != self._mode:
            is_first, self._mode = not self._mode, mode
            if not is_first:
                yield AgentNotice(text=f"the agent's mode is now {mode!r}")

    def mode_is(self, mode: str) -> None:
        """Note the mode that was set, so that its echo is no news."""
        self._mode = mode

    # --- tools ---------------------------------------------------------------------------------------------------

    def tool(self, update: Mapping[str, Any], at: float) -> Tool:
        """Return what is known of the tool that a request is about, with what that says of it."""
        tool = self._known(text(update.get("toolCallId")) or "unnamed", at)
        tool.take(update, has_output=False)
        return tool

    def _known(self, call: str, at: float) -> Tool:
        tool = self._tools.get(call)
        if tool is None:
            tool = self._tools[call] = Tool(call, at, title_is_command=self._titles_are_commands)
        return tool

    def announce(self, tool: Tool) -> list[AgentEvent]:
        """Return what begins it on the screen, unless it was begun."""
        if tool.is_announced:
            return []
        tool.is_announced = True
        started = ToolStarted(item=tool.call, tool=tool.word, title=tool.heading(self._workspace))
        return [*self._close_message(), started]

    def _tool(self, update: Mapping[str, Any], at: float) -> Iterator[AgentEvent]:
        call = text(update.get("toolCallId"))
        if not call:
            yield from self._strange("a tool without a name")
            return
        tool = self._known(call, at)
        status = update.get("status")
        # What a tool begins with explains it; its output comes later.
        is_later = update.get("sessionUpdate") == "tool_call_update" or status in ("completed", "failed")
        new = tool.take(update, has_output=is_later)
        if tool.is_told or new or status in ("completed", "failed"):
            yield from self.announce(tool)
        if new and status not in ("completed", "failed"):
            yield ToolOutput(item=tool.call, text=new)
        if status in ("completed", "failed"):
            yield from self._end(tool, at, ok=status == "completed")

    def _end(self, tool: Tool, at: float, *, ok: bool) -> Iterator[AgentEvent]:
        del self._tools[tool.call]
        if not tool.is_announced:
            return
        yield ToolEnded(
            item=tool.call,
            ok=ok and not tool.exit_code,
            output=tool.output(),
            exit_code=tool.exit_code,
            duration_s=round(max(0.0, at - tool.started_at), 3),
        )
        if ok:
            for path, change in tool.changes.items():
                yield FileChanged(path=relative(path, self._workspace), change=change)

    def end_turn(self, at: float) -> list[AgentEvent]:
        """Return what closes everything that is open: the last message, and tools that never said their end."""
        ended = [event for tool in list(self._tools.values()) for event in self._end(tool, at, ok=False)]
        return [*self._close_message(), *ended]

    # --- figures -------------------------------------------------------------------------------------------------

    def _context(self, update: Mapping[str, Any]) -> Iterator[AgentEvent]:
        """Take the figures; they are told when they differ enough to be seen, and at the turn's end."""
        used, size = number(update.get("used")), number(update.get("size"))
        self._context_used = int(used) if used is not None else None
        self._context_window = int(size) if size else None
        cost = self._new_cost(update.get("cost"))
        if cost is not None:
            self._untold_cost = (self._untold_cost or 0.0) + cost
        step = (self._context_window or 0) // 100
        if abs((self._context_used or 0) - (self._told_used or 0)) > step:
            yield self._figures()

    def _figures(self, given: int = 0, cached: int = 0, spoken: int = 0) -> UsageReported:
        self._told_used = self._context_used
        cost, self._untold_cost = self._untold_cost, None
        return UsageReported(
            input_tokens=given,
            cached_tokens=cached,
            output_tokens=spoken,
            context_used=self._context_used,
            context_window=self._context_window,
            cost_usd=round(cost, 6) if cost is not None else None,
        )

    def _new_cost(self, cost: object) -> float | None:
        """Return what was spent since the last time: agents tell the sum of the conversation."""
        total = number(deep(cost, "amount"))
        if total is None or deep(cost, "currency") != "USD":
            return None
        before = self._cost if self._cost is not None and self._cost <= total else 0.0
        self._cost = total
        return total - before

    def result(self, response: Mapping[str, Any]) -> list[AgentEvent]:
        """Return what the answer to a prompt says of tokens."""
        usage = mapping(response.get("usage"))
        quota = mapping(deep(response, "_meta", "quota", "token_count"))
        if usage:
            cached = count(usage.get("cachedReadTokens"))
            given = count(usage.get("inputTokens")) + cached + count(usage.get("cachedWriteTokens"))
            spoken = count(usage.get("outputTokens"))
        elif quota:
            cached, given = 0, count(quota.get("input_tokens"))
            spoken = count(quota.get("output_tokens"))
        else:
            cached = given = spoken = 0
        is_news = given or spoken or self._untold_cost is not None or self._context_used != self._told_used
        return [self._figures(given, cached, spoken)] if is_news else []


def _steps(update: Mapping[str, Any]) -> Iterator[PlanStep]:
    for entry in mappings(update.get("entries")):
        yield PlanStep(
            text=text(entry.get("content")), status=_STATUS.get(text(entry.get("status")), StepStatus.PENDING)
        )
