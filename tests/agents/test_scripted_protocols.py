"""Each protocol of the scripted model over real HTTP: requests like those of real agents, and the answers' shapes."""

from __future__ import annotations

import json
from typing import Any

import aiohttp
import pytest

from agents.scripted import chat, generate, messages, responses
from agents.scripted.conversation import Entry
from agents.scripted.script import parse
from agents.scripted.server import ScriptedModel

SCRIPT = """
rules:
  - name: steered
    when: {task: greet, latest: "in French"}
    steps: [{text: "Bonjour."}]
  - name: greet
    when: {task: "^greet"}
    steps:
      - {text: "I look first.", reasoning: "hm", calls: [{tool: run, arguments: {command: "ls"}}]}
      - {text: "Done."}
"""
BASH = {"name": "Bash", "input_schema": {}}
SHELL = {"functionDeclarations": [{"name": "run_shell_command"}]}
REMINDER = {"type": "text", "text": "<system-reminder>\nAs you answer: greet nobody.\n</system-reminder>"}


async def _post(path: str, body: dict[str, Any]) -> Any:
    """Return the JSON of an answer, or the events of a stream as (event, data)."""
    async with (
        ScriptedModel(parse(SCRIPT)) as model,
        aiohttp.ClientSession() as session,
        session.post(model.origin + path, json=body) as answer,
    ):
        text = await answer.text()
        assert answer.status == 200, text
    if answer.content_type == "application/json":
        return json.loads(text)
    events = [dict(line.split(": ", 1) for line in block.splitlines()) for block in text.split("\n\n") if block]
    return [(event.get("event", ""), json.loads(event["data"])) for event in events]


def _user(*blocks: dict[str, Any]) -> dict[str, Any]:
    return {"role": "user", "content": list(blocks)}


GREET = _user(REMINDER, {"type": "text", "text": "greet me"})
CALLED = {"role": "assistant", "content": [{"type": "tool_use", "id": "t", "name": "Bash", "input": {"command": "ls"}}]}
RETURNED = {"type": "tool_result", "tool_use_id": "t", "content": [{"type": "text", "text": "a.txt"}]}


async def test_messages_are_streamed_in_blocks() -> None:
    body = {"model": "m", "stream": True, "tools": [BASH], "messages": [GREET]}
    events = await _post("/v1/messages?beta=true", body)
    kinds = [event for event, _ in events]
    assert kinds[0] == "message_start" and kinds[-2:] == ["message_delta", "message_stop"]
    assert all(event == data["type"] for event, data in events)
    started = [data["content_block"]["type"] for event, data in events if event == "content_block_start"]
    assert started == ["thinking", "text", "tool_use"]
    deltas = [data["delta"] for event, data in events if event == "content_block_delta"]
    assert "".join(delta.get("text", "") for delta in deltas) == "I look first."
    assert json.loads("".join(delta.get("partial_json", "") for delta in deltas))["command"] == "ls"
    assert events[-2][1]["delta"]["stop_reason"] == "tool_use" and events[-2][1]["usage"]["output_tokens"] > 0


async def test_messages_are_answered_in_one_piece_too() -> None:
    body = {"model": "m", "tools": [BASH], "messages": [GREET, CALLED, _user(RETURNED)]}
    answer = await _post("/v1/messages", body)
    assert answer["content"] == [{"type": "text", "text": "Done."}] and answer["stop_reason"] == "end_turn"
    assert answer["role"] == "assistant" and answer["usage"]["input_tokens"] >= 0


async def test_a_message_in_the_middle_of_a_turn_is_found_in_its_wrapping() -> None:
    relayed = (
        "<system-reminder>\nThe user sent a new message while you were working:\nin French, please\n</system-reminder>"
    )
    for text in ("in French, please", relayed):
        steered = _user(RETURNED, {"type": "text", "text": text}, REMINDER)
        answer = await _post("/v1/messages", {"model": "m", "tools": [BASH], "messages": [GREET, CALLED, steered]})
        assert answer["content"][0]["text"] == "Bonjour."


