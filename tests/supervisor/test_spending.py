"""What sessions spend: priced before it is journaled, and one answer for all when the fleet's budget is used up."""

from __future__ import annotations

from pathlib import Path

import pytest

from cockpit.costs.types import FLEET_LIKENESS, FLEET_USED_UP
from cockpit.journal.types import FleetExtended, Noted, StatusChanged
from cockpit.protocol.types import Redirect, Resume
from cockpit.sessions.types import AttentionKind, Budget, Task, TurnStarted, UsageReported
from tests.supervisor.world import CHECK, CONFIG, Person, S, World, make_repository, open_world

FAKE = '[agents.fake]\ndriver = "native"\n'
PRICED = FAKE + 'model = "small-1"\n'
PRICES = '[prices."small-*"]\ninput = 2\noutput = 10\n'
FLEET = "[budget.fleet]\ntokens = 100\n"


def config(fleet: str = "", agent: str = PRICED, more: str = "", places: int = 8) -> str:
    text = CONFIG.replace(FAKE, agent).replace("max_parallel = 8", f"max_parallel = {places}")
    return text + CHECK + fleet + more


def paused(person: Person) -> set[str]:
    items = person.state.attention.values()
    return {item.session for item in items if item.likeness == FLEET_LIKENESS and item.kind is AttentionKind.PAUSED}


async def test_a_call_is_journaled_with_what_it_cost(tmp_path: Path, home: Path) -> None:
    async with open_world(make_repository(tmp_path / "repo", config(more=PRICES))) as world:
        ana = await world.start()
        one = await ana.task("usage 500000\nwrite a.txt ok")
        (call,) = await ana.said(one, UsageReported)
        assert call.cost_usd == 1.0
        ready = await ana.status(one, S.READY)
        assert ready.usage.cost_usd == 1.0
        assert list(ana.state.days) == [ana.state.day]
        assert ana.state.today.tokens == ana.state.total.tokens == 500_000


@pytest.mark.parametrize(("cost", "usd"), [("agent", 7.0), ("table", 2.0)])
async def test_the_agents_own_word_on_the_cost_counts_unless_the_table_is_to(
    cost: str, usd: float, tmp_path: Path, home: Path
) -> None:
    agent = PRICED + f'cost = "{cost}"\nprice = {{ input = 2, output = 1 }}\n'
    said = 'raw {"type": "usage", "input_tokens": 1000000, "cost_usd": 7}'
    async with open_world(make_repository(tmp_path / "repo", config(agent=agent, more=PRICES))) as world:
        ana = await world.start()
        one = await ana.task(f"{said}\nwrite a.txt ok")
        assert (await ana.said(one, UsageReported))[0].cost_usd == usd


async def test_tokens_of_an_agent_that_tells_its_cost_apart_are_not_priced_again(tmp_path: Path, home: Path) -> None:
    script = (
        'raw {"type": "usage", "context_used": 9, "cost_usd": 3}\n'
        'raw {"type": "usage", "input_tokens": 1000000}\nwrite a.txt ok'
    )
    async with open_world(make_repository(tmp_path / "repo", config(more=PRICES))) as world:
        ana = await world.start()
        ready = await ana.status(await ana.task(script), S.READY)
        assert (ready.usage.cost_usd, ready.usage.unpriced_calls) == (3.0, 0)


async def test_a_cost_that_nobody_knows_is_told_once_where_a_budget_counts_it(tmp_path: Path, home: Path) -> None:
    async with open_world(make_repository(tmp_path / "repo", config())) as world:
        ana = await world.start()
        script = "usage 5\nusage 6\nwrite a.txt ok"
        one = await ana.task(script, budget=Budget(cost_usd=1))
        other = await ana.task(script)
        for session in (one, other):
            assert (await ana.status(session, S.READY)).usage.unpriced_calls == 2
        told = [e.event.text for e in ana.events if e.session == one and isinstance(e.event, Noted)]
        assert len(told) == 1
        assert "small-1" in told[0]
        assert not [e for e in ana.events if e.session == other and isinstance(e.event, Noted)]


async def test_when_the_fleets_budget_is_used_up_one_answer_lets_all_go_on(tmp_path: Path, home: Path) -> None:
    async with open_world(make_repository(tmp_path / "repo", config(FLEET, places=2))) as world:
        ana = await world.start()
        go = tmp_path / "go"
        spend = Task(prompt=f"wait {go}\nusage 99\nusage 9\nhang\n---\nwrite a.txt ok", title="spend")
        wait = Task(prompt="hang\n---\nwrite b.txt ok", title="wait")
        one, two, three = await ana.tasks(spend, wait, Task(prompt="write c.txt ok", title="later"))
        for session in (one, two):
            await ana.said(session, TurnStarted)
        go.touch()
        await ana.until(lambda: {one, two} <= paused(ana))
        await ana.until(lambda: ana.session(three).reason.startswith(FLEET_USED_UP))
        assert ana.session(three).status is S.QUEUED
        assert "108 tokens in all (limit: 100)" in ana.session(one).reason
        await ana.call(Resume(session=one))
        for session in (one, two, three):
            await ana.status(session, S.READY)
        assert not paused(ana)
        (extended,) = await ana.kind(one, FleetExtended)
        assert extended.spent == {"tokens": 108.0}
        assert [meter.limit for meter in ana.state.fleet_meters()] == [208.0]
        assert ana.state.stats.decisions == 1


