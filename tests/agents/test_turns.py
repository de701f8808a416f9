from __future__ import annotations

from cockpit.sessions.types import (
    AgentMessage,
    AgentReady,
    CommandAcknowledged,
    FileChanged,
    MessageDelta,
    PlanChanged,
    Send,
    ToolEnded,
    ToolOutput,
    ToolStarted,
    TurnEnded,
    TurnReason,
    TurnStarted,
    UsageReported,
)
from tests.agents.bench import Bench

WHOLE = r"""
rules:
  - name: whole
    when: {task: "whole turn"}
    steps:
      - reasoning: "Think first."
        text: "I look first."
        calls:
          - {tool: plan, arguments: {steps: [{text: look, status: running}, {text: change}]}}
          - {tool: run, arguments: {command: "cat a.py; pwd; exit 3"}}
      - calls:
          - tool: edit
            arguments:
              patch: |
                *** Begin Patch
                *** Update File: a.py
                @@
                -x = 1
                +x = 2
                *** Add File: sub/b.txt
                +hi
                *** End Patch
      - calls:
          - {tool: search, arguments: {pattern: "x = [0-9]"}}
          - {tool: read, arguments: {path: a.py}}
      - calls: [{tool: done, arguments: {summary: "x is 2"}}]
"""


async def test_a_whole_turn_runs_edits_and_ends(bench: Bench) -> None:
    (bench.workspace / "a.py").write_text("x = 1\n")
    (bench.workspace / "AGENTS.md").write_text("Use two spaces.")
    async with bench.model(WHOLE) as model:
        bench.use(model)
        await bench.start()
        ended = await bench.turn("a whole turn please")
    assert (ended.turn, ended.reason, ended.summary) == (1, TurnReason.DONE, "x is 2")
    assert (bench.workspace / "a.py").read_text() == "x = 2\n"
    assert (bench.workspace / "sub/b.txt").read_text() == "hi\n"
    assert [(e.path, e.change) for e in bench.seen(FileChanged)] == [("a.py", "modified"), ("sub/b.txt", "added")]
    messages = bench.seen(AgentMessage)
    assert [(m.text, m.is_reasoning) for m in messages] == [("Think first.", True), ("I look first.", False)]
    started, finished = bench.seen(ToolStarted), bench.seen(ToolEnded)
    assert [e.tool for e in started] == ["plan", "run", "edit", "search", "read", "done"]
    assert [e.item for e in started] == [e.item for e in finished]
    assert finished[1].exit_code == 3 and not finished[1].ok
    assert "x = 1" in finished[1].output and str(bench.workspace) in finished[1].output
    assert "a.py:1:x = 2" in finished[3].output and finished[4].output == "1\tx = 2"
    assert bench.seen(PlanChanged)[0].steps[0].text == "look"
    assert "".join(e.text for e in bench.seen(ToolOutput)) in finished[1].output
    usage = bench.seen(UsageReported)[-1]
    assert usage.cost_usd is None, "what a call costs is the supervisor's to say"
    assert usage.context_used == usage.input_tokens + usage.output_tokens
    first = bench.requests()[0]
    assert first["store"] is False and "Use two spaces." in first["instructions"]
    assert "Role: engineer" in first["instructions"]
    assert {tool["name"] for tool in first["tools"]} == {"run", "read", "search", "edit", "plan", "ask", "done"}


async def test_falls_back_to_chat_completions_once(bench: Bench) -> None:
    (bench.workspace / "a.py").write_text("x = 1\n")
    async with bench.model(WHOLE, has_responses=False) as model:
        bench.use(model)
        await bench.start()
        ended = await bench.turn("a whole turn please")
    assert ended.reason is TurnReason.DONE, ended.error
    assert (bench.workspace / "a.py").read_text() == "x = 2\n"
    assert [m.text for m in bench.seen(AgentMessage)] == ["Think first.", "I look first."]
    last = bench.requests()[-1]["messages"]
    assert [m["role"] for m in last[:5]] == ["system", "user", "assistant", "tool", "tool"]
    assert len(last[2]["tool_calls"]) == 2 and last[2]["content"] == "I look first."
    assert bench.seen(UsageReported)[0].input_tokens > 0


