"""The bridge as a process, against a stand-in for codex: how it begins, ends, and is taken up again."""

from __future__ import annotations

import psutil
import pytest

from cockpit.sessions.types import (
    AgentNotice,
    AgentReady,
    ToolStarted,
    TurnEnded,
    TurnReason,
)
from tests.agents.codex.conftest import Make


async def test_a_turn_is_carried_out_and_the_next_message_waits_for_its_end(make: Make) -> None:
    bridge = make(model="a-model", mode="untrusted")
    bridge.role_text = "You fix things."
    await bridge.start()
    await bridge.send("first")
    await bridge.send("second")
    first, second = await bridge.until(TurnEnded), await bridge.until(TurnEnded)
    assert (first.turn, first.reason, first.summary) == (1, TurnReason.COMPLETED, "heard: first")
    assert (second.turn, second.summary) == (2, "heard: second")
    ready = bridge.seen(AgentReady)[0]
    assert (ready.agent, ready.thread, ready.model) == ("codex 0.169.0", "thread-1", "a-model")
    assert "workspace-write" in ready.sandbox
    begun = bridge.sent("thread/start")[0]
    assert begun["approvalPolicy"] == "untrusted"
    assert begun["model"] == "a-model"
    assert begun["cwd"] == str(bridge.workspace)
    told = str(begun["developerInstructions"])
    assert told.startswith("You fix things.")
    assert str(bridge.workspace) in told


async def test_one_that_was_disturbed_as_it_began_is_asked_again(make: Make) -> None:
    bridge = make("disturbed")
    await bridge.start()
    assert (await bridge.turn("first")).summary == "heard: first"
    assert len(bridge.sent("thread/start")) == 3


async def test_one_that_ignores_interrupts_is_ended_and_begun_again(make: Make) -> None:
    bridge = make(interrupt_timeout_s=0.2)
    await bridge.start()
    await bridge.send("deaf")
    await bridge.until(ToolStarted)
    assert bridge.process is not None
    family = psutil.Process(bridge.process.pid).children(recursive=True)
    await bridge.interrupt()
    assert (await bridge.until(TurnEnded)).reason is TurnReason.INTERRUPTED
    psutil.wait_procs(family, timeout=5)
    assert not [one for one in family if one.is_running()]
    assert any("did not stop" in notice.text for notice in bridge.seen(AgentNotice))
    assert (await bridge.turn("again")).summary == "heard: again"
    assert len(bridge.sent("thread/resume")) == 1


async def test_a_killed_bridge_goes_on_with_its_turn_and_repeats_nothing(make: Make) -> None:
    bridge = make()
    await bridge.start()
    await bridge.turn("done before")
    await bridge.send("wait")
    await bridge.until(ToolStarted)
    await bridge.kill()
    await bridge.start(resume=True)
    ended = await bridge.until(TurnEnded)
    assert (ended.turn, ended.reason) == (2, TurnReason.COMPLETED)
    assert "cut off" in ended.summary
    assert [one["threadId"] for one in bridge.sent("thread/resume")] == ["thread-1"]
    assert len(bridge.sent("turn/start")) == 3


async def test_a_closed_bridge_says_that_the_turn_goes_on(make: Make) -> None:
    bridge = make()
    await bridge.start()
    await bridge.send("wait")
    await bridge.until(ToolStarted)
    assert await bridge.close() == 0
    ended = bridge.seen(TurnEnded)[-1]
    assert ended.reason is TurnReason.INTERRUPTED
    assert ended.goes_on


async def test_a_conversation_that_codex_has_lost_begins_anew(make: Make) -> None:
    bridge = make("lost")
    await bridge.start()
    await bridge.close()
    await bridge.start(resume=True)
    assert any("begins a new one" in notice.text for notice in bridge.seen(AgentNotice))
    assert (await bridge.turn("hello")).summary == "heard: hello"


async def test_a_fork_begins_from_anothers_conversation(make: Make) -> None:
    bridge = make()
    bridge.fork = "thread-0"
    await bridge.start()
    forked = bridge.sent("thread/fork")[0]
    assert (forked["threadId"], forked["cwd"]) == ("thread-0", str(bridge.workspace))


@pytest.mark.parametrize(
    ("traits", "settings", "message"),
    [
        (["old"], {}, "0.42.0 is too old, 0.169.0 or newer is needed; install it: npm install -g @openai/codex"),
        (["ancient"], {}, "0.30.1 is too old, 0.169.0 or newer is needed"),
        ([], {"command": "no-such-codex"}, "there is no program 'no-such-codex'"),
        (["refuses"], {}, "does not begin a conversation: config.toml: unknown key"),
    ],
)
async def test_what_cannot_work_says_why(
    make: Make, traits: list[str], settings: dict[str, object], message: str
) -> None:
    bridge = make(*traits, **settings)
    await bridge.start(expect_ready=False)
    assert await bridge.ended() == 2
    assert message in bridge.stderr()