async def test_claude_looks_whether_anybody_is_there_and_counts() -> None:
    async with ScriptedModel(parse(SCRIPT)) as model, aiohttp.ClientSession() as session:
        async with session.head(model.origin) as answer:
            assert answer.status == 200
        async with session.post(f"{model.origin}/v1/messages/count_tokens", json={"messages": [GREET]}) as answer:
            assert (await answer.json())["input_tokens"] > 10
        async with session.post(f"{model.origin}/v1beta/models/m:countTokens", json={"contents": []}) as answer:
            assert (await answer.json())["totalTokens"] > 0
        async with session.post(f"{model.origin}/v1beta/models/m:embedContent", json={}) as answer:
            assert answer.status == 404


async def test_gemini_gets_chunks_that_end_with_the_calls() -> None:
    contents = [
        {"role": "user", "parts": [{"text": "<session_context>\nYou are here.\n</session_context>"}]},
        {"role": "user", "parts": [{"text": "greet me"}]},
    ]
    body = {"contents": contents, "tools": [SHELL]}
    events = await _post("/v1beta/models/m:streamGenerateContent?alt=sse", body)
    parts = [data["candidates"][0]["content"]["parts"] for _, data in events]
    assert parts[0] == [{"text": "hm", "thought": True}]
    assert "".join(one[0].get("text", "") for one in parts[1:]) == "I look first."
    assert parts[-1][0]["functionCall"]["name"] == "run_shell_command"
    last = events[-1][1]
    assert last["candidates"][0]["finishReason"] == "STOP" and last["usageMetadata"]["totalTokenCount"] > 0
    assert "finishReason" not in events[0][1]["candidates"][0]


async def test_gemini_gets_an_answer_in_one_piece_too() -> None:
    contents = [
        {"role": "user", "parts": [{"text": "greet me"}]},
        {"role": "model", "parts": [{"functionCall": {"name": "run_shell_command", "args": {}}}]},
        {"role": "user", "parts": [{"functionResponse": {"name": "run_shell_command", "response": {"output": "a"}}}]},
    ]
    answer = await _post("/v1beta/models/m:generateContent", {"contents": contents, "tools": [SHELL]})
    assert answer["candidates"][0]["content"] == {"role": "model", "parts": [{"text": "Done."}]}


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/v1/messages", {"messages": [GREET]}),
        ("/v1/chat/completions", {"messages": [{"role": "user", "content": "greet me"}]}),
        ("/v1/chat/completions", {"messages": [{"role": "user", "content": "Generate a title: greet me"}]}),
        ("/v1beta/models/m:generateContent", {"contents": [{"role": "user", "parts": [{"text": "greet me"}]}]}),
    ],
)
async def test_a_title_is_no_step_of_the_script(path: str, body: dict[str, Any]) -> None:
    assert "Scripted work" in json.dumps(await _post(path, {"model": "m", **body}))


SPEAKER = {
    "type": "OBJECT",
    "properties": {"reasoning": {"type": "STRING"}, "next_speaker": {"type": "STRING", "enum": ["model", "user"]}},
}
VERDICT = {
    "$defs": {"risk": {"enum": ["high", "low"]}},
    "type": "object",
    "properties": {"risk": {"$ref": "#/$defs/risk"}, "why": {"anyOf": [{"type": "null"}]}, "of": {"type": ["array"]}},
}


async def test_a_demanded_schema_is_fitted() -> None:
    asked = {"contents": [{"role": "user", "parts": [{"text": "greet me"}]}]}
    asked["generationConfig"] = {"responseSchema": SPEAKER}  # type: ignore[assignment]  # a body of mixed shapes
    said = await _post("/v1beta/models/m:generateContent", asked)
    text = said["candidates"][0]["content"]["parts"][0]["text"]
    assert json.loads(text) == {"reasoning": "Scripted work", "next_speaker": "user"}
    wanted = {"format": {"type": "json_schema", "schema": VERDICT}}
    said = await _post("/v1/responses", {"model": "m", "input": "greet me", "text": wanted})
    assert json.loads(said["output"][0]["content"][0]["text"]) == {"risk": "low", "why": None, "of": []}


