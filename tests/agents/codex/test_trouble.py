"""The bridge as a process, against a stand-in for codex that behaves badly."""

from __future__ import annotations

from agents.base import McpAccess
from cockpit.sessions.types import (
    AgentNotice,
    RequestRaised,
    RequestResolved,
    Retrying,
    ToolEnded,
    ToolOutput,
    TurnEnded,
    TurnReason,
    TurnStarted,
)
from tests.agents.codex.conftest import Make
from tests.agents.codex.harness import Bridge


def notices(bridge: Bridge) -> str:
    return "\n".join(notice.text for notice in bridge.seen(AgentNotice))


async def test_one_that_dies_in_its_turn_is_begun_again_and_goes_on(make: Make) -> None:
    bridge = make()
    await bridge.start()
    ended = await bridge.turn("die")
    assert ended.reason is TurnReason.COMPLETED
    assert "cut off" in ended.summary
    assert "exit status 3" in notices(bridge)
    assert "panicked at the disco" in notices(bridge)
    assert len(bridge.sent("thread/resume")) == 1


async def test_one_that_dies_again_ends_the_turn_with_its_last_words(make: Make) -> None:
    bridge = make("mortal")
    await bridge.start()
    ended = await bridge.turn("hello")
    assert ended.reason is TurnReason.FAILED
    assert "ended twice in one turn; exit status 3" in ended.error
    assert "panicked at the disco" in ended.error


async def test_what_was_asked_is_withdrawn_when_codex_dies(make: Make) -> None:
    bridge = make()
    await bridge.start()
    await bridge.send("die-asking")
    await bridge.until(RequestRaised)
    assert (await bridge.until(RequestResolved)).outcome == "withdrawn"
    assert (await bridge.until(TurnEnded)).reason is TurnReason.COMPLETED


async def test_an_interrupt_while_codex_begins_leaves_it_able_to_begin(make: Make) -> None:
    bridge = make("slow-tools", mcp_timeout_s=30)
    bridge.mcp = McpAccess("http://127.0.0.1:1/mcp", "a-token-for-this-session")
    await bridge.start()
    await bridge.send("hello")
    await bridge.until(TurnStarted)
    await bridge.interrupt()
    assert (await bridge.until(TurnEnded)).reason is TurnReason.INTERRUPTED
    assert (await bridge.turn("again")).summary == "heard: again"


async def test_a_dead_endpoint_is_shown_and_can_be_interrupted(make: Make) -> None:
    bridge = make()
    await bridge.start()
    await bridge.send("retry")
    last = await bridge.until(Retrying, lambda event: event.attempt == 3)
    assert last.message == "Reconnecting: connection refused"
    await bridge.interrupt()
    assert (await bridge.until(TurnEnded)).reason is TurnReason.INTERRUPTED


async def test_a_failed_turn_tells_codexs_error(make: Make) -> None:
    bridge = make()
    await bridge.start()
    ended = await bridge.turn("fail")
    assert (ended.reason, ended.error) == (TurnReason.FAILED, "the model is overloaded")


async def test_a_flood_of_output_is_shown_in_part_and_ends_with_head_and_tail(make: Make) -> None:
    bridge = make()
    await bridge.start()
    assert (await bridge.turn("flood")).reason is TurnReason.COMPLETED
    shown = sum(len(event.text) for event in bridge.seen(ToolOutput))
    assert shown < 1_000_000  # of 5,000,000 characters
    end = bridge.seen(ToolEnded)[0]
    assert end.ok
    assert "characters left out" in end.output
    assert len(end.output) < 40_000


async def test_nonsense_and_gigantic_lines_are_told_and_skipped(make: Make) -> None:
    bridge = make()
    await bridge.start()
    assert (await bridge.turn("babble")).summary == "still here"
    said = notices(bridge)
    assert "no message: not json" in said
    assert "item/started was not understood" in said
    assert "a line of 34,603,008 bytes" in said
    assert said.count("blah") < 20  # of a thousand


async def test_the_first_turn_waits_for_the_cockpits_tools(make: Make) -> None:
    bridge = make()
    bridge.mcp = McpAccess("http://127.0.0.1:1/mcp", "a-token-for-this-session")
    await bridge.start()
    assert (await bridge.turn("hello")).reason is TurnReason.COMPLETED
    frames = [text for _, text in bridge.frames()]
    ready = next(index for index, text in enumerate(frames) if '"ready"' in text)
    begun = next(index for index, text in enumerate(frames) if '"turn/start"' in text)
    assert ready < begun
    assert notices(bridge) == ""
    assert not any("a-token-for-this-session" in text for text in frames)


async def test_tools_that_do_not_start_are_told(make: Make) -> None:
    for trait, said in (("slow-tools", "did not start within 0.1 s"), ("broken-tools", "connection refused")):
        bridge = make(trait, mcp_timeout_s=0.1)
        bridge.mcp = McpAccess("http://127.0.0.1:1/mcp", "a-token-for-this-session")
        await bridge.start()
        assert (await bridge.turn("hello")).reason is TurnReason.COMPLETED
        assert said in notices(bridge)


async def test_a_model_that_codex_does_not_know_is_told(make: Make) -> None:
    bridge = make(model="no-model")
    await bridge.start()
    await bridge.turn("hello")
    assert "does not know the model 'no-model'; it lists a-model" in notices(bridge)
