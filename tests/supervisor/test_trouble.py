"""Agents, people and disks misbehave; one session's trouble stays its own."""

from __future__ import annotations

import asyncio
import gc
import shutil
from pathlib import Path

import pytest

from agents.registry import driver
from cockpit.changes.runtime import MergeQueue
from cockpit.journal.errors import JournalFailedError
from cockpit.journal.repo import Journal
from cockpit.journal.types import CheckFinished, Noted, WorkspaceReady
from cockpit.protocol.client import CommandFailed, SupervisorGone
from cockpit.protocol.types import Approve, GetStats, Resume, Stop
from cockpit.sessions.runtime.spool import Spool, SpoolError
from cockpit.sessions.types import AgentNotice, AttentionKind, Budget, Task, ToolStarted
from cockpit.supervisor import landing
from cockpit.supervisor.agent import agent_env
from tests.supervisor.world import CHECK, CONFIG, S, World, git, is_alive, make_repository, open_world

TOKEN = "ghp_" + "a1B2" * 10


async def test_a_used_up_budget_pauses_even_a_deaf_agent(world: World) -> None:
    ana = await world.start()
    one = await ana.task("usage 5000\ndeaf", budget=Budget(tokens=1000))
    paused = await ana.status(one, S.PAUSED)
    assert paused.reason == "budget used up: 5,000 tokens (budget: 1,000)"
    assert [item.kind for item in ana.state.attention.values()] == [AttentionKind.PAUSED]
    await ana.call(Resume(session=one, text="!usage 900\n!write a.txt ok"))
    ready = await ana.status(one, S.READY)
    assert ready.allowance.tokens == 5000


async def test_minutes_of_work_are_a_budget_and_waiting_for_a_human_is_not_work(world: World) -> None:
    ana = await world.start()
    asks = await ana.task("ask me", budget=Budget(minutes=0.002))
    works = await ana.task("hang", budget=Budget(minutes=0.002))
    paused = await ana.status(works, S.PAUSED)
    assert "minutes of work" in paused.reason
    assert (await ana.status(asks, S.WAITING)).worked_s < 0.12


async def test_a_silent_agent_is_shown_until_it_speaks(tmp_path: Path, home: Path) -> None:
    config = CONFIG.replace("[sessions]", "[sessions]\nstall_minutes = 0.003")
    async with open_world(make_repository(tmp_path / "repo", config)) as world:
        ana = await world.start()
        go = tmp_path / "go"
        one = await ana.task(f"wait {go}\nwrite a.txt ok")
        await ana.until(lambda: f"{one}:stalled" in ana.state.attention)
        go.touch()
        await ana.status(one, S.READY)
        assert [item.kind for item in ana.state.attention.values()] == [AttentionKind.READY]


async def test_a_folder_deleted_by_hand_is_told_and_made_again_from_the_branch(world: World) -> None:
    ana = await world.start()
    one = await ana.task("write a.txt ok")
    await ana.status(one, S.READY)
    await asyncio.to_thread(shutil.rmtree, world.workspace(one))
    with pytest.raises(CommandFailed, match="nothing runs"):
        await ana.call(Stop(session=one))
    await ana.call(Approve(session=one))  # the commit does not need the folder
    await ana.status(one, S.LANDED)

    two = await ana.task("fail first", "write b.txt ok")
    await ana.status(two, S.FAILED)
    await asyncio.to_thread(shutil.rmtree, world.workspace(two))
    await ana.call(Resume(session=two))
    await ana.status(two, S.READY)
    notes = await ana.kind(two, Noted)
    assert "made again from cockpit/" in notes[0].text


async def test_a_folder_deleted_under_a_working_agent_fails_that_session_only(world: World, tmp_path: Path) -> None:
    ana = await world.start()
    go = tmp_path / "go"
    other = await ana.task(f"wait {go}\nwrite o.txt ok")
    one = await ana.task(f"wait {go}")
    await ana.status(one, S.WORKING)
    await ana.kind(one, WorkspaceReady)
    await asyncio.to_thread(shutil.rmtree, world.workspace(one))
    go.touch()
    failed = await ana.status(one, S.FAILED)
    assert "is gone" in failed.reason
    assert "is gone" in ana.state.attention[f"{one}:failed"].title
    await ana.status(other, S.READY)