async def test_text_streams_before_the_whole_message(bench: Bench) -> None:
    script = "rules: [{name: a, reply: {chunk_ms: 5, text: '" + "word " * 40 + "'}}]"
    async with bench.model(script) as model:
        bench.use(model)
        await bench.start()
        ended = await bench.turn("speak")
    deltas, message = bench.seen(MessageDelta), bench.seen(AgentMessage)[0]
    assert ended.reason is TurnReason.COMPLETED and ended.summary == message.text
    assert 2 <= len(deltas) <= 20, "coalesced to about twenty a second"
    assert {d.item for d in deltas} == {message.item}
    assert "".join(d.text for d in deltas).strip() == message.text.strip()


async def test_settings_with_a_script_serve_it_and_say_so(bench: Bench) -> None:
    (bench.workspace / "script.yml").write_text("rules: [{name: a, reply: {text: hello}}]")
    bench.settings = {"script": "script.yml", "approve": "never-ask"}
    await bench.start()
    ready = bench.seen(AgentReady)[0]
    assert ready.scripted and ready.model == "scripted"
    assert (await bench.turn("hi")).summary == "hello"


async def test_a_broken_script_ends_the_agent_with_its_line(bench: Bench) -> None:
    (bench.workspace / "script.yml").write_text("rules:\n  - name: a\n    replay: {text: hello}\n")
    bench.settings = {"script": "script.yml"}
    await bench.start(expect_ready=False)
    assert await bench.ended() == 2
    assert "script.yml:3: rules.0.replay: Extra inputs are not permitted" in bench.stderr()


async def test_messages_queue_and_a_command_is_carried_out_once(bench: Bench) -> None:
    async with bench.model("rules: [{name: a, reply: {text: fine, delay_ms: 30}}]") as model:
        bench.use(model)
        await bench.start()
        first, second = bench.send("one"), bench.send("two")
        bench.command(Send(id=first, text="one"))
        await bench.until(TurnStarted, lambda e: e.turn == 2)
        acknowledged = [e.command for e in bench.seen(CommandAcknowledged)]
        assert sorted(acknowledged) == sorted([first, first, second])
        await bench.turn("three")
    assert [len(body["input"]) for body in bench.requests()] == [1, 3], "the repeated command was not sent again"


async def test_resumes_after_a_crash_in_the_middle_of_a_tool(bench: Bench) -> None:
    script = r"""
rules:
  - name: resumed
    when: {task: work, output: "interrupted: this tool call was cut short"}
    reply: {calls: [{tool: done, arguments: {summary: "went on"}}]}
  - name: work
    when: {task: work}
    steps: [{text: "Now.", calls: [{tool: run, arguments: {command: "echo begun; sleep 300"}}]}]
"""
    async with bench.model(script) as model:
        bench.use(model)
        await bench.start()
        command = bench.send("work")
        await bench.until(ToolOutput)
        await bench.kill()
        await bench.start(resume=True)
        bench.command(Send(id=command, text="work"))  # a supervisor that cannot know sends it again
        ended = await bench.until(TurnEnded)
    assert [e.command for e in bench.seen(CommandAcknowledged)] == [command, command]
    assert (ended.turn, ended.reason, ended.summary) == (1, TurnReason.DONE, "went on")
    humans = [item["content"] for item in bench.requests()[-1]["input"] if item.get("role") == "user"]
    assert humans == ["work"]


async def test_what_was_acknowledged_survives_a_crash(bench: Bench) -> None:
    async with bench.model("rules: [{name: a, reply: {text: fine, delay_ms: 20}}]") as model:
        bench.use(model)
        await bench.start()
        bench.send("first")
        second = bench.send("second")
        await bench.until(CommandAcknowledged, lambda e: e.command == second)
        await bench.kill()
        await bench.start(resume=True)
        await bench.until(TurnEnded, lambda e: e.turn == 2)
    assert [i["content"] for i in bench.requests()[-1]["input"] if i["role"] == "user"] == ["first", "second"]


async def test_without_resume_a_conversation_begins_anew(bench: Bench) -> None:
    async with bench.model("rules: [{name: a, reply: {text: fine}}]") as model:
        bench.use(model)
        await bench.start()
        await bench.turn("first")
        await bench.kill()
        await bench.start()
        ended = await bench.turn("second")
    assert ended.turn == 1 and [i["content"] for i in bench.requests()[-1]["input"]] == ["second"]
