"""Questions of agents: raised like any request, answered to the call that waits, and not lost with a connection."""

from __future__ import annotations

import asyncio
import signal
from pathlib import Path

import pytest

from cockpit.journal.types import QuestionAnswered
from cockpit.protocol.types import AnswerRequest, Down, Redirect, Reject, Stop
from cockpit.sessions.types import AnswerDecision, AttentionKind, RequestResolved
from cockpit.supervisor import questions
from cockpit.types import SessionId
from tests.senses.desk import Era, at_work, connected, text_of
from tests.supervisor.test_crash import Child
from tests.supervisor.world import CHECK, CONFIG, Person, S, World, make_repository

QUESTION = {"question": "which colour?", "options": ["red", "blue"]}


async def asked(ana: Person, session: SessionId) -> str:
    """Wait until the question waits for a person; return its name."""
    await ana.status(session, S.WAITING)
    await ana.until(lambda: [item for item in ana.state.attention.values() if item.session == session])
    (item,) = [item for item in ana.state.attention.values() if item.session == session]
    assert (item.kind, item.title) == (AttentionKind.REQUEST, "which colour?")
    return item.request


async def answer(ana: Person, session: SessionId, request: str, text: str, decision: str = "once") -> None:
    await ana.call(AnswerRequest(session=session, request=request, decision=AnswerDecision(decision), text=text))


@pytest.mark.parametrize("era", ["auto", "legacy"])
async def test_an_answer_reaches_the_call_that_waits(world: World, era: Era) -> None:
    ana = await world.start()
    session = await at_work(ana)
    async with connected(world, session, era) as agent, asyncio.TaskGroup() as group:
        call = group.create_task(agent.call_tool("ask_human", QUESTION))
        request = await asked(ana, session)
        assert ana.session(session).requests[request].options == ("red", "blue")
        assert ana.session(session).counted_until is None  # waiting for a human is no work
        await answer(ana, session, request, "blue")
        result = await call
    assert (result.is_error, text_of(result)) == (False, "The human answers: blue")
    await ana.status(session, S.WORKING)
    assert not ana.state.attention
    (decision,) = ana.state.decisions
    assert decision.text == "once: blue"
    (kept,) = await ana.kind(session, QuestionAnswered)
    assert kept.is_taken
    assert ana.session(session).commands == {}  # nothing was sent to the agent's own wire


async def test_a_denial_tells_the_reason(world: World) -> None:
    ana = await world.start()
    session = await at_work(ana)
    async with connected(world, session) as agent, asyncio.TaskGroup() as group:
        call = group.create_task(agent.call_tool("ask_human", QUESTION))
        await answer(ana, session, await asked(ana, session), "not my business", "deny")
        result = await call
    assert (result.is_error, text_of(result)) == (True, "The human does not answer: not my business")


async def test_nobody_answers_in_time(world: World) -> None:
    config = CONFIG + CHECK + "[senses]\nask_minutes = 0.002\n"
    (world.repository / "cockpit.toml").write_text(config)
    ana = await world.start()
    session = await at_work(ana)
    async with connected(world, session) as agent:
        results = await asyncio.gather(*(agent.call_tool("ask_human", QUESTION) for _ in range(2)))
    for result in results:
        assert result.is_error
        assert text_of(result).startswith("Nobody answered within 0.002 minutes. Do what is safe")
    await ana.said(session, RequestResolved)
    await ana.until(lambda: not ana.state.attention and ana.session(session).status is S.WORKING)


async def test_asked_twice_it_is_one_question(world: World) -> None:
    ana = await world.start()
    session = await at_work(ana)
    async with connected(world, session) as one, connected(world, session) as two, asyncio.TaskGroup() as group:
        calls = [group.create_task(agent.call_tool("ask_human", QUESTION)) for agent in (one, two)]
        request = await asked(ana, session)
        await ana.until(lambda: ana.session(session).requests)
        await answer(ana, session, request, "red")
        told = [text_of(await call) for call in calls]
    assert told[0] == "The human answers: red"
    assert len(ana.state.decisions) == 1


