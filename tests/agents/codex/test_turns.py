"""Turns of one bridge, against a stand-in for codex: redirects, interrupts, reviews, and turns that end badly."""

from __future__ import annotations

import pytest

from cockpit.sessions.types import (
    AgentMessage,
    AgentNotice,
    MessageDelta,
    RequestRaised,
    RequestResolved,
    Retrying,
    Steered,
    SteerOutcome,
    ToolEnded,
    ToolOutput,
    ToolStarted,
    TurnEnded,
    TurnReason,
    TurnStarted,
)
from tests.agents.codex.harness import Bridge

# One bridge for all: each of them ends its turn.
pytestmark = pytest.mark.asyncio(loop_scope="module")


async def test_a_redirect_enters_the_running_turn(bridge: Bridge) -> None:
    await bridge.send("write")
    await bridge.until(MessageDelta)
    steer = await bridge.steer("something else")
    steered = await bridge.until(Steered)
    assert (steered.command, steered.outcome) == (steer, SteerOutcome.INJECTED)
    await bridge.until(TurnEnded)
    texts = [message.text for message in bridge.seen(AgentMessage)]
    assert texts == ["half a sen", "another thing"]  # the cut message is closed


async def test_a_redirect_that_cannot_wait_cuts_the_command_and_begins_again(bridge: Bridge) -> None:
    await bridge.send("wait")
    await bridge.until(ToolStarted)
    await bridge.steer("at once", now=True)
    assert (await bridge.until(Steered)).outcome is SteerOutcome.RESTARTED
    ended = await bridge.until(TurnEnded)
    assert ended.summary == "heard: at once"
    assert len(bridge.seen(TurnStarted)) == 1
    assert [tool.ok for tool in bridge.seen(ToolEnded)] == [False]


async def test_a_redirect_when_no_turn_runs_begins_one(bridge: Bridge) -> None:
    await bridge.steer("hello")
    assert (await bridge.until(Steered)).outcome is SteerOutcome.QUEUED
    assert (await bridge.until(TurnEnded)).summary == "heard: hello"


async def test_an_interrupt_ends_the_turn_and_the_next_message_finds_codex_ready(bridge: Bridge) -> None:
    await bridge.send("wait")
    await bridge.until(ToolStarted)
    await bridge.interrupt()
    assert (await bridge.until(TurnEnded)).reason is TurnReason.INTERRUPTED
    assert (await bridge.turn("again")).summary == "heard: again"
    assert bridge.sent("thread/backgroundTerminals/clean")
    assert bridge.seen(AgentNotice) == []


async def test_a_request_is_withdrawn_when_codex_takes_it_back(bridge: Bridge) -> None:
    await bridge.send("withdraw")
    await bridge.until(RequestRaised)
    await bridge.steer("never mind")
    assert (await bridge.until(RequestResolved)).outcome == "withdrawn"
    await bridge.until(TurnEnded)


async def test_codex_reviews_when_it_is_asked_to(bridge: Bridge) -> None:
    await bridge.review()
    assert (await bridge.until(TurnEnded)).summary == "looks good"
    await bridge.review("look for races")
    await bridge.until(TurnEnded)
    targets = [sent["target"] for sent in bridge.sent("review/start")[-2:]]
    assert targets == [{"type": "uncommittedChanges"}, {"type": "custom", "instructions": "look for races"}]


async def test_one_that_dies_in_its_turn_is_begun_again_and_goes_on(bridge: Bridge) -> None:
    ended = await bridge.turn("die")
    assert ended.reason is TurnReason.COMPLETED
    assert "cut off" in ended.summary
    said = "".join(notice.text for notice in bridge.seen(AgentNotice))
    assert "exit status 3" in said
    assert "panicked at the disco" in said
    assert bridge.sent("thread/resume")


async def test_what_was_asked_is_withdrawn_when_codex_dies(bridge: Bridge) -> None:
    await bridge.send("die-asking")
    await bridge.until(RequestRaised)
    assert (await bridge.until(RequestResolved)).outcome == "withdrawn"
    assert (await bridge.until(TurnEnded)).reason is TurnReason.COMPLETED


async def test_a_dead_endpoint_is_shown_and_can_be_interrupted(bridge: Bridge) -> None:
    await bridge.send("retry")
    last = await bridge.until(Retrying, lambda event: event.attempt == 3)
    assert last.message == "Reconnecting: connection refused"
    await bridge.interrupt()
    assert (await bridge.until(TurnEnded)).reason is TurnReason.INTERRUPTED


async def test_a_failed_turn_tells_codexs_error(bridge: Bridge) -> None:
    ended = await bridge.turn("fail")
    assert (ended.reason, ended.error) == (TurnReason.FAILED, "the model is overloaded")


async def test_a_flood_of_output_is_shown_in_part_and_ends_with_head_and_tail(bridge: Bridge) -> None:
    assert (await bridge.turn("flood")).reason is TurnReason.COMPLETED
    shown = sum(len(event.text) for event in bridge.seen(ToolOutput))
    assert shown < 1_000_000  # of 5,000,000 characters
    end = bridge.seen(ToolEnded)[0]
    assert end.ok
    assert "characters left out" in end.output
    assert len(end.output) < 40_000
