"""What real agents sent, recorded, and sent again through the translation: the same work must look the same."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from agents.acp.permission import is_ours, request_of
from agents.acp.profiles import profile_of
from agents.acp.shape import mapping
from agents.acp.translation import Translator
from cockpit.sessions.types import (
    AgentEvent,
    AgentMessage,
    AgentNotice,
    FileChanged,
    MessageDelta,
    PlanChanged,
    RequestKind,
    RequestRaised,
    StepStatus,
    ToolEnded,
    ToolOutput,
    ToolStarted,
    UsageReported,
)

TRACES = Path(__file__).parent / "traces"
WORKSPACE = Path("/w")
SHELL = "echo hi && git status --short && git log --oneline | head -3"


@dataclass
class Replay:
    """A recorded conversation, translated."""

    events: list[AgentEvent] = field(default_factory=list)
    asked: list[RequestRaised] = field(default_factory=list)

    def of(self, *kinds: type[Any]) -> list[Any]:
        return [event for event in self.events if isinstance(event, kinds)]


def _replay(name: str) -> Replay:
    profile = profile_of([name])
    translator = Translator(WORKSPACE, titles_are_commands=profile.titles_are_commands)
    replay = Replay()
    for line in (TRACES / f"{profile.name}.jsonl").read_text().splitlines():
        entry = json.loads(line)
        frame, at = entry["frame"], entry["at"]
        params = mapping(frame.get("params"))
        match frame.get("method"):
            case "session/update":
                replay.events += translator.take(params["update"], at)
            case "session/request_permission":
                tool = translator.tool(params["toolCall"], at)
                replay.events += translator.announce(tool)
                if not is_ours(tool):
                    replay.asked.append(request_of("r", params, tool, WORKSPACE, is_confined=True))
            case _:
                replay.events += [*translator.end_turn(at), *translator.result(frame["result"])]
    return replay


@pytest.mark.parametrize("program", ["claude-agent-acp", "codex-acp", "gemini", "opencode"])
def test_the_same_work_looks_the_same(program: str) -> None:
    replay = _replay(program)
    tools = [(one.tool, one.title) for one in replay.of(ToolStarted)]
    assert tools[0] == ("run", SHELL)
    assert tools[1] == ("edit", "new.txt")
    assert tools[2][0] == "cockpit/lookup_rule"
    assert tools[3] == ("run", "touch made.txt && ls") and len(tools) == 4

    ended = replay.of(ToolEnded)
    assert [one.item for one in ended] == [one.item for one in replay.of(ToolStarted)]
    assert [one.ok for one in ended[:3]] == [True, True, True]
    assert "RULE tabs: use spaces" in ended[2].output
    assert [(one.path, one.change) for one in replay.of(FileChanged)] == [("new.txt", "added")]

    messages = [one.text for one in replay.of(AgentMessage)]
    assert messages[0].strip() == "I look." and messages[1] == "shell done" and "edited" in messages
    assert "".join(one.text for one in replay.of(MessageDelta)) == "".join(messages)
    assert not replay.of(AgentNotice), "nothing that they send is strange"
    assert sum(one.output_tokens for one in replay.of(UsageReported)) >= 120


@pytest.mark.parametrize("program", ["claude-agent-acp", "gemini", "opencode"])
def test_the_same_requests_look_the_same(program: str) -> None:
    asked = _replay(program).asked
    commands = [one for one in asked if one.kind is RequestKind.COMMAND]
    assert commands[-1].shell == commands[-1].title == "touch made.txt && ls" and commands[-1].cwd == "/w"
    assert not any(one.escalates for one in asked)
    (edit,) = (one for one in asked if one.kind is RequestKind.EDIT)
    assert edit.paths == ("/w/new.txt",) and edit.title == "change new.txt" and "+hello" in edit.detail
    assert len(asked) == len(commands) + 1, "the cockpit's own tools are not asked for"


def test_what_was_denied_failed() -> None:
    for program in ("claude-agent-acp", "opencode"):
        last = _replay(program).of(ToolEnded)[3]
        assert not last.ok and "refused" in last.output + "refused" * ("rejected" in last.output)


# what the recordings do not hold


def _take(update: dict[str, Any], translator: Translator | None = None, at: float = 0.0) -> list[AgentEvent]:
    return (translator or Translator(WORKSPACE)).take(update, at)


def test_output_comes_in_pieces_or_as_a_whole_and_is_shown_once() -> None:
    translator = Translator(WORKSPACE)

    def update(**more: Any) -> list[AgentEvent]:
        return _take({"sessionUpdate": "tool_call_update", "toolCallId": "a", **more}, translator)

    _take(
        {"sessionUpdate": "tool_call", "toolCallId": "a", "kind": "execute", "rawInput": {"command": "x"}}, translator
    )
    whole = [{"type": "content", "content": {"type": "text", "text": text}} for text in ("one\n", "one\ntwo\n")]
    assert update(content=whole[:1]) == [ToolOutput(item="a", text="one\n")]
    assert update(content=whole[1:]) == [ToolOutput(item="a", text="two\n")]
    assert update(content=whole[1:]) == []
    ended = update(status="completed", rawOutput={"exit_code": 3})
    assert isinstance(ended[-1], ToolEnded) and not ended[-1].ok and ended[-1].exit_code == 3
    assert ended[-1].output == "one\ntwo\n"


def test_a_tool_that_never_ends_is_ended_with_the_turn() -> None:
    translator = Translator(WORKSPACE)
    _take({"sessionUpdate": "tool_call", "toolCallId": "a", "kind": "read", "title": "Read x"}, translator, 1.0)
    (ended,) = translator.end_turn(3.5)
    assert isinstance(ended, ToolEnded) and not ended.ok and ended.duration_s == 2.5
    assert translator.end_turn(4.0) == []


def test_a_plan_and_thoughts() -> None:
    entries = [
        {"content": "look", "status": "completed"},
        {"content": "fix", "status": "in_progress"},
        {"content": "test"},
    ]
    (plan,) = _take({"sessionUpdate": "plan", "entries": entries})
    assert isinstance(plan, PlanChanged)
    assert [step.status for step in plan.steps] == [StepStatus.DONE, StepStatus.RUNNING, StepStatus.PENDING]

    translator = Translator(WORKSPACE)
    _take({"sessionUpdate": "agent_thought_chunk", "content": {"type": "text", "text": "hm"}}, translator)
    events = _take({"sessionUpdate": "agent_message_chunk", "content": {"type": "text", "text": "so"}}, translator)
    assert isinstance(events[0], AgentMessage) and events[0].is_reasoning
    assert translator.end_turn(0)[0] == AgentMessage(item="m2", text="so")
    assert translator.last_message == "so"


def test_costs_are_told_as_what_came_on_top() -> None:
    translator = Translator(WORKSPACE)
    told: list[float | None] = []
    for amount in (0.5, 0.75, 0.25):  # the last one from a process that counts anew
        cost = {"amount": amount, "currency": "USD"}
        assert not _take({"sessionUpdate": "usage_update", "used": 10, "size": 100_000, "cost": cost}, translator)
        (usage,) = translator.result({})
        assert isinstance(usage, UsageReported)
        told.append(usage.cost_usd)
    assert told == [0.5, 0.25, 0.25]


@pytest.mark.parametrize(
    "update",
    [
        {},
        {"sessionUpdate": 5},
        {"sessionUpdate": "tool_call"},
        {"sessionUpdate": "tool_call", "toolCallId": "a", "content": {"x": 1}, "locations": [1], "rawInput": "x"},
        {
            "sessionUpdate": "tool_call_update",
            "toolCallId": "b",
            "status": "completed",
            "content": [{"type": "diff"}, 3],
        },
        {"sessionUpdate": "plan", "entries": [None, {"content": 4}]},
        {"sessionUpdate": "usage_update", "used": "much", "size": None, "cost": {"amount": "x"}},
        {"sessionUpdate": "agent_message_chunk", "content": {"type": "text", "text": None}},
        {"sessionUpdate": "agent_message_chunk", "content": {"type": "hologram"}},
        {"sessionUpdate": "current_mode_update", "currentModeId": None},
    ],
)
def test_nonsense_is_borne(update: dict[str, Any]) -> None:
    translator = Translator(WORKSPACE)
    _take(update, translator)
    translator.end_turn(1.0)


def test_a_message_without_end_is_cut() -> None:
    translator = Translator(WORKSPACE)
    chunk = {"sessionUpdate": "agent_message_chunk", "content": {"type": "text", "text": "x" * 300_000}}
    for _ in range(3):
        _take(chunk, translator)
    notice, message = translator.end_turn(0)
    assert isinstance(notice, AgentNotice) and isinstance(message, AgentMessage) and len(message.text) == 400_000