async def test_a_dropped_call_finds_the_answer_when_it_asks_again(world: World) -> None:
    ana = await world.start()
    session = await at_work(ana)
    request = await _dropped(world, ana, session)
    await answer(ana, session, request, "blue")
    (kept,) = await ana.kind(session, QuestionAnswered)
    assert not kept.is_taken
    await ana.status(session, S.WORKING)
    async with connected(world, session) as agent:
        assert text_of(await agent.call_tool("ask_human", QUESTION)) == "The human answers: blue"
        await ana.kind(session, QuestionAnswered, 2)
        assert ana.session(session).answers == {}
        async with asyncio.TaskGroup() as group:  # from then on it is another question
            call = group.create_task(agent.call_tool("ask_human", QUESTION))
            await answer(ana, session, await asked(ana, session), "red")
            assert text_of(await call) == "The human answers: red"


async def test_a_question_that_nobody_waits_for_is_taken_back(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(questions, "UNHEARD_S", 0.05)
    ana = await world.start()
    session = await at_work(ana)
    await _dropped(world, ana, session)
    await ana.status(session, S.WORKING)
    assert not ana.state.attention


async def test_a_question_survives_the_death_of_the_supervisor(tmp_path: Path, home: Path) -> None:
    world = World(make_repository(tmp_path / "repo"))
    child = Child(world)
    ana = await child.start()
    session = await at_work(ana, "wait go")
    request = ""
    with pytest.raises(ExceptionGroup):  # the connection is gone, and the agent knows
        async with connected(world, session) as agent, asyncio.TaskGroup() as group:
            call = group.create_task(agent.call_tool("ask_human", QUESTION))
            request = await asked(ana, session)
            await child.end(signal.SIGKILL)
            await call
    await ana.close()
    ana = await child.start()
    async with connected(world, session) as agent, asyncio.TaskGroup() as group:  # the same port, the same token
        call = group.create_task(agent.call_tool("ask_human", QUESTION))
        assert await asked(ana, session) == request
        await answer(ana, session, request, "blue")
        assert text_of(await call) == "The human answers: blue"
    (world.workspace(session) / "go").touch()
    await ana.status(session, S.READY)
    await ana.call(Down())
    await ana.until(lambda: ana.is_over)
    assert child.process is not None
    assert await asyncio.to_thread(child.process.wait, 20) == 0
    await ana.close()


@pytest.mark.parametrize("how", ["stop", "reject"])
async def test_a_question_goes_with_the_turn(world: World, how: str) -> None:
    ana = await world.start()
    session = await at_work(ana)
    async with connected(world, session) as agent, asyncio.TaskGroup() as group:
        call = group.create_task(agent.call_tool("ask_human", QUESTION))
        await asked(ana, session)
        await ana.call(Stop(session=session) if how == "stop" else Reject(session=session, reason="no"))
        result = await call
    assert result.is_error
    assert "your turn is over" in text_of(result)
    await ana.status(session, S.INTERRUPTED if how == "stop" else S.REJECTED)
    await ana.until(lambda: not any(item.request for item in ana.state.attention.values()))


async def test_a_redirect_stands_for_the_answer(world: World) -> None:
    ana = await world.start()
    session = await at_work(ana)
    async with connected(world, session) as agent, asyncio.TaskGroup() as group:
        call = group.create_task(agent.call_tool("ask_human", QUESTION))
        await asked(ana, session)
        await ana.call(Redirect(session=session, text="forget colours"))
        result = await call
    assert text_of(result) == "The human redirected you instead of answering; their message follows."
    await ana.status(session, S.WORKING)
    assert not ana.state.attention


async def test_nobody_is_asked_between_turns(world: World) -> None:
    ana = await world.start()
    session = await ana.task("write new.txt fine")
    await ana.status(session, S.READY)
    async with connected(world, session) as agent:
        result = await agent.call_tool("ask_human", QUESTION)
    assert text_of(result) == "Nobody is asked now: your session is ready. End your turn."


async def _dropped(world: World, ana: Person, session: SessionId) -> str:
    """Ask, and hang up before the answer; return the name of the question."""
    async with connected(world, session) as agent:
        call = asyncio.create_task(agent.call_tool("ask_human", QUESTION))
        request = await asked(ana, session)
        call.cancel()
        with pytest.raises(asyncio.CancelledError):
            await call
    return request
