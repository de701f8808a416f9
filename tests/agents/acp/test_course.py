"""What happens in the middle of a turn, and between processes: redirects, interrupts, deaths, resumption."""

from __future__ import annotations

from pathlib import Path

import psutil

from cockpit.sessions.types import (
    AgentMessage,
    AgentNotice,
    AgentReady,
    AnswerDecision,
    Interrupt,
    MessageDelta,
    RequestRaised,
    RequestResolved,
    Steer,
    Steered,
    SteerOutcome,
    TurnEnded,
    TurnReason,
    TurnStarted,
)
from tests.agents.acp.peers import PeerBench


def _steer(peer: PeerBench, text: str, *, now: bool = False) -> str:
    command = Steer(id=peer.command_id(), text=text, now=now)
    peer.command(command)
    return command.id


async def _working(peer: PeerBench, word: str = "working") -> None:
    await peer.until(MessageDelta, lambda delta: word in delta.text)


async def test_the_agents_own_steering_comes_first(peer: PeerBench) -> None:
    peer.be(steers=True)
    await peer.start()
    peer.send("wait")
    await _working(peer)
    command = _steer(peer, "be brief", now=True)
    steered = await peer.until(Steered)
    assert (steered.command, steered.outcome, steered.how) == (
        command,
        SteerOutcome.INJECTED,
        "the agent's own steering",
    )
    end, said = await peer.ended_with()
    assert end.reason is TurnReason.COMPLETED and "steered: be brief" in said

    await peer.again()  # a redirect that entered a turn begins none of its own in the next process
    assert (await peer.turn("go")).turn == 2


async def test_what_cannot_enter_a_turn_waits_for_its_end(peer: PeerBench) -> None:
    await peer.start()
    peer.send("touch")
    request = await peer.until(RequestRaised)
    _steer(peer, "later")
    steered = await peer.until(Steered)
    assert steered.outcome is SteerOutcome.QUEUED and "waits for the turn's end" in steered.how
    assert not peer.seen(RequestResolved), "a permission is still the person's to give"
    peer.command(Interrupt(id=peer.command_id()))
    assert (await peer.until(RequestResolved)).request == request.request
    assert (await peer.until(TurnEnded)).reason is TurnReason.INTERRUPTED
    await peer.until(TurnStarted)
    end, said = await peer.ended_with()
    assert end.turn == 2 and "answer: cancelled" in said and "heard: later" in said


async def test_what_is_urgent_begins_the_turn_again(peer: PeerBench) -> None:
    await peer.start()
    peer.send("wait")
    await _working(peer)
    _steer(peer, "now this", now=True)
    assert (await peer.until(Steered)).outcome is SteerOutcome.RESTARTED
    end, said = await peer.ended_with()
    assert end.reason is TurnReason.COMPLETED and end.turn == 1 and "heard: now this" in said


async def test_a_second_prompt_where_it_is_harmless(peer: PeerBench) -> None:
    # The name by which it introduces itself makes it the agent of which that is known.
    peer.be(name="opencode")
    await peer.start()
    peer.send("touch")
    await peer.until(RequestRaised)
    _steer(peer, "more")
    steered = await peer.until(Steered)
    assert steered.outcome is SteerOutcome.INJECTED and "second prompt" in steered.how
    await _working(peer, "heard: more")
    peer.command(Interrupt(id=peer.command_id()))
    assert (await peer.until(TurnEnded)).reason is TurnReason.INTERRUPTED


async def test_an_interrupt_leaves_no_process(peer: PeerBench) -> None:
    await peer.start()
    peer.send("leave")
    await _working(peer)
    left = int((peer.workspace / "left.pid").read_text())
    peer.command(Interrupt(id=peer.command_id()))
    end = await peer.until(TurnEnded)
    assert end.reason is TurnReason.INTERRUPTED and not _is_alive(left)
    assert (await peer.turn("go on")).reason is TurnReason.COMPLETED
    assert len(peer.seen(AgentReady)) == 1, "the agent itself was spared"


async def test_one_that_ignores_the_interrupt_is_ended_and_begun_again(peer: PeerBench) -> None:
    peer.be(settings={"interrupt_timeout_s": 0.2})
    await peer.start()
    thread = peer.seen(AgentReady)[0].thread
    peer.send("deaf")
    await _working(peer, "deaf\n")
    left = int((peer.workspace / "left.pid").read_text())
    peer.command(Interrupt(id=peer.command_id()))
    end = await peer.until(TurnEnded)
    assert end.reason is TurnReason.INTERRUPTED and not _is_alive(left)
    assert "did not listen" in peer.seen(AgentNotice)[-1].text
    end, said = await _turn(peer, "go on")
    assert end.reason is TurnReason.COMPLETED and "heard: go on" in said
    assert "told before" not in said and peer.seen(AgentReady)[-1].thread == thread


async def test_one_that_dies_says_its_last_words_and_is_begun_again(peer: PeerBench) -> None:
    await peer.start()
    end = await peer.turn("die")
    assert end.reason is TurnReason.FAILED and "status 7" in end.error and "the disk is on fire" in end.error
    assert (await peer.turn("go on")).reason is TurnReason.COMPLETED


async def test_history_is_not_told_twice(peer: PeerBench) -> None:
    await peer.start()
    await peer.turn("first")
    await peer.again()
    end, said = await _turn(peer, "second")
    assert end.turn == 2 and "heard: second" in said and "told before" not in said
    items = [one.item for one in peer.seen(AgentMessage)]
    assert len(items) == len(set(items)), "messages of two processes have different names"


async def test_one_that_forgot_everything_is_told(peer: PeerBench) -> None:
    await peer.start()
    await peer.turn("first thing")
    peer.be(forgets=True)
    await peer.again()
    await peer.turn("second thing")
    trace = (peer.memory / "trace.jsonl").read_text()
    assert "# What you were told before" in trace and "conversation is lost" in peer.seen(AgentNotice)[-1].text
    assert peer.seen(AgentReady)[-1].thread != peer.thread


async def test_a_turn_that_a_crash_cut_off_is_gone_on_with(peer: PeerBench) -> None:
    await peer.start()
    peer.send("touch")
    await peer.until(RequestRaised)
    await peer.kill()
    peer.thread = peer.seen(AgentReady)[-1].thread
    await peer.start(resume=True)
    await peer.asked_for(AnswerDecision.ONCE)
    end, _ = await peer.ended_with()
    assert end.turn == 1 and (peer.workspace / "made").exists()
    assert "You were cut off" in (peer.memory / "trace.jsonl").read_text()


async def _turn(peer: PeerBench, text: str) -> tuple[TurnEnded, str]:
    before = len(peer.seen(AgentMessage))
    end = await peer.turn(text)
    return end, "".join(one.text for one in peer.seen(AgentMessage)[before:])


def _is_alive(pid: int) -> bool:
    return Path(f"/proc/{pid}").exists() and psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
