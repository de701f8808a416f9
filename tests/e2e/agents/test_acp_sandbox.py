"""The bridge with real ACP agents that have no sandbox of their own: what they see, may write, and keep."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
import yaml

from agents.scripted.script import parse
from agents.scripted.server import ScriptedModel
from cockpit.providers.sandbox import Sandbox
from cockpit.sessions.types import AgentReady, Answer, AnswerDecision, RequestRaised, TurnEnded, TurnReason
from tests.agents.bench import Bench
from tests.e2e.agents.bed import programs
from tests.e2e.model import rule, run, say

pytestmark = pytest.mark.timeout(180)

AGENTS = {
    "claude": ("claude-agent-acp",),
    "gemini": ("gemini", "--acp"),
    "opencode": ("opencode", "acp"),
}
SPY = """
exec >seen.txt 2>&1
cat ../other/a.txt ../../state/journal
ls -A ../../person
echo x >../../repo/evil.txt
echo x >../../repo/.git/hooks/pre-commit
echo x >../other/evil.txt
echo new >mine.txt
git add mine.txt && git -c user.name=a -c user.email=a@b.c commit -qm "By the agent" && git log --oneline | head -1
"""
RULES = [
    rule("spy", say("I look around.", run("sh spy.sh")), say("That is all."), task="Look around", latest="Look around"),
    rule("again", say("I remember."), latest="And now"),
]


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder that is not below /tmp, as no repository of a person is: confined agents have a /tmp of their own."""
    path = Path(tempfile.mkdtemp(prefix="cockpit-test-", dir=programs().parents[1]))
    yield path
    shutil.rmtree(path, ignore_errors=True)


@pytest.fixture
async def bench(folder: Path) -> AsyncIterator[Bench]:
    (folder / "state/homes").mkdir(parents=True)
    (folder / "state/journal").write_text("what nobody is to see\n")
    (folder / "person").mkdir()
    (folder / "workspaces").mkdir()
    bench = Bench(folder, "acp")
    bench.workspace.rmdir()
    bench.workspace = folder / "workspaces/wt"
    bench.hidden = (folder / "state", folder / "workspaces")
    bench.env = {"PATH": f"{programs()}:/usr/local/bin:/usr/bin:/bin", "HOME": str(folder / "person")}
    _repository(folder)
    yield bench
    await bench.close()


def _repository(folder: Path) -> None:
    repo = folder / "repo"
    repo.mkdir()
    (repo / "a.txt").write_text("old\n")
    (repo / "spy.sh").write_text(SPY)
    identity = ("-c", "user.name=a", "-c", "user.email=a@b.c")
    for words in (
        ("init", "-q", "-b", "main"),
        ("add", "."),
        (*identity, "commit", "-qm", "first"),
        ("worktree", "add", "-q", "-b", "cockpit/s1", str(folder / "workspaces/wt")),
        ("worktree", "add", "-q", "-b", "cockpit/s2", str(folder / "workspaces/other")),
    ):
        subprocess.run(("git", *words), cwd=repo, check=True, capture_output=True)


async def _turn(bench: Bench, text: str) -> TurnEnded:
    """Carry out a turn whose every request is allowed."""
    bench.send(text)
    while True:
        event = await bench.until(object, lambda one: isinstance(one, RequestRaised | TurnEnded))
        if isinstance(event, TurnEnded):
            return event
        assert isinstance(event, RequestRaised)
        bench.command(Answer(id=bench.command_id(), request=event.request, decision=AnswerDecision.ONCE))


@pytest.mark.parametrize("name", AGENTS)
async def test_an_agent_as_a_whole_is_confined_and_remembers(name: str, bench: Bench, folder: Path) -> None:
    async with ScriptedModel(parse(yaml.safe_dump({"rules": RULES})), request_log=bench.request_log) as model:
        endpoint = model.url if name == "opencode" else model.url.removesuffix("/v1")
        bench.settings = {"command": AGENTS[name], "model": "gemini-2.5-pro", "base_url": endpoint}
        bench.limit_s = 90
        await bench.start()
        ready = bench.seen(AgentReady)[0]
        assert bool(ready.sandbox) is Sandbox.detect().is_active

        assert (await _turn(bench, "Look around")).reason is TurnReason.COMPLETED
        seen = (bench.workspace / "seen.txt").read_text()
        assert "By the agent" in seen and "what nobody is to see" not in seen and "old" not in seen
        assert not (folder / "repo/evil.txt").exists() and not (folder / "repo/.git/hooks/pre-commit").exists()
        assert not (folder / "workspaces/other/evil.txt").exists()
        assert not list((folder / "person").iterdir()), "nothing is written into the person's home"

        bench.thread = ready.thread
        await bench.finish()
        await bench.start(resume=True)
        assert (await _turn(bench, "And now")).summary == "I remember."
        assert "I look around." in str(bench.requests()[-1]), "the conversation is whole"
