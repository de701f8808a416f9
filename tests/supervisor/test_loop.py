"""The loop until clean, from the task to the landed change."""

from __future__ import annotations

from cockpit.journal.types import AttentionRaised, AttentionResolved, FindingsSent
from cockpit.protocol.types import Approve, Attention, Resume
from cockpit.sessions.types import AttentionKind, Budget
from tests.supervisor.world import S, World, git


async def test_a_task_becomes_a_clean_change_that_lands(world: World) -> None:
    ana = await world.start()
    one = await ana.task("write a.txt BAD", "write a.txt good")
    ready = await ana.status(one, S.READY)
    assert len(await ana.kind(one, FindingsSent)) == 1
    assert ready.receipt is not None
    assert ready.turn == 2
    await ana.call(Approve(session=one, commit=ready.commit, attention=Attention(looked_s=3, keys=2)))
    await ana.status(one, S.LANDED)
    assert git(world.repository, "show", "main:a.txt") == "good"
    assert (world.repository / "a.txt").read_text() == "good\n"
    assert ana.state.stats.keys == 2
    assert ana.state.stats.looked_s == 3
    assert ana.state.stats.attention_items == 1
    assert not ana.state.attention


async def test_rounds_pause_and_ask_and_resuming_gives_them_again(world: World) -> None:
    ana = await world.start()
    one = await ana.task(*(f"write a.txt BAD {n}" for n in range(4)), "write a.txt ok", budget=Budget(rounds=2))
    paused = await ana.status(one, S.PAUSED)
    assert "budget: 2" in paused.reason
    assert [item.kind for item in ana.state.attention.values()] == [AttentionKind.PAUSED]
    await ana.call(Resume(session=one))
    await ana.until(lambda: ana.session(one).status is S.PAUSED and ana.session(one).turn == 4)
    await ana.call(Resume(session=one))
    await ana.status(one, S.READY)
    raised = await ana.kind(one, AttentionRaised, 3)
    resolved = await ana.kind(one, AttentionResolved, 2)
    assert len(raised) == 3
    assert len(resolved) == 2
