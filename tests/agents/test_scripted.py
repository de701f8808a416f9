from __future__ import annotations

import asyncio
import json
import sys
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from agents.scripted import chat, responses
from agents.scripted.conversation import choose
from agents.scripted.script import ScriptError, parse
from agents.scripted.server import ScriptedModel

RULES = """
rules:
  - name: tagged
    when: {tag: fix}
    steps: [{text: "one", calls: [{tool: run}]}, {text: "two"}]
  - name: failing
    when: {task: slug, output: "1 failed"}
    reply: {text: "repair"}
  - name: slug
    when: {task: slug, results: {min: 0, max: 1}}
    steps: [{text: "begin", calls: [{tool: run}, {tool: run}]}, {text: "go on"}]
"""


def _answer(*items: dict[str, Any]) -> str:
    return choose(parse(RULES), responses.read({"input": list(items)}).conversation).step.text


def _user(text: str) -> dict[str, Any]:
    return {"role": "user", "content": text}


CALL = {"type": "function_call", "call_id": "1", "name": "run", "arguments": "{}"}
SAID = {"type": "message", "role": "assistant", "content": "hm"}


def _result(text: str) -> dict[str, Any]:
    return {"type": "function_call_output", "call_id": "1", "output": text}


def test_the_conversation_alone_says_which_step_comes_next() -> None:
    assert _answer(_user("a slug")) == "begin"
    assert _answer(_user("a slug"), SAID, CALL, _result("ok")) == "go on"
    assert _answer(_user("a slug"), SAID, CALL, _result("1 failed")) == "repair"
    assert _answer(_user("x"), SAID, _user("[script:fix] y"), CALL, _result("")) == "two"
    assert "no further step" in _answer(_user("[script:fix]"), CALL, _result(""), SAID, _user("more"))
    assert "no answer to this message: 'else'" in _answer(_user("else"))


def test_both_protocols_say_the_same_conversation() -> None:
    said = chat.read(
        {
            "messages": [
                {"role": "system", "content": "s"},
                _user("a"),
                {"role": "assistant", "content": "hm", "tool_calls": []},
                {"role": "tool", "tool_call_id": "1", "content": "out"},
            ]
        }
    )
    assert said.conversation == responses.read({"input": [_user("a"), SAID, _result("out")]}).conversation


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "s:1: the script is empty"),
        ("rules: [", "s:1:"),
        (
            "rules:\n  - name: a\n    when: {task: '('}\n    reply: {}",
            "s:3: rules.0.when.task: Value error",
        ),
        ("rules:\n  - name: a\n    reply: {}\n    reply: {}", "s:4: 'reply' is given twice"),
        ("rules:\n  - name: a\n    reply: {}\n  - name: b\n    steps: []", "s:4: rules.1: Value error, give either"),
        ("rules:\n  - name: a\n    reply:\n      calls:\n        - {toll: run}", "s:5: rules.0.reply.calls.0"),
        ("rules:\n  - name: a\n    reply: {error: {status: 200}}", "s:3: rules.0.reply.error.status"),
    ],
)
def test_a_wrong_script_is_refused_with_its_line(text: str, message: str) -> None:
    with pytest.raises(ScriptError) as caught:
        parse(text, "s")
    assert str(caught.value).startswith(message)


async def test_answers_without_streaming_too(tmp_path: Path) -> None:
    log = tmp_path / "log"
    async with ScriptedModel(parse(RULES), request_log=log) as model, aiohttp.ClientSession() as session:
        body: dict[str, Any] = {"model": "m", "input": "a slug", "messages": [_user("a slug")]}
        body["tools"] = [{"type": "function", "name": "run", "function": {"name": "run"}}]
        async with session.post(f"{model.url}/responses", json=body) as answer:
            response = await answer.json()
        async with session.post(f"{model.url}/chat/completions", json=body) as answer:
            chat = await answer.json()
        async with session.get(f"{model.url}/models") as answer:
            assert (await answer.json())["data"][0]["id"] == "scripted"
        async with session.post(f"{model.url}/responses", data=b"no json") as answer:
            assert answer.status == 400
    assert [item["type"] for item in response["output"]] == ["message", "function_call", "function_call"]
    assert response["usage"]["total_tokens"] == response["usage"]["input_tokens"] + response["usage"]["output_tokens"]
    assert chat["choices"][0]["finish_reason"] == "tool_calls" and chat["usage"]["prompt_tokens"] > 0
    assert [json.loads(line)["rule"] for line in log.read_text().splitlines()] == ["slug", "slug"]


async def test_serves_from_the_command_line(tmp_path: Path) -> None:
    script = tmp_path / "s.yml"
    script.write_text(RULES)
    command = [sys.executable, "-m", "agents.scripted", "--script", str(script), "--no-responses"]
    process = await asyncio.create_subprocess_exec(*command, stdout=asyncio.subprocess.PIPE)
    assert process.stdout
    url = (await process.stdout.readline()).decode().split()[-1]
    async with aiohttp.ClientSession() as session, session.post(f"{url}/responses", json={}) as answer:
        assert answer.status == 404 and "unknown url" in (await answer.json())["error"]["message"]
    process.terminate()
    assert await process.wait() == 0
