"""New tasks: who does them, forks of sessions, and what an agent cannot do is said instead of offered."""

from __future__ import annotations

from pathlib import Path

import pytest

from cockpit.journal import types as ev
from cockpit.protocol.types import CreateTasks, Redirect, ReviewChange
from tests.screens import samples
from tests.screens.pages import FleetPage, screen
from tests.screens.supervisor import FakeSupervisor


def mixed(supervisor: FakeSupervisor) -> None:
    """A fleet of several agents, one of which is not installed."""
    supervisor.happen(
        None,
        ev.SupervisorStarted(pid=supervisor.pid, version="0", repository="/src/payments", sandbox="bubblewrap"),
        ev.ConfigLoaded(
            target="main",
            agents=("native", "codex", "gemini", "opencode"),
            default_agent="native",
            missing_agents=("gemini",),
        ),
    )


def launched(supervisor: FakeSupervisor, name: str, agent: str, *abilities: str) -> None:
    session = samples.working(supervisor, name, "pytest")
    supervisor.happen(session, ev.AgentLaunched(run=1, driver="acp", agent=agent, abilities=abilities))


def title(fleet: FleetPage) -> str:
    return str(fleet.app.fleet.box.border_title)


async def test_the_box_says_who_does_it_and_a_key_gives_it_to_another(tmp_path: Path) -> None:
    async with screen(tmp_path, before=mixed) as fleet:
        await fleet.press("n")
        assert title(fleet) == "new task for native"
        await fleet.write("sort imports")
        await fleet.press("ctrl+t")
        await fleet.until(lambda: title(fleet) == "new task for codex")
        await fleet.press("ctrl+t")
        await fleet.until(lambda: title(fleet) == "new task for opencode")
        await fleet.press("enter")
        (create,) = await fleet.supervisor.commanded(CreateTasks)
        assert (create.tasks[0].agent, create.tasks[0].prompt) == ("opencode", "sort imports")
        await fleet.until(lambda: title(fleet) == "new task for native")


async def test_going_round_comes_back_to_the_default_agent(tmp_path: Path) -> None:
    async with screen(tmp_path, before=mixed) as fleet:
        await fleet.press("n")
        await fleet.write("sort imports")
        await fleet.press("ctrl+t", "ctrl+t", "ctrl+t")
        assert fleet.app.fleet.box.text == "sort imports"


@pytest.mark.parametrize(("name", "said"), [("gemini", "cockpit doctor"), ("nobody", "there is no such agent")])
async def test_an_agent_that_cannot_do_it_is_doubted(tmp_path: Path, name: str, said: str) -> None:
    async with screen(tmp_path, before=mixed) as fleet:
        await fleet.press("n")
        await fleet.write(f"@{name} sort imports")
        await fleet.until(lambda: said in title(fleet))
        assert fleet.app.fleet.box.has_class("-doubtful")


async def test_a_fork_is_a_task_on_a_sessions_work(tmp_path: Path) -> None:
    def story(supervisor: FakeSupervisor) -> None:
        mixed(supervisor)
        launched(supervisor, "fix login", "codex", "steers", "forks")

    async with screen(tmp_path, before=story) as fleet:
        await (await fleet.row("fix login")).press("F")
        assert fleet.app.fleet.box.has_focus
        assert title(fleet) == "fork of 1 fix login for codex: with its work, and told what was said"
        await fleet.write("try it with tea")
        await fleet.press("enter")
        (create,) = await fleet.supervisor.commanded(CreateTasks)
        task = create.tasks[0]
        assert (task.agent, task.prompt, task.fork) == ("codex", "try it with tea", "fix-login")
        await fleet.until(lambda: title(fleet) == "new task for native")


async def test_an_empty_fork_is_left_with_escape(tmp_path: Path) -> None:
    def story(supervisor: FakeSupervisor) -> None:
        mixed(supervisor)
        launched(supervisor, "fix login", "native", "steers")

    async with screen(tmp_path, before=story) as fleet:
        await (await fleet.row("fix login")).press("F")
        assert title(fleet).startswith("fork of 1")
        await fleet.press("escape")
        assert title(fleet) == "new task for native"
        assert fleet.app.fleet.list.has_focus


async def test_what_has_no_workspace_cannot_be_forked(tmp_path: Path) -> None:
    def story(supervisor: FakeSupervisor) -> None:
        mixed(supervisor)
        samples.created(supervisor, "later")

    async with screen(tmp_path, before=story) as fleet:
        await (await fleet.row("later")).press("F")
        await fleet.until(lambda: "no work to begin from" in fleet.toasts())


async def test_an_agent_that_cannot_be_steered_is_told_after_its_turn(tmp_path: Path) -> None:
    def story(supervisor: FakeSupervisor) -> None:
        mixed(supervisor)
        launched(supervisor, "fix login", "gemini", "resumes", "asks")

    async with screen(tmp_path, before=story) as fleet:
        await (await fleet.row("fix login")).press("r")
        await fleet.until(lambda: "gemini cannot be steered mid-turn: it gets this after its turn" in fleet.text())
        await fleet.write("use tea")
        await fleet.press("enter")
        (redirect,) = await fleet.supervisor.commanded(Redirect)
        assert redirect.after_turn


async def test_a_review_is_asked_for_or_refused_with_the_reason(tmp_path: Path) -> None:
    def story(supervisor: FakeSupervisor) -> None:
        mixed(supervisor)
        launched(supervisor, "fix login", "codex", "steers", "reviews")
        launched(supervisor, "other", "gemini", "steers")

    async with screen(tmp_path, before=story) as fleet:
        await (await fleet.row("other")).press("E")
        await fleet.until(lambda: "gemini has no review of its own" in fleet.toasts())
        assert not fleet.supervisor.of(ReviewChange)
        await (await fleet.row("fix login")).press("E")
        (review,) = await fleet.supervisor.commanded(ReviewChange)
        assert review.session == "fix-login"
