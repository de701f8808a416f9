"""How a headless run ends."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from cockpit.cli import FAILED, NEEDS_HUMAN, OK
from cockpit.cli.follow import Follower
from cockpit.costs.types import FLEET_USED_UP
from cockpit.demo import build
from cockpit.protocol.client import Client
from cockpit.protocol.types import Snapshot
from cockpit.sessions.types import SessionStatus, Task
from cockpit.state.model import STATE, SessionState, State
from cockpit.types import SessionId


class Pushes(Client):
    """A supervisor that says these things and then nothing more."""

    def __init__(self, *pushes: Snapshot) -> None:
        self._said = pushes

    async def pushes(self) -> AsyncIterator[Snapshot]:
        for push in self._said:
            yield push
        await asyncio.Event().wait()


def snapshot(*statuses: SessionStatus) -> Snapshot:
    state = State(seq=9)
    for number, status in enumerate(statuses, start=1):
        one = SessionId(f"s{number}")
        state.sessions[one] = SessionState(
            id=one, number=number, task=Task(prompt="do it"), created_at=0.0, status=status
        )
    return Snapshot(seq=9, state=STATE.dump_json(state).decode())


@pytest.mark.parametrize(
    ("statuses", "exit_status"),
    [
        ((SessionStatus.LANDED, SessionStatus.READY), OK),
        ((SessionStatus.LANDED, SessionStatus.WAITING), NEEDS_HUMAN),
        ((SessionStatus.PAUSED, SessionStatus.FAILED), FAILED),
    ],
)
async def test_the_exit_status_says_whether_somebody_has_to_look(
    statuses: tuple[SessionStatus, ...], exit_status: int
) -> None:
    sessions = [SessionId("s1"), SessionId("s2")]
    follower = Follower(Pushes(snapshot(*statuses)), sessions, approve="never", as_json=False)
    assert await follower.follow(20.0) == exit_status


async def test_what_waits_for_the_fleet_to_be_let_go_on_is_not_waited_for() -> None:
    state = STATE.validate_json(snapshot(SessionStatus.PAUSED, SessionStatus.QUEUED).state)
    state.sessions[SessionId("s2")].reason = FLEET_USED_UP
    said = snapshot().model_copy(update={"state": STATE.dump_json(state).decode()})
    follower = Follower(Pushes(said), [SessionId("s1"), SessionId("s2")], approve="clean", as_json=False)
    assert await follower.follow(20.0) == NEEDS_HUMAN


async def test_giving_up_before_anything_was_heard_is_no_success() -> None:
    follower = Follower(Pushes(), [SessionId("s1")], approve="never", as_json=False)
    assert await follower.follow(0.01) == NEEDS_HUMAN


def test_the_demo_asks_nothing_of_the_persons_git(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    settings = tmp_path / "gitconfig"
    settings.write_text("[commit]\ngpgSign = true\n[gpg]\nprogram = false\n[core]\nhooksPath = /nowhere\n")
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(settings))
    assert (build(tmp_path) / "cockpit.toml").exists()
