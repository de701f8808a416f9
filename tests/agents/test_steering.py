from __future__ import annotations

from typing import Any

import psutil

from cockpit.sessions.types import (
    AgentMessage,
    Answer,
    AnswerDecision,
    Interrupt,
    MessageDelta,
    RequestRaised,
    RequestResolved,
    Steer,
    Steered,
    SteerOutcome,
    ToolEnded,
    ToolOutput,
    ToolStarted,
    TurnEnded,
    TurnReason,
)
from tests.agents.bench import Bench

TWO_TOOLS = """
rules:
  - name: redirected
    when: {latest: tabs}
    steps: [{calls: [{tool: done, arguments: {summary: "with tabs"}}]}]
  - name: work
    when: {task: work}
    steps:
      - calls:
          - {tool: run, arguments: {command: "echo begun; until [ -e go ]; do sleep 0.01; done"}}
          - {tool: run, arguments: {command: "touch second"}}
      - text: "not redirected"
"""
TALK = """
rules:
  - name: redirected
    when: {latest: tabs}
    steps: [{text: "tabs it is"}]
  - name: talk
    when: {task: talk}
    steps: [{chunk_ms: 20, text: "%s"}]
""" % ("word " * 400)


def _humans(body: dict[str, Any]) -> list[str]:
    return [item["content"] for item in body["input"] if item.get("role") == "user"]


async def test_a_redirect_enters_at_the_tool_boundary(bench: Bench) -> None:
    async with bench.model(TWO_TOOLS) as model:
        bench.use(model)
        await bench.start()
        bench.send("work")
        await bench.until(ToolOutput)
        bench.command(Steer(id="s1", text="use tabs"))
        (bench.workspace / "go").touch()
        steered = await bench.until(Steered)
        ended = await bench.until(TurnEnded)
    assert (steered.command, steered.outcome) == ("s1", SteerOutcome.INJECTED)
    assert ended.summary == "with tabs" and ended.turn == 1
    kinds = [item["type"] for item in bench.requests()[1]["input"]]
    assert kinds == ["message", "function_call", "function_call", *["function_call_output"] * 2, "message"]
    assert "redirected you before it began" in bench.requests()[1]["input"][4]["output"]
    assert not (bench.workspace / "second").exists()
    assert len(bench.requests()) == 2, "the model heard it in its very next call"


async def test_a_redirect_cuts_a_stream_of_text(bench: Bench) -> None:
    async with bench.model(TALK) as model:
        bench.use(model)
        await bench.start()
        bench.send("talk")
        delta = await bench.until(MessageDelta)
        bench.command(Steer(id="s1", text="use tabs"))
        steered = await bench.until(Steered)
        ended = await bench.until(TurnEnded)
    assert steered.outcome is SteerOutcome.RESTARTED
    assert (ended.reason, ended.summary) == (TurnReason.COMPLETED, "tabs it is")
    cut, whole = bench.seen(AgentMessage)
    assert cut.item == delta.item and cut.text.startswith("word") and len(cut.text) < 1000
    second = bench.requests()[1]["input"]
    assert [item["role"] for item in second] == ["user", "assistant", "user"]
    assert second[1]["content"] == cut.text and whole.text == "tabs it is"


async def test_a_redirect_now_does_not_wait_for_a_model_that_is_slow_to_begin(bench: Bench) -> None:
    script = """
rules:
  - name: redirected
    when: {latest: tabs}
    steps: [{text: "tabs it is"}]
  - name: work
    when: {task: work}
    steps:
      - {delay_ms: 10000, text: "never said"}
"""
    async with bench.model(script) as model:
        bench.use(model)
        await bench.start()
        bench.send("work")
        await bench.asked()
        bench.command(Steer(id="s1", text="use tabs", now=True))
        assert (await bench.until(Steered)).outcome is SteerOutcome.RESTARTED
        assert (await bench.until(TurnEnded)).summary == "tabs it is"
    assert _humans(bench.requests()[1]) == ["work", "use tabs"]


async def test_a_redirect_without_a_turn_begins_one(bench: Bench) -> None:
    async with bench.model("rules: [{name: a, reply: {text: fine}}]") as model:
        bench.use(model)
        await bench.start()
        bench.command(Steer(id="s1", text="do this"))
        assert (await bench.until(Steered)).outcome is SteerOutcome.QUEUED
        assert (await bench.until(TurnEnded)).turn == 1
    assert _humans(bench.requests()[0]) == ["do this"]


