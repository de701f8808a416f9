"""Endpoints that fail, models that talk nonsense, conversations that grow."""

from __future__ import annotations

import json
import socket

import pytest

from cockpit.sessions.types import AgentMessage, AgentNotice, Retrying, ToolEnded, ToolOutput, TurnReason
from tests.agents.bench import Bench


async def test_waits_as_long_as_the_endpoint_asks_and_tries_again(bench: Bench) -> None:
    script = """
rules:
  - name: a
    reply:
      text: fine
      error: {status: 429, message: slow down, retry_after_s: 0.03, times: 2}
"""
    async with bench.model(script) as model:
        bench.use(model)
        await bench.start()
        assert (await bench.turn("hi")).summary == "fine"
    assert [(e.attempt, e.wait_s) for e in bench.seen(Retrying)] == [(1, 0.03), (2, 0.03)]
    assert "429: slow down" in bench.seen(Retrying)[0].message


async def test_a_stream_that_breaks_is_begun_again(bench: Bench) -> None:
    script = """
rules:
  - name: a
    reply: {text: "one two three four", chunk_ms: 1, disconnect_after: 2, disconnect_times: 1}
"""
    async with bench.model(script) as model:
        bench.use(model)
        await bench.start()
        assert (await bench.turn("hi")).summary == "one two three four"
    assert len(bench.seen(Retrying)) == 1
    assert [item["role"] for item in bench.requests()[1]["input"]] == ["user"], "nothing of the broken reply is kept"
    assert bench.seen(AgentMessage)[-1].text == "one two three four"


@pytest.mark.parametrize(
    ("error", "words"),
    [
        ("{status: 500, message: broken}", ["500: broken", "gave up after 3 attempts", "Nothing is lost"]),
        ("{status: 401, message: bad key}", ["refused the key in $OPENAI_API_KEY", "bad key"]),
        ("{status: 404, message: model m not found, code: model_not_found}", ["does not know the model 'm'"]),
        ("{status: 400, message: no such thing}", ["refused the request (400: no such thing)"]),
        ("{status: 429, message: pay, code: insufficient_quota}", ["quota is used up"]),
    ],
)
async def test_what_cannot_be_helped_is_explained(bench: Bench, error: str, words: list[str]) -> None:
    async with bench.model(f"rules: [{{name: a, reply: {{error: {error}}}}}]") as model:
        bench.use(model, retries=2)
        await bench.start()
        ended = await bench.turn("hi")
    assert ended.reason is TurnReason.FAILED
    assert all(word in ended.error for word in words), ended.error


async def test_a_dead_endpoint_is_named(bench: Bench) -> None:
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))  # bound and not listening: refuses, and nobody else gets the port
        url = f"http://127.0.0.1:{held.getsockname()[1]}/v1"
        bench.settings = {"model": "m", "base_url": url, "retries": 1, "retry_wait_s": 0.01}
        await bench.start()
        ended = await bench.turn("hi")
    assert ended.reason is TurnReason.FAILED and f"no answer from {url}" in ended.error


async def test_a_failed_turn_can_be_gone_on_with(bench: Bench) -> None:
    script = """
rules:
  - {name: later, when: {latest: go on}, reply: {text: fine}}
  - {name: broken, reply: {error: {status: 500}}}
"""
    async with bench.model(script) as model:
        bench.use(model, retries=0)
        await bench.start()
        assert (await bench.turn("hi")).reason is TurnReason.FAILED
        ended = await bench.turn("go on")
    assert ended.summary == "fine"


async def test_unusable_tool_calls_are_told_to_the_model(bench: Bench) -> None:
    script = r"""
rules:
  - name: a
    steps:
      - calls:
          - {tool: run, raw: '{"command": '}
          - {tool: run, arguments: {cmd: ls}}
          - {tool: fly, arguments: {}}
          - {tool: read, arguments: {path: "../../../etc/passwd"}}
          - {tool: edit, arguments: {patch: "*** Begin Patch\n*** Add File: link/x\n+x\n*** End Patch"}}
          - {tool: run, raw: '{"command": "echo \ud800"}'}
      - text: understood
"""
    (bench.workspace / "link").symlink_to("/tmp")
    async with bench.model(script) as model:
        bench.use(model)
        await bench.start()
        assert (await bench.turn("hi")).summary == "understood"
    outputs = [item["output"] for item in bench.requests()[1]["input"] if item["type"] == "function_call_output"]
    assert "Send one JSON object with: command, argv" in outputs[0]
    assert "cmd: Extra inputs are not permitted" in outputs[1]
    assert "there is no tool 'fly'" in outputs[2]
    assert "outside the workspace" in outputs[3] and "outside the workspace" in outputs[4]
    calls = [item for item in bench.requests()[1]["input"] if item["type"] == "function_call"]
    assert all(isinstance(json.loads(call["arguments"]), dict) for call in calls)