async def test_codex_gets_free_text_for_its_patches_and_names_in_their_space() -> None:
    script = """
rules:
  - name: all
    steps:
      - calls: [{tool: write, arguments: {path: a.txt, text: "one\\n"}}, {mcp: run_checks}]
"""
    tools = [
        {"type": "function", "name": "exec_command"},
        {"type": "custom", "name": "apply_patch"},
        {"type": "namespace", "name": "mcp__cockpit", "tools": [{"type": "function", "name": "run_checks"}]},
    ]
    async with ScriptedModel(parse(script)) as model, aiohttp.ClientSession() as session:
        body = {"model": "m", "input": "x", "tools": tools, "stream": True}
        async with session.post(f"{model.url}/responses", json=body) as answer:
            text = await answer.text()
    kinds = [line.removeprefix("event: response.") for line in text.splitlines() if line.startswith("event: ")]
    assert kinds.index("custom_tool_call_input.delta") < kinds.index("custom_tool_call_input.done")
    last = json.loads(text.strip().splitlines()[-1].removeprefix("data: "))
    patch, call = last["response"]["output"]
    assert (patch["type"], patch["name"]) == ("custom_tool_call", "apply_patch") and "+one" in patch["input"]
    assert (call["type"], call["name"], call["namespace"]) == ("function_call", "run_checks", "mcp__cockpit")


async def test_a_command_of_codex_that_takes_long_is_waited_for_without_a_step() -> None:
    tools = [{"type": "function", "name": name} for name in ("exec_command", "write_stdin")]
    called = {"type": "function_call", "call_id": "1", "name": "exec_command", "arguments": "{}"}
    running = {"type": "function_call_output", "call_id": "1", "output": "Process running with session ID 7\nOutput:\n"}
    waited = {"type": "function_call", "call_id": "2", "name": "write_stdin", "arguments": "{}"}
    ended = {"type": "function_call_output", "call_id": "2", "output": "Process exited with code 0"}
    said = [{"role": "user", "content": "greet me"}, called, running]
    answer = await _post("/v1/responses", {"model": "m", "input": said, "tools": tools})
    assert [one["name"] for one in answer["output"]] == ["write_stdin"]
    assert json.loads(answer["output"][0]["arguments"])["session_id"] == 7
    answer = await _post("/v1/responses", {"model": "m", "input": [*said, waited, ended], "tools": tools})
    assert answer["output"][0]["content"][0]["text"] == "Done."


def test_every_protocol_says_the_same_conversation() -> None:
    expected = (Entry("user", "greet me"), Entry("model", '{"command": "ls"}'), Entry("result", "a.txt"))
    of_codex = [
        {
            "role": "user",
            "content": [{"type": "input_text", "text": "<environment_context>\nx\n</environment_context>"}],
        },
        {"role": "developer", "content": [{"type": "input_text", "text": "rules"}]},
        {"role": "user", "content": [{"type": "input_text", "text": "greet me"}]},
        {"type": "custom_tool_call", "call_id": "t", "name": "exec", "input": '{"command": "ls"}'},
        {"type": "custom_tool_call_output", "call_id": "t", "output": [{"type": "input_text", "text": "a.txt"}]},
    ]
    assert responses.read({"input": of_codex}).conversation == expected
    assert messages.read({"messages": [GREET, CALLED, _user(RETURNED)]}).conversation == expected
    of_chat = [
        {"role": "system", "content": "Working directory: /work"},
        {"role": "user", "content": "greet me"},
        {"role": "assistant", "content": '{"command": "ls"}'},
        {"role": "tool", "tool_call_id": "t", "content": "a.txt"},
    ]
    assert chat.read({"messages": of_chat}).conversation == expected
    of_gemini = [
        {"role": "user", "parts": [{"text": "greet me"}]},
        {"role": "model", "parts": [{"text": '{"command": "ls"}'}]},
        {"role": "user", "parts": [{"functionResponse": {"name": "x", "response": {"output": "a.txt"}}}]},
    ]
    assert generate.read({"contents": of_gemini}).conversation == expected
