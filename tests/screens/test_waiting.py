"""Title, bell and notification: once when something begins to wait, and never as a way into the terminal."""

from __future__ import annotations

import pytest

from cockpit.protocol.types import Snapshot
from cockpit.screens.store import LinkStatus, Store
from cockpit.screens.waiting import QUIET_S, WaitingSigns, through_tmux
from cockpit.sessions.types import AttentionKind
from cockpit.state.model import STATE
from tests.providers.corpus import HOSTILE
from tests.screens import samples
from tests.screens.supervisor import FakeSupervisor


class Terminal:
    """Reads what would be written, at a time of its own."""

    def __init__(self, terminal: str = "xterm", *, is_tmux: bool = False) -> None:
        self.written: list[str] = []
        self.now_s = 0.0
        self.story = FakeSupervisor()
        self.store = Store()
        self.store.stands(LinkStatus.LIVE)
        self.signs = WaitingSigns(
            self.written.append, "/src/payments", terminal, is_tmux=is_tmux, monotonic=lambda: self.now_s
        )

    def follow(self) -> str:
        """Show the story so far, and return what it made the screen write."""
        self.written.clear()
        self.store.take(Snapshot(state=STATE.dump_json(self.story.state).decode()))
        self.signs.follow(self.store)
        return "".join(self.written)

    def wait_for(self, name: str, title: str) -> None:
        """Let a session wait for a person."""
        session = samples.created(self.story, name)
        samples.raised(self.story, session, AttentionKind.REQUEST, title)


def test_the_title_counts_what_waits() -> None:
    terminal = Terminal()
    samples.started(terminal.story)
    assert terminal.follow() == "\x1b]2;cockpit · payments\x1b\\"
    assert terminal.follow() == ""
    terminal.wait_for("one", "go on?")
    assert "\x1b]2;cockpit 1 waiting · payments\x1b\\" in terminal.follow()


def test_what_waited_before_does_not_ring() -> None:
    terminal = Terminal()
    terminal.wait_for("one", "go on?")
    assert "\x07" not in terminal.follow()


def test_a_new_wait_rings_and_notifies_once() -> None:
    terminal = Terminal()
    terminal.follow()
    terminal.wait_for("fix login", "pip install httpx; rm x")
    written = terminal.follow()
    assert written.endswith("\x07\x1b]9;1 fix login: pip install httpx, rm x\x1b\\")
    assert terminal.follow() == ""


def test_many_waits_in_a_short_time_ring_once_more_later() -> None:
    terminal = Terminal()
    terminal.follow()
    terminal.wait_for("one", "a?")
    terminal.follow()
    terminal.wait_for("two", "b?")
    terminal.wait_for("three", "c?")
    assert "\x07" not in terminal.follow()
    terminal.now_s = QUIET_S
    assert terminal.follow().endswith("\x07\x1b]9;2 two: b? (and 1 more)\x1b\\")


def test_both_can_be_switched_off() -> None:
    terminal = Terminal()
    terminal.signs.bell = terminal.signs.notify = False
    terminal.follow()
    terminal.wait_for("one", "a?")
    assert "\x07" not in terminal.follow()


@pytest.mark.parametrize("name", ["foot", "rxvt-unicode-256color"])
def test_terminals_that_know_the_other_sequence_get_it(name: str) -> None:
    terminal = Terminal(name)
    terminal.follow()
    terminal.wait_for("one", "a?")
    assert "\x1b]777;notify;cockpit;1 one: a?\x1b\\" in terminal.follow()


def test_tmux_is_asked_to_pass_it_on() -> None:
    terminal = Terminal(is_tmux=True)
    terminal.follow()
    terminal.wait_for("one", "a?")
    assert "\x1bPtmux;\x1b\x1b]9;1 one: a?\x1b\x1b\\\x1b\\" in terminal.follow()
    assert through_tmux("\x1b]9;x\x1b\\").count("\x1b\x1b") == 2


@pytest.mark.parametrize("name", HOSTILE)
def test_nothing_hostile_gets_into_a_sequence(name: str) -> None:
    terminal = Terminal()
    terminal.follow()
    terminal.wait_for("innocent", HOSTILE[name].encode("utf-8", "replace").decode())
    written = terminal.follow()
    title, _, rest = written.partition("\x1b\\")
    bell, _, notification = rest.partition("\x1b]9;")
    assert title.startswith("\x1b]2;")
    assert bell == "\x07"
    assert notification.endswith("\x1b\\")
    assert notification.removesuffix("\x1b\\").isprintable()
    assert ";" not in notification