async def test_a_flood_of_output_is_bounded_everywhere(bench: Bench) -> None:
    script = """
rules:
  - name: a
    steps:
      - calls: [{tool: run, arguments: {command: "echo first; yes 0123456789 | head -c 30000000; echo last"}}]
      - text: seen
"""
    async with bench.model(script) as model:
        bench.use(model)
        await bench.start()
        await bench.turn("hi")
    output = bench.seen(ToolEnded)[0].output
    assert len(output) < 60_000 and "first" in output and output.endswith("last\n") and "bytes left out" in output
    assert sum(len(e.text) for e in bench.seen(ToolOutput)) < 1_000_000
    assert len(bench.requests()[1]["input"][-1]["output"]) < 60_000


async def test_a_long_conversation_is_made_shorter_without_losing_what_people_said(bench: Bench) -> None:
    script = """
rules:
  - name: summary
    when: {task: "^Summarise this transcript"}
    reply: {text: "THE SUMMARY"}
  - name: enough
    when: {task: the task, output: "call 6"}
    reply: {calls: [{tool: done, arguments: {summary: "short again"}}]}
  - name: redirected
    when: {latest: "^redirect"}
    reply:
      calls:
        - tool: run
          arguments: {command: "echo >>n; echo call $(wc -l <n); head -c 9000 /dev/zero | tr '\\\\0' x"}
  - name: work
    when: {task: the task}
    steps: [{text: "begun"}]
"""
    async with bench.model(script) as model:
        bench.use(model, context_window=12_000)
        await bench.start()
        await bench.turn("the task")
        await bench.turn("redirect: use tabs")
    notices = [e.text for e in bench.seen(AgentNotice)]
    assert any("older steps became a summary" in text for text in notices), notices
    last = bench.requests()[-1]["input"]
    humans = [item["content"] for item in last if item.get("role") == "user"]
    assert humans[0] == "the task" and "redirect: use tabs" in humans
    assert any("THE SUMMARY" in text for text in humans)
    calls = {item["call_id"] for item in last if item["type"] == "function_call"}
    assert calls == {item["call_id"] for item in last if item["type"] == "function_call_output"}
    assert len(json.dumps(last)) < 12_000 * 4


async def test_where_no_summary_is_to_be_had_old_outputs_make_room(bench: Bench) -> None:
    script = """
rules:
  - name: summary
    when: {task: "^Summarise this transcript"}
    reply: {error: {status: 400, message: "no summaries today"}}
  - name: enough
    when: {task: the task, output: "call 8"}
    reply: {calls: [{tool: done, arguments: {summary: "short again"}}]}
  - name: work
    reply:
      calls:
        - tool: run
          arguments: {command: "echo >>n; echo call $(wc -l <n); head -c 9000 /dev/zero | tr '\\\\0' x"}
"""
    async with bench.model(script) as model:
        bench.use(model, context_window=12_000)
        await bench.start()
        ended = await bench.turn("the task")
    assert ended.summary == "short again"
    assert any("no summaries today" in e.text for e in bench.seen(AgentNotice))
    assert all(len(json.dumps(body["input"])) < 12_000 * 4 for body in bench.requests())
    assert bench.requests()[-1]["input"][0]["content"] == "the task"


async def test_when_the_endpoint_says_too_long_the_call_is_made_again_shorter(bench: Bench) -> None:
    script = """
rules:
  - name: summary
    when: {task: "^Summarise this transcript"}
    reply: {text: "[script:short]"}
  - name: shortened
    when: {tag: short}
    reply: {text: fine}
  - name: long
    when: {latest: "more"}
    reply: {error: {status: 400, message: too much, code: context_length_exceeded}}
  - name: work
    when: {task: the task}
    steps:
      - calls: [{tool: run, arguments: {command: "head -c 9000 /dev/zero | tr '\\\\0' x"}}]
      - text: "begun"
"""
    async with bench.model(script) as model:
        bench.use(model)
        await bench.start()
        await bench.turn("the task")
        ended = await bench.turn("more")
    assert ended.summary == "fine"
    assert [i["content"] for i in bench.requests()[-1]["input"] if i.get("role") == "user"][::2] == ["the task", "more"]


async def test_what_does_not_fit_even_when_shortened_is_explained(bench: Bench) -> None:
    script = "rules: [{name: a, reply: {error: {status: 400, message: m, code: context_length_exceeded}}}]"
    async with bench.model(script) as model:
        bench.use(model)
        await bench.start()
        ended = await bench.turn("hi")
    assert ended.reason is TurnReason.FAILED and "set `context_window`" in ended.error