async def test_a_redirect_after_done_is_heard_before_the_turn_ends(bench: Bench) -> None:
    script = """
rules:
  - name: redirected
    when: {latest: tabs}
    steps: [{calls: [{tool: done, arguments: {summary: "with tabs"}}]}]
  - name: work
    when: {task: work}
    steps:
      - calls:
          - {tool: done, arguments: {summary: "too early"}}
          - {tool: run, arguments: {command: "echo begun; until [ -e go ]; do sleep 0.01; done"}}
"""
    async with bench.model(script) as model:
        bench.use(model)
        await bench.start()
        bench.send("work")
        await bench.until(ToolOutput)
        bench.command(Steer(id="s1", text="use tabs"))
        await bench.acknowledged("s1")
        (bench.workspace / "go").touch()
        assert (await bench.until(TurnEnded)).summary == "with tabs"


async def test_interrupt_leaves_no_process_and_the_conversation_whole(bench: Bench) -> None:
    script = """
rules:
  - name: again
    when: {latest: again}
    reply: {text: "hello again"}
  - name: work
    reply: {calls: [{tool: run, arguments: {command: "echo begun; (setsid sleep 4711.25 &) ; sleep 4711.25"}}]}
"""
    async with bench.model(script) as model:
        bench.use(model)
        await bench.start()
        bench.send("work")
        await bench.until(ToolOutput)
        bench.command(Interrupt(id="i1"))
        ended = await bench.until(TurnEnded)
        assert ended.reason is TurnReason.INTERRUPTED
        assert not [p for p in psutil.process_iter(["cmdline"]) if p.info["cmdline"] == ["sleep", "4711.25"]]
        assert [e.item for e in bench.seen(ToolStarted)] == [e.item for e in bench.seen(ToolEnded)]
        assert (await bench.turn("again")).summary == "hello again"
    assert "interrupted" in bench.requests()[1]["input"][2]["output"]


async def test_an_interrupted_turn_is_not_gone_on_with(bench: Bench) -> None:
    async with bench.model(TALK) as model:
        bench.use(model)
        await bench.start()
        bench.send("talk")
        await bench.until(MessageDelta)
        bench.command(Interrupt(id="i1"))
        await bench.until(TurnEnded)
        await bench.kill()
        await bench.start(resume=True)
        ended = await bench.turn("tabs")
    assert ended.turn == 2 and len(bench.requests()) == 2


async def test_a_question_waits_for_its_answer(bench: Bench) -> None:
    script = """
rules:
  - name: ask
    steps:
      - calls: [{tool: ask, arguments: {question: "Tabs or spaces?", options: [tabs, spaces]}}]
      - text: "thank you"
"""
    async with bench.model(script) as model:
        bench.use(model)
        await bench.start()
        bench.send("work")
        request = await bench.until(RequestRaised)
        assert (request.kind, request.title, request.options) == ("question", "Tabs or spaces?", ("tabs", "spaces"))
        bench.command(Answer(id="a1", request=request.request, decision=AnswerDecision.ONCE, text="spaces"))
        assert (await bench.until(RequestResolved)).request == request.request
        await bench.until(TurnEnded)
    assert bench.requests()[1]["input"][-1]["output"] == "the human answers: spaces"


async def test_an_interrupt_withdraws_the_question(bench: Bench) -> None:
    async with bench.model("rules: [{name: a, steps: [{calls: [{tool: ask, arguments: {question: q}}]}]}]") as model:
        bench.use(model)
        await bench.start()
        bench.send("work")
        await bench.until(RequestRaised)
        bench.command(Interrupt(id="i1"))
        assert (await bench.until(RequestResolved)).outcome == "withdrawn"
        assert (await bench.until(TurnEnded)).reason is TurnReason.INTERRUPTED


async def test_a_redirect_stands_for_the_answer_to_a_question(bench: Bench) -> None:
    script = """
rules:
  - name: redirected
    when: {latest: tabs}
    steps: [{text: "tabs it is"}]
  - name: ask
    steps: [{calls: [{tool: ask, arguments: {question: q}}]}]
"""
    async with bench.model(script) as model:
        bench.use(model)
        await bench.start()
        bench.send("work")
        await bench.until(RequestRaised)
        bench.command(Steer(id="s1", text="never mind, use tabs"))
        assert (await bench.until(RequestResolved)).outcome == "withdrawn"
        assert (await bench.until(TurnEnded)).summary == "tabs it is"
    assert _humans(bench.requests()[1]) == ["work", "never mind, use tabs"]
