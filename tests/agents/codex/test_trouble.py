"""The bridge as a process, against a stand-in for codex that behaves badly."""

from __future__ import annotations

from agents.base import McpAccess
from cockpit.sessions.types import (
    AgentNotice,
    TurnEnded,
    TurnReason,
    TurnStarted,
)
from tests.agents.codex.conftest import Make
from tests.agents.codex.harness import Bridge


def notices(bridge: Bridge) -> str:
    return "\n".join(notice.text for notice in bridge.seen(AgentNotice))


async def test_one_that_dies_again_ends_the_turn_with_its_last_words(make: Make) -> None:
    bridge = make("mortal")
    await bridge.start()
    ended = await bridge.turn("hello")
    assert ended.reason is TurnReason.FAILED
    assert "ended twice in one turn; exit status 3" in ended.error
    assert "panicked at the disco" in ended.error


async def test_an_interrupt_while_codex_begins_leaves_it_able_to_begin(make: Make) -> None:
    bridge = make("slow-tools", mcp_timeout_s=30)
    bridge.mcp = McpAccess("http://127.0.0.1:1/mcp", "a-token-for-this-session")
    await bridge.start()
    await bridge.send("hello")
    await bridge.until(TurnStarted)
    await bridge.interrupt()
    assert (await bridge.until(TurnEnded)).reason is TurnReason.INTERRUPTED
    assert (await bridge.turn("again")).summary == "heard: again"


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
