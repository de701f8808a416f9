"""What agents ask: answered by the policy, for a session, or by a human once for all who ask alike."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from cockpit.approvals.types import Answerer, Offers
from cockpit.journal.types import AttentionRaised, CommandSent, DecisionMade, PolicyAdded, RequestAutoAnswered
from cockpit.protocol.client import CommandFailed
from cockpit.protocol.types import AnswerRequest, AnswerRequests, Attention, OpenRequest, PreviewAlways
from cockpit.sessions.types import AgentMessage, Answer, AnswerDecision, RequestRaised
from cockpit.types import SessionId
from tests.supervisor.world import CHECK, CONFIG, Person, S, World, make_repository, open_world

ONCE, SESSION, ALWAYS, DENY = AnswerDecision


def asks(name: str, shell: str = "", **fields: object) -> str:
    """Return the instruction to ask for a command, or for something else."""
    return f"request {name} {json.dumps({'shell': shell, **fields} if shell else fields)}"


async def heard(person: Person, session: SessionId, count: int = 1) -> list[str]:
    """Return what the agent heard for an answer, so many times."""
    return [message.text for message in await person.said(session, AgentMessage, count)]


async def is_asked(person: Person, session: SessionId, request: str) -> None:
    await person.until(lambda: f"{session}:request:{request}" in person.state.attention)


async def test_a_line_of_the_policy_answers_without_a_human(tmp_path: Path, home: Path) -> None:
    commands, edits = 'commands = ["uv run pytest *"]', 'edits = ["src/**"]'
    policy = f'[policy]\n{commands}\n{edits}\nhosts = ["docs.example"]\ntools = ["browser/*"]\n'
    async with open_world(make_repository(tmp_path / "repo", CONFIG + CHECK + policy)) as world:
        ana = await world.start()
        one = await ana.task(
            "\n".join(
                (
                    asks("a", "uv run pytest -q 2>&1 | tail -5"),
                    asks("b", kind="edit", paths=["WORKSPACE/src/new.py"], title="edit"),
                    asks("c", kind="network", host="docs.example:443", title="connect"),
                    asks("d", kind="tool", tool="browser/click", title="click"),
                    "write a.txt ok",
                )
            )
        )
        ready = await ana.status(one, S.READY)
        assert await heard(ana, one, 4) == ["heard once"] * 4
        answered = await ana.kind(one, RequestAutoAnswered, 4)
        assert [event.line for event in answered] == ["uv run pytest *", "src/**", "docs.example", "browser/*"]
        assert {event.by for event in answered} == {Answerer.REPOSITORY}
        assert answered[0].title == "uv run pytest -q 2>&1 | tail -5"
        assert {item.item.kind for item in await ana.kind(one, AttentionRaised)} == {"ready"}
        assert ana.state.stats.auto_allowed == 4 and ana.state.stats.decisions == 0
        assert not ready.requests
        sent = [event for event in await ana.kind(one, CommandSent, 5) if isinstance(event.command, Answer)]
        assert {event.author for event in sent} == {"policy"}


async def test_what_the_policy_refuses_is_told_to_the_agent_with_the_line(tmp_path: Path, home: Path) -> None:
    policy = '[policy]\ncommands = ["git *"]\n[policy.deny]\ncommands = ["git push"]\n'
    async with open_world(make_repository(tmp_path / "repo", CONFIG + CHECK + policy)) as world:
        ana = await world.start()
        one = await ana.task(f"{asks('a', 'git add x && git push origin main')}\nwrite a.txt ok")
        await ana.status(one, S.READY)
        (message,) = await heard(ana, one)
        assert message == "heard deny the repository's policy refuses commands: git push; do without it"
        assert ana.state.stats.auto_denied == 1


async def test_what_leaves_the_sandbox_is_asked_whatever_the_confined_may_do_and_has_lines_of_its_own(
    tmp_path: Path, home: Path
) -> None:
    policy = '[policy]\ncommands = ["npm test *"]\n'
    async with open_world(make_repository(tmp_path / "repo", CONFIG + CHECK + policy)) as world:
        ana = await world.start()
        one = await ana.task(f"{asks('a', 'npm test')}\n{asks('b', 'npm test', escalates=True)}\nwrite a.txt ok")
        await is_asked(ana, one, "b")
        offers = Offers.model_validate(await ana.call(PreviewAlways(session=one, request="b")))
        assert [(choice.section, choice.line) for choice in offers.choices] == [("unconfined", "npm test")]
        await ana.call(AnswerRequest(session=one, request="b", decision=ALWAYS))
        assert await heard(ana, one, 2) == ["heard once"] * 2
        (added,) = await ana.kind(one, PolicyAdded)
        assert (added.section, added.line) == ("unconfined", "npm test")
        again = f"{asks('a', 'npm test', escalates=True)}\n{asks('b', 'npm test -x', escalates=True)}"
        two = await ana.task(again)
        (answered,) = await ana.kind(two, RequestAutoAnswered)
        assert (answered.section, answered.line) == ("unconfined", "npm test")
        await is_asked(ana, two, "b")
        await ana.call(AnswerRequest(session=two, request="b", decision=SESSION))
        assert await heard(ana, two, 2) == ["heard once"] * 2
        assert ana.session(two).allowed == ("command unconfined npm test -x",)


async def test_a_humans_reason_reaches_the_agent(world: World) -> None:
    ana = await world.start()
    one = await ana.task(f"{asks('a', 'make deploy')}\nwrite a.txt ok")
    await is_asked(ana, one, "a")
    await ana.call(AnswerRequest(session=one, request="a", decision=DENY, text="use the staging target"))
    assert await heard(ana, one) == ["heard deny use the staging target"]


async def test_what_is_allowed_for_the_session_survives_the_supervisor_and_holds_in_no_other(
    world: World, tmp_path: Path
) -> None:
    ana = await world.start()
    go = tmp_path / "go"
    turn = f"{asks('a', 'npm test')}\nwait {go}\n{asks('b', 'npm  test')}\n{asks('c', 'npm test -- x')}\nwrite a.txt ok"
    one = await ana.task(turn)
    await is_asked(ana, one, "a")
    await ana.call(AnswerRequest(session=one, request="a", decision=SESSION))
    assert await heard(ana, one) == ["heard once"]
    assert ana.session(one).allowed == ("command npm test",)
    await world.kill()
    ana = await world.start()
    go.touch()
    (answered,) = await ana.kind(one, RequestAutoAnswered)
    assert (answered.request, answered.by) == ("b", Answerer.SESSION)
    await is_asked(ana, one, "c")
    two = await ana.task(asks("a", "npm test"))
    await is_asked(ana, two, "a")


async def test_always_writes_the_line_and_the_next_like_request_needs_nobody(world: World) -> None:
    ana = await world.start()
    one, two = await ana.task(asks("a", "uv run pytest -q")), await ana.task(asks("a", "uv run pytest tests/x.py"))
    await is_asked(ana, one, "a")
    await is_asked(ana, two, "a")
    offers = Offers.model_validate(await ana.call(PreviewAlways(session=one, request="a")))
    assert [(choice.line, choice.matched, choice.of) for choice in offers.choices] == [
        ("uv run pytest -q", 1, 2),
        ("uv run pytest *", 2, 2),
    ]
    assert set(offers.choices[1].examples) == {"uv run pytest -q", "uv run pytest tests/x.py"}
    result = await ana.call(AnswerRequest(session=one, request="a", decision=ALWAYS, line="uv run pytest *"))
    assert result["problem"] == ""
    (added,) = await ana.kind(one, PolicyAdded)
    assert (added.section, added.line, added.where) == ("commands", "uv run pytest *", "repository")
    assert (world.repository / "cockpit.toml").read_text() == (
        CONFIG + CHECK + '\n[policy]\ncommands = [\n    "uv run pytest *",\n]\n'
    )
    assert await heard(ana, one) == ["heard once"]
    assert await heard(ana, two) == ["heard once"]  # it waited already
    (resolved,) = await ana.kind(two, RequestAutoAnswered)
    assert resolved.line == "uv run pytest *"
    three = await ana.task(f"{asks('a', 'bash -lc whoami', argv=['bash', '-lc', 'uv run pytest -x'])}")
    await is_asked(ana, three, "a")  # what it says in two ways is asked
    four = await ana.task(f"{asks('a', argv=['bash', '-lc', 'uv run pytest -x'], title='x')}")
    assert await heard(ana, four) == ["heard once"]


async def test_a_line_may_be_kept_in_the_persons_own_file(world: World) -> None:
    ana = await world.start()
    one = await ana.task(asks("a", kind="network", host="docs.example", title="connect"))
    await is_asked(ana, one, "a")
    await ana.call(AnswerRequest(session=one, request="a", decision=ALWAYS, line="docs.example", where="user"))
    assert (world.paths.config / "config.toml").read_text() == '[policy]\nhosts = [\n    "docs.example",\n]\n'
    two = await ana.task(asks("a", kind="network", host="docs.example", title="connect"))
    (answered,) = await ana.kind(two, RequestAutoAnswered)
    assert answered.by is Answerer.USER


async def test_a_broken_file_is_told_and_the_answer_counts_once(world: World) -> None:
    ana = await world.start()
    one = await ana.task(asks("a", "npm test"))
    await is_asked(ana, one, "a")
    (world.repository / "cockpit.toml").write_text("[policy\n")
    result = await ana.call(AnswerRequest(session=one, request="a", decision=ALWAYS, line="npm test *"))
    assert "it is broken" in result["problem"] and "allowed once" in result["problem"]
    assert await heard(ana, one) == ["heard once"]
    assert (world.repository / "cockpit.toml").read_text() == "[policy\n"


@pytest.mark.parametrize(
    ("shell", "decision", "line", "why"),
    [
        ("git push --force origin main", ALWAYS, "git push --force origin main", "rewrites or deletes history"),
        ("git push --force origin main", SESSION, "", "rewrites or deletes history"),
        ("npm test", ALWAYS, "npm *", "something else than what was offered"),
        ("python -c 1", ALWAYS, "python -c 1", "runs code"),
        ("echo $(id)", ALWAYS, "echo $(id)", "cannot be told for sure"),
    ],
)
async def test_what_cannot_hold_is_refused_and_stays_open(
    world: World, shell: str, decision: AnswerDecision, line: str, why: str
) -> None:
    ana = await world.start()
    one = await ana.task(asks("a", shell))
    await is_asked(ana, one, "a")
    with pytest.raises(CommandFailed, match=why):
        await ana.call(AnswerRequest(session=one, request="a", decision=decision, line=line))
    assert "a" in ana.session(one).requests and f"{one}:request:a" in ana.state.attention


async def test_like_requests_of_three_sessions_have_one_likeness_and_one_answer(world: World) -> None:
    ana = await world.start()
    names = [await ana.task(asks("r", "cat WORKSPACE/notes.txt"), title=f"t{number}") for number in range(3)]
    for name in names:
        await is_asked(ana, name, "r")
    likenesses = {item.likeness for item in ana.state.attention.values()}
    assert likenesses == {"command:cat ./notes.txt"}
    requests = tuple(OpenRequest(session=name, request="r") for name in (*names, SessionId("nobody-9")))
    result = await ana.call(
        AnswerRequests(requests=requests, decision=DENY, text="not now", attention=Attention(looked_s=3, keys=2))
    )
    assert result["answered"] == 3
    assert [one["session"] for one in result["gone"]] == ["nobody-9"]
    for name in names:
        assert await heard(ana, name) == ["heard deny not now"]
        assert [event.decision.text for event in await ana.kind(name, DecisionMade)] == ["deny: not now"]
    await ana.until(lambda: not any(item.request for item in ana.state.attention.values()))
    assert (ana.state.stats.keys, ana.state.stats.looked_s) == (2, 3)


async def test_one_always_for_all_writes_one_line(world: World) -> None:
    ana = await world.start()
    names = [await ana.task(asks("r", "ruff check ."), title=f"t{number}") for number in range(3)]
    for name in names:
        await is_asked(ana, name, "r")
    requests = tuple(OpenRequest(session=name, request="r") for name in names)
    result = await ana.call(AnswerRequests(requests=requests, decision=ALWAYS, line="ruff check *"))
    assert result == {"answered": 3, "gone": [], "problem": ""}
    assert ana.state.stats.policy_lines == 1
    for name in names:
        assert await heard(ana, name) == ["heard once"]


async def test_a_link_in_the_workspace_leads_no_line_outside(tmp_path: Path, home: Path) -> None:
    policy = '[policy]\nedits = ["**"]\ncommands = ["cat *"]\n'
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    async with open_world(make_repository(tmp_path / "repo", CONFIG + CHECK + policy)) as world:
        ana = await world.start()
        go = tmp_path / "go"
        one = await ana.task(
            f"wait {go}\n{asks('a', kind='edit', paths=['WORKSPACE/way/x'], title='edit')}\n{asks('b', 'cat way/x')}"
        )
        await ana.said(one, AgentMessage, 0)
        await ana.status(one, S.WORKING)
        (world.workspace(one) / "way").symlink_to(elsewhere)
        go.touch()
        for request in ("a", "b"):
            await is_asked(ana, one, request)
            await ana.call(AnswerRequest(session=one, request=request, decision=ONCE))
        assert ana.state.stats.auto_allowed == 0
        assert len(await ana.said(one, RequestRaised, 2)) == 2