async def test_one_that_would_begin_asks_for_those_that_wait(tmp_path: Path, home: Path) -> None:
    wide = FLEET.replace("100", "1000")
    async with open_world(make_repository(tmp_path / "repo", config(wide, places=1))) as world:
        ana = await world.start()
        first = await ana.task("usage 100\nwrite a.txt ok")
        await ana.status(first, S.READY)
        # Only now, so that the limit is not met while a turn runs, which would end that.
        (world.repository / "cockpit.toml").write_text(config(FLEET, places=1))
        await ana.until(lambda: ana.state.fleet_meters()[0].is_used_up)
        waiting = await ana.tasks(*[Task(prompt=f"write {name}.txt ok") for name in "bcd"])
        await ana.until(lambda: len(paused(ana)) == 1)
        await ana.until(lambda: all(ana.session(one).reason.startswith(FLEET_USED_UP) for one in waiting))
        assert [ana.session(one).status for one in waiting] == [S.PAUSED, S.QUEUED, S.QUEUED]
        await ana.call(Redirect(session=waiting[0], text="go on then"))
        for session in waiting:
            await ana.status(session, S.READY)


async def test_one_whose_workspace_was_being_made_asks_before_its_agent_begins(tmp_path: Path, home: Path) -> None:
    gate = tmp_path / "gate"
    set_up = f'setup = ["/bin/sh", "-c", "while [ ! -e {gate} ]; do sleep 0.02; done"]\n'
    text = config(FLEET).replace("[sessions]\n", f"[sessions]\n{set_up}")
    repository = make_repository(tmp_path / "repo", text)
    async with open_world(repository) as world:
        ana = await world.start()
        gate.touch()
        one = await ana.task(f"wait {tmp_path / 'go'}\nusage 100\nwrite a.txt ok")
        await ana.said(one, TurnStarted)
        gate.unlink()
        two = await ana.task("write b.txt ok")
        await ana.status(two, S.PREPARING)
        (tmp_path / "go").touch()
        await ana.status(one, S.READY, S.PAUSED)
        await ana.until(lambda: ana.state.fleet_meters()[0].is_used_up)
        await world.kill()  # whoever comes next prepares again, and knows that the fleet may not go on
        ana = await world.start()
        gate.touch()
        await ana.until(lambda: two in paused(ana))
        assert ana.session(two).run == 0
        await ana.call(Resume(session=two))
        await ana.status(two, S.READY)


async def test_what_was_granted_holds_after_a_restart(tmp_path: Path, home: Path) -> None:
    async with open_world(make_repository(tmp_path / "repo", config(FLEET))) as world:
        ana = await world.start()
        one = await ana.task("usage 150\nhang", "usage 99\nwrite a.txt ok")
        await ana.until(lambda: one in paused(ana))
        await world.kill()
        ana = await world.start()
        assert one in paused(ana)
        await ana.call(Resume(session=one))
        await ana.status(one, S.READY)
        await world.kill()
        ana = await world.start()
        assert [(meter.spent, meter.limit) for meter in ana.state.fleet_meters()] == [(249.0, 250.0)]
        two = await ana.task("write b.txt ok")
        await ana.status(two, S.READY)


async def test_a_larger_budget_in_the_file_lets_all_go_on(tmp_path: Path, home: Path) -> None:
    async with open_world(make_repository(tmp_path / "repo", config(FLEET, places=1))) as world:
        ana = await world.start()
        spend = Task(prompt="usage 150\nhang\n---\nwrite a.txt ok")
        one, two = await ana.tasks(spend, Task(prompt="write b.txt ok"))
        await ana.until(lambda: one in paused(ana))
        (world.repository / "cockpit.toml").write_text(config(FLEET.replace("100", "1000"), places=1))
        for session in (one, two):
            await ana.status(session, S.READY)
        assert not [e for e in ana.events if isinstance(e.event, FleetExtended)]


async def test_findings_that_were_held_back_are_told_when_the_fleet_goes_on(tmp_path: Path, home: Path) -> None:
    async with open_world(make_repository(tmp_path / "repo", config(FLEET))) as world:
        ana = await world.start()
        one = await ana.task("write a.txt BAD\nusage 100", "write a.txt good")
        await ana.until(lambda: one in paused(ana))
        await ana.call(Resume(session=one))
        ready = await ana.status(one, S.READY)
        assert ready.turn == 2
        moves = [e.event.status for e in ana.events if e.session == one and isinstance(e.event, StatusChanged)]
        assert moves.count(S.PAUSED) == 1


async def test_without_a_fleet_budget_nothing_is_asked(world: World) -> None:
    ana = await world.start()
    one = await ana.task("usage 1000000\nwrite a.txt ok")
    await ana.status(one, S.READY)
    assert not paused(ana)


async def test_an_agent_whose_program_is_not_here_is_known_and_says_how_to_get_it(
    tmp_path: Path, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", "/usr/bin:/bin")
    async with open_world(make_repository(tmp_path / "repo", config())) as world:
        ana = await world.start()
        assert {"codex", "claude"} <= set(ana.state.missing_agents)
        assert not {"fake", "mechanic"} & set(ana.state.missing_agents)
        one = await ana.task("write a.txt ok", agent="codex")
        failed = await ana.status(one, S.FAILED)
        assert "npm install -g @openai/codex" in failed.reason


async def test_an_agents_own_budget_comes_before_the_repositorys_and_after_the_tasks(
    tmp_path: Path, home: Path
) -> None:
    agent = PRICED + "[agents.fake.budget]\ntokens = 10\n"
    async with open_world(
        make_repository(tmp_path / "repo", config(agent=agent, more="[budget]\ntokens = 1\n"))
    ) as world:
        ana = await world.start()
        one = await ana.task("usage 50\nhang")
        larger = await ana.task("usage 50\nwrite a.txt ok", budget=Budget(tokens=100))
        assert (await ana.status(one, S.PAUSED)).reason == "budget used up: 50 tokens (budget: 10)"
        await ana.status(larger, S.READY)
        assert not paused(ana)