async def test_a_spool_that_cannot_be_followed_ends_that_agent_only(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    ana = await world.start()
    good = await ana.task("write a.txt ok", title="good")
    await ana.status(good, S.READY)
    follow = Spool.follow

    def broken(self: Spool, offset: int = 0):  # type: ignore[no-untyped-def]  # an async generator like the real one
        if "bad" in str(self.directory):
            raise SpoolError("no watch left")
        return follow(self, offset)

    monkeypatch.setattr(Spool, "follow", broken)
    bad = await ana.task("hang", title="bad")
    lost = await ana.status(bad, S.INTERRUPTED, S.FAILED)
    assert "no watch left" in lost.reason
    monkeypatch.undo()
    assert (await ana.call(GetStats()))["sessions"] == {"ready": 1, lost.status: 1}


async def test_what_an_agent_prints_is_bounded_and_nonsense_is_a_notice(world: World) -> None:
    ana = await world.start()
    one = await ana.task("raw not json\nlong 3000000\nflood 3000\nwrite a.txt ok")
    await ana.status(one, S.READY)
    notices = [n.text for n in await ana.said(one, AgentNotice, 2)]
    assert any("no event" in text and "not json" in text for text in notices)
    assert any("3,000," in text for text in notices)
    assert len(await ana.said(one, ToolStarted, 3000)) == 3000


async def test_an_agent_cannot_forge_its_own_exit(world: World) -> None:
    ana = await world.start()
    one = await ana.task('raw {"type": "exited", "exit_code": 0}\nwrite a.txt ok')
    ready = await ana.status(one, S.READY)
    assert ready.run == 1


async def test_secrets_are_taken_out_of_what_agents_checks_and_people_say(tmp_path: Path, home: Path) -> None:
    command = f'["/bin/sh", "-c", "echo found {TOKEN}; test ! -e a.txt"]'
    leaky = f'[checks.leaky]\ncommand = {command}\nparser = "exit-code"\n'
    async with open_world(make_repository(tmp_path / "repo", CONFIG + leaky)) as world:
        ana = await world.start()
        one = await ana.task(f"say my token is {TOKEN}\nwrite a.txt x", budget=Budget(rounds=1))
        await ana.status(one, S.PAUSED)
        await ana.kind(one, CheckFinished)
        kept = [e.model_dump_json() for e in ana.events]
        assert not [line for line in kept if TOKEN in line]
        assert any("[redacted]" in line and '"message"' in line for line in kept)
        assert TOKEN not in repr(ana.state)
    data = b"".join(file.read_bytes() for file in world.paths.state.glob("journal.sqlite3*"))
    assert TOKEN.encode() not in data


def test_an_agent_sees_no_secret_but_the_key_of_its_model() -> None:
    env = {
        "PATH": "/bin",
        "HOME": "/h",
        "LANG": "C",
        "https_proxy": "p",
        "MY_KEY": "k",
        "OPENAI_API_KEY": "o",
        "GITHUB_TOKEN": "g",
    }
    native, mechanic = driver("native"), driver("mechanic")
    mine = native.variables({"api_key_env": "MY_KEY"})
    assert agent_env(mine, env).keys() == {"PATH", "HOME", "LANG", "https_proxy", "MY_KEY"}
    assert "OPENAI_API_KEY" in agent_env(native.variables({}), env)
    assert agent_env(mechanic.variables({}), env).keys() == {"PATH", "HOME", "LANG", "https_proxy"}


async def test_the_agent_process_gets_no_more_than_that(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOME_TOKEN", "secret-value-1")
    ana = await world.start()
    one = await ana.task("spawn\nhang")
    pid = world.workspace(one) / "daemon.pid"
    while not (pid.exists() and pid.read_text()):
        await asyncio.sleep(0.01)
    environ = Path(f"/proc/{pid.read_text()}/environ")
    if environ.exists():
        seen = environ.read_bytes()
        assert b"SOME_TOKEN" not in seen
        assert f"COCKPIT_SESSION={one}".encode() in seen
    await ana.call(Stop(session=one))
    await ana.status(one, S.INTERRUPTED)
    await ana.until(lambda: ana.session(one).has_exited)
    assert not is_alive(int(pid.read_text()))


async def test_a_configuration_is_reloaded_and_a_broken_one_changes_nothing(world: World) -> None:
    ana = await world.start()
    file = world.repository / "cockpit.toml"
    file.write_text("[sessions\n")
    await ana.until(lambda: ana.state.config_error)
    one = await ana.task("write a.txt ok")
    assert (await ana.status(one, S.READY)).receipt is not None
    assert set(ana.state.check_names) == {"tidy"}
    file.write_text(CONFIG + CHECK.replace("tidy", "neat"))
    await ana.until(lambda: ana.state.check_names == ("neat",))
    assert not ana.state.config_error


async def test_a_set_up_that_fails_is_told_and_tried_again(tmp_path: Path, home: Path) -> None:
    gate = tmp_path / "gate"
    config = CONFIG.replace(
        "[sessions]", f'[sessions]\nsetup = ["/bin/sh", "-c", "test -e {gate} && echo x >made.txt"]'
    )
    async with open_world(make_repository(tmp_path / "repo", config)) as world:
        ana = await world.start()
        one = await ana.task("write a.txt ok")
        assert "set-up command ended with status 1" in (await ana.status(one, S.FAILED)).reason
        gate.touch()
        await ana.call(Resume(session=one))
        await ana.status(one, S.READY)
        assert (world.workspace(one) / "made.txt").exists()


async def test_landing_sets_up_the_tree_it_tests(tmp_path: Path, home: Path) -> None:
    config = CONFIG.replace("[sessions]", '[sessions]\nsetup = ["/bin/sh", "-c", "mkdir -p lib && touch lib/made"]')
    needs = '[checks.needs]\ncommand = ["/bin/sh", "-c", "test -e lib/made"]\nparser = "exit-code"\nwhen = "merge"\n'
    repository = make_repository(tmp_path / "repo", config + needs)
    (repository / ".gitignore").write_text("lib/\n")
    git(repository, "add", "-A")
    git(repository, "commit", "-qm", "ignore")
    async with open_world(repository) as world:
        ana = await world.start()
        one = await ana.task("write a.txt ok")
        await ana.status(one, S.READY)
        await ana.call(Approve(session=one))
        await ana.status(one, S.LANDED)


async def test_what_blocks_a_landing_is_asked_of_a_person(world: World) -> None:
    ana = await world.start()
    one = await ana.task("write base.txt changed")
    await ana.status(one, S.READY)
    (world.repository / "base.txt").write_text("my own work\n")
    await ana.call(Approve(session=one))
    await ana.until(lambda: f"{one}:blocked" in ana.state.attention)
    git(world.repository, "checkout", "-q", "base.txt")
    (world.paths.config / "config.toml").write_text('[policy]\ncommands = ["ls"]\n')  # it looks again at once
    await ana.status(one, S.LANDED)
    assert (world.repository / "base.txt").read_text() == "changed\n"


async def test_a_failed_journal_ends_the_supervisor_and_says_why(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    ana = await world.start()
    one = await ana.task("hang")
    await ana.status(one, S.WORKING)
    journals = [o for o in _objects(Journal) if not o.failure]
    journals[0]._fail(OSError("disk full"))
    await ana.until(lambda: ana.is_over)
    with pytest.raises(SupervisorGone, match="disk full"):
        await ana.call(GetStats())
    assert world.serving is not None
    with pytest.raises(JournalFailedError):
        await world.serving
    world.serving = None
    assert "takes no more" in (world.paths.logs / "supervisor.log").read_text()
    again = await world.start()  # the agent went on
    assert (await again.status(one, S.WORKING)).run == 1


def _objects(kind: type[Journal]) -> list[Journal]:
    return [one for one in gc.get_objects() if isinstance(one, kind) and one._closing is None]


async def test_a_thousand_tasks_are_queued_at_once(tmp_path: Path, home: Path) -> None:
    config = CONFIG.replace("8", "1")
    async with open_world(make_repository(tmp_path / "repo", config)) as world:
        ana = await world.start()
        first = await ana.task("hang")
        await ana.status(first, S.WORKING)
        created = await ana.tasks(*(Task(prompt="write a.txt x", title=f"task {n}") for n in range(1000)))
        assert len(set(created)) == 1000
        await ana.until(lambda: len(ana.state.sessions) == 1001)
        assert (await ana.call(GetStats()))["sessions"] == {"working": 1, "queued": 1000}


async def test_a_merge_queue_that_fails_inside_is_made_anew(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(landing, "REPAIR_S", 0.01)
    advance = MergeQueue._advance
    failures = [ZeroDivisionError("a bug of ours")]

    async def broken(self: MergeQueue) -> None:
        if failures and self.entries:
            raise failures.pop()
        await advance(self)

    monkeypatch.setattr(MergeQueue, "_advance", broken)
    ana = await world.start()
    one = await ana.task("write a.txt ok")
    await ana.status(one, S.READY)
    await ana.call(Approve(session=one))
    await ana.status(one, S.LANDED)
    assert any("a bug of ours" in note for note in ana.state.notes)


async def test_an_app_that_cannot_start_is_told_and_costs_nothing_else(tmp_path: Path, home: Path) -> None:
    config = CONFIG + '[sessions.app]\ncommand = ["/no/such/app"]\n'
    async with open_world(make_repository(tmp_path / "repo", config)) as world:
        ana = await world.start()
        one = await ana.task("write a.txt ok")
        await ana.status(one, S.READY)
        await ana.until(lambda: ana.session(one).app.startswith("failed"))
