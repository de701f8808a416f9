"""The bridge and a scripted agent, as two real processes: turns, permissions, forms, files, and the beginning."""

from __future__ import annotations

import json

from agents.trace import read
from cockpit.sessions.types import (
    AgentMessage,
    AgentNotice,
    AgentReady,
    AnswerDecision,
    RequestKind,
    RequestRaised,
    RequestResolved,
    ToolEnded,
    ToolStarted,
    TurnEnded,
    TurnReason,
    UsageReported,
)
from tests.agents.acp.peers import PeerBench


async def test_a_turn_of_many_requests(peer: PeerBench) -> None:
    await peer.start()
    ready = peer.seen(AgentReady)[0]
    assert ready.agent == "Peer 1.2 (ACP)" and ready.thread.startswith("s-") and ready.sandbox == ""

    peer.send("touch senses trick")
    first = await peer.asked_for(AnswerDecision.ALWAYS)
    assert (first.kind, first.shell, first.cwd) == (RequestKind.COMMAND, "touch made", str(peer.workspace))
    assert first.escalates, "nothing confines it"
    sly = await peer.asked_for(AnswerDecision.DENY, "not that")
    assert sly.shell == "rm -rf x", "the cockpit's own tool needs no asking, what calls itself one does"
    end, said = await peer.ended_with()

    assert end.reason is TurnReason.COMPLETED and (peer.workspace / "made").exists()
    assert said.count("answer: o-allow_once") == 2 and "answer: o-reject_once" in said
    assert "Their reason: not that" in said, "the reason reaches the agent in the same turn"
    assert [one.outcome for one in peer.seen(RequestResolved)] == ["always", "deny"]
    assert [(one.tool, one.title) for one in peer.seen(ToolStarted)][1][0] == "cockpit/run_checks"
    assert sum(one.input_tokens for one in peer.seen(UsageReported)) == 20  # two prompts, one for the reason
    assert len(peer.seen(ToolStarted)) == len(peer.seen(ToolEnded)) == 3, "what was begun is ended on the screen"

    servers = json.loads((peer.workspace / "servers.json").read_text())
    assert servers[0]["headers"] == [
        {"field_meta": None, "name": "Authorization", "value": "Bearer token-of-the-session"}
    ]
    trace = (peer.memory / "trace.jsonl").read_text()
    assert "token-of-the-session" not in trace
    assert [way for way, _ in read(peer.memory / "trace.jsonl")[:2]] == ["out", "in"]


async def test_the_first_prompt_tells_role_and_place(peer: PeerBench) -> None:
    await peer.start()
    await peer.turn("go")
    prompts = [frame for way, frame in read(peer.memory / "trace.jsonl") if way == "out" and "session/prompt" in frame]
    text = json.loads(prompts[0])["params"]["prompt"][0]["text"]
    assert "Role: engineer" in text and str(peer.workspace) in text and text.endswith("go")


async def test_an_agent_that_cannot_be_refused_is_cancelled(peer: PeerBench) -> None:
    peer.be(kinds=["allow_always"])
    await peer.start()
    peer.send("touch touch")
    await peer.asked_for(AnswerDecision.DENY)
    await peer.asked_for(AnswerDecision.ONCE)
    _, said = await peer.ended_with()
    assert said.count("answer: cancelled") == 2 and not (peer.workspace / "made").exists()
    assert "no way to allow this once" in peer.seen(AgentNotice)[-1].text


async def test_one_that_ends_its_turn_over_a_denial_is_told_to_go_on(peer: PeerBench) -> None:
    peer.be(sulks=True)
    await peer.start()
    peer.send("touch")
    await peer.asked_for(AnswerDecision.DENY)
    end, said = await peer.ended_with()
    assert end.reason is TurnReason.COMPLETED and "heard: Go on without it." in said


