"""The agent-side approver: off unless configured, asked about low risks only, and every answer of it told."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from agents.native.judgement import verdict_of
from cockpit.approvals.service.reading import Reading
from cockpit.approvals.types import Answerer
from cockpit.journal.types import Noted, RequestAutoAnswered
from cockpit.sessions.types import RequestKind, Task, UsageReported
from cockpit.state.model import SessionState
from cockpit.supervisor.approver import is_low_risk
from cockpit.types import SessionId
from tests.approvals.asking import ROOT, argv, asked, edit, host, shell
from tests.supervisor.test_approvals import asks, heard, is_asked
from tests.supervisor.world import CHECK, CONFIG, World, make_repository, open_world

JUDGE = """
[agents.judge]
driver = "native"
script = "judge.yml"
[policy.approver]
agent = "judge"
[prices]
"scripted" = {input = 1.0, output = 1000.0}
"""
SCRIPT = """
rules:
  - name: harmless
    when: {task: '"shell": "make docs"'}
    reply: {text: "ALLOW: it builds the documentation"}
  - name: doubtful
    when: {task: '"shell": "make everything"'}
    reply: {text: "PERSON: nobody knows what that does"}
  - name: down
    when: {task: '"shell": "make noise"'}
    reply: {error: {status: 401, message: "no such key"}}
"""
PATIENCE_S = 50.0
"""A model's client takes its time to be imported on a busy machine."""
CONFINED = 'raw {"type": "ready", "agent": "fake", "scripted": true, "thread": "t", "sandbox": "a test"}'


@pytest.fixture
async def judged(tmp_path: Path, home: Path) -> AsyncIterator[World]:
    repository = make_repository(tmp_path / "repo", CONFIG + CHECK + JUDGE)
    (repository / "judge.yml").write_text(SCRIPT)
    async with open_world(repository) as world:
        yield world


async def test_what_it_allows_needs_nobody_and_the_rest_waits_for_a_person_each_told_with_its_reason(
    judged: World,
) -> None:
    ana = await judged.start()
    one = await ana.task(f"{CONFINED}\n{asks('a', 'make docs')}\n{asks('b', 'make everything')}\nwrite a.txt ok")
    two = await ana.task(f"{CONFINED}\n{asks('c', 'make noise')}")
    wanted = {f"{one}:request:b", f"{two}:request:c"}
    await ana.until(lambda: wanted <= ana.state.attention.keys(), PATIENCE_S)
    assert await heard(ana, one) == ["heard once"]
    (answered,) = await ana.kind(one, RequestAutoAnswered)
    assert (answered.by, answered.reason) == (Answerer.APPROVER, "judge: it builds the documentation")
    reasons = [note.text for session in (one, two) for note in await ana.kind(session, Noted)]
    assert "the approver leaves it to a person: judge: nobody knows what that does" in reasons
    assert any("judge: the model could not be asked" in reason for reason in reasons)
    assert ana.state.stats.auto_allowed == 1
    calls = await ana.said(one, UsageReported, 2)
    assert all(call.output_tokens and call.cost_usd for call in calls), "what it costs counts as the session's"
    used = ana.session(one).usage
    assert used.output_tokens == sum(call.output_tokens for call in calls) and not used.unpriced_calls
    assert used.context_used is None, "the agent's own context is another"


async def test_one_that_takes_too_long_or_does_not_exist_leaves_it_to_a_person(tmp_path: Path, home: Path) -> None:
    for number, approver in enumerate(
        ('agent = "judge"\ntimeout_s = 0.001\n', 'agent = "nobody"\n', 'agent = "mechanic"\n')
    ):
        config = CONFIG + CHECK + JUDGE.replace('agent = "judge"\n', approver)
        async with open_world(make_repository(tmp_path / f"repo{number}", config)) as world:
            ana = await world.start()
            one = await ana.task(f"{CONFINED}\n{asks('a', 'make docs')}")
            await is_asked(ana, one, "a")
            await ana.kind(one, Noted)


def _state(sandbox: str) -> SessionState:
    return SessionState(id=SessionId("s"), number=1, task=Task(prompt="x"), created_at=0, sandbox=sandbox)


@pytest.mark.parametrize(
    ("reading", "is_low"),
    [
        (shell("make docs"), True),
        (shell("ls src/*.py"), True),
        (edit(f"{ROOT}/src/a.py"), True),
        (edit(f"{ROOT}/.env"), False),
        (edit("/etc/x"), False),
        (shell("rm -rf src"), False),
        (shell("git push"), False),
        (shell("echo $(ls)"), False),
        (shell("ls", "/etc"), False),
        (argv("sudo", "ls"), False),
        (asked(RequestKind.COMMAND, shell="ls", paths=("/opt/x",)), False),
        (asked(RequestKind.COMMAND, shell="make docs", escalates=True), False),
        (host("docs.example"), False),
        (asked(RequestKind.NETWORK, shell="ls"), False),
        (asked(RequestKind.TOOL, tool="a/b"), False),
        (asked(RequestKind.QUESTION), False),
    ],
)
def test_it_is_asked_about_low_risks_only_and_never_of_an_agent_that_is_not_confined(
    reading: Reading, is_low: bool
) -> None:
    assert is_low_risk(_state("bubblewrap"), reading) is is_low
    assert not is_low_risk(_state(""), reading)


@pytest.mark.parametrize(
    "message", ["", "yes", "ALLOW", "ALLOW:", "ALLOW: a\nPERSON: b", json.dumps({"is_allowed": True})]
)
def test_anything_but_one_plain_line_is_no_verdict(message: str) -> None:
    assert not verdict_of(message)["is_allowed"]