async def test_a_form_becomes_questions(peer: PeerBench) -> None:
    await peer.start()
    peer.send("form")
    colour = await peer.asked_for(AnswerDecision.ONCE, "Green")
    assert (colour.kind, colour.title, colour.options) == (
        RequestKind.QUESTION,
        "The paint\nWhich colour?",
        ("red", "green"),
    )
    await peer.asked_for(AnswerDecision.ONCE, "many")
    again = await peer.asked_for(AnswerDecision.ONCE, "3")
    assert again.title.endswith("How many?") and "is no integer" in peer.seen(AgentNotice)[-1].text
    _, said = await peer.ended_with()
    assert 'form: {"action": "accept", "content": {"colour": "green", "count": 3}}' in said
    peer.send("form")
    await peer.asked_for(AnswerDecision.DENY)
    _, said = await peer.ended_with()
    assert 'form: {"action": "decline"}' in said


async def test_files_are_served_inside_the_workspace_only(peer: PeerBench) -> None:
    (peer.workspace / ".git").mkdir()
    await peer.start()
    await peer.turn("files")
    said = "".join(one.text for one in peer.seen(AgentMessage))
    assert "read two" in said and (peer.workspace / "new.txt").read_text() == "one\ntwo\n"
    assert said.count("refused") == 3 and "outside the workspace" in said and "wrote" not in said
    assert not (peer.workspace.parent / "outside.txt").exists()


async def test_noise_is_told_and_harms_nothing(peer: PeerBench) -> None:
    await peer.start()
    end = await peer.turn("noise wait0")
    notices = [one.text for one in peer.seen(AgentNotice)]
    assert end.reason is TurnReason.COMPLETED
    assert sum("no message" in one for one in notices) == 3, "the first three are shown, the rest is in the trace"
    assert sum("not shown here: dream" in one for one in notices) == 1


async def test_a_confined_agent_sees_and_writes_its_own_only(peer: PeerBench) -> None:
    secrets = peer.workspace.parent / "secrets"
    secrets.mkdir()
    (secrets / "journal").write_text("x")
    (peer.workspace / "README").write_text("x")
    peer.hidden = (secrets,)
    peer.be(settings={"confine": None})
    await peer.start()
    end = await peer.turn("spy")
    peer.send("touch")
    request = await peer.asked_for(AnswerDecision.ONCE)
    await peer.ended_with()
    assert request.escalates is not bool(peer.seen(AgentReady)[0].sandbox)
    said = "".join(one.text for one in peer.seen(AgentMessage))
    assert end.reason is TurnReason.COMPLETED and "README seen: True" in said
    if peer.seen(AgentReady)[0].sandbox:
        assert "journal seen: False" in said and not (peer.workspace.parent / "evil").exists()
    else:
        assert "not sandboxed" in peer.seen(AgentNotice)[0].text


async def _failure(peer: PeerBench) -> str:
    await peer.start(expect_ready=False)
    peer.send("go")
    end = await peer.until(TurnEnded)
    assert end.reason is TurnReason.FAILED and not peer.seen(AgentReady)
    return end.error


async def test_a_mode_that_is_not_there_is_refused_with_those_that_are(peer: PeerBench) -> None:
    peer.be(settings={"mode": "chaos"})
    assert await _failure(peer) == "the agent has no mode 'chaos'; it has: default, yolo"


async def test_one_that_is_not_logged_in_says_what_to_do(peer: PeerBench) -> None:
    peer.be(logged_out=True)
    assert "not logged in; log in with" in await _failure(peer)


async def test_a_program_that_is_not_there_is_named_with_its_cure(peer: PeerBench) -> None:
    peer.settings = {"command": ["claude-agent-acp"]}
    peer.env = {"PATH": str(peer.workspace)}
    assert "npm install -g @agentclientprotocol/claude-agent-acp" in await _failure(peer)


async def test_one_that_speaks_another_version_is_refused(peer: PeerBench) -> None:
    peer.be(protocol=2)
    assert "speaks version 2" in await _failure(peer)


async def test_the_mode_is_set_and_an_agent_without_http_tools_is_told_of(peer: PeerBench) -> None:
    peer.be(settings={"mode": "DEFAULT"}, http=False)
    await peer.start()
    await peer.turn("go")
    assert "mode default" in "".join(one.text for one in peer.seen(AgentMessage))
    assert "none of the cockpit's" in peer.seen(AgentNotice)[0].text
    assert not peer.seen(RequestRaised)
