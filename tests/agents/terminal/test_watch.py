"""What a program does is told from its screen only when it has lasted."""

from __future__ import annotations

from agents.terminal.settings import Patterns, TerminalSettings
from agents.terminal.watch import Doing, ScreenWatch


def watch(*, working: str = "", waiting: str = "", idle: str = "") -> ScreenWatch:
    patterns = Patterns(working=working, waiting=waiting, idle=idle)
    settings = TerminalSettings(command=("x",), patterns=patterns, hold_ms=300, settle_ms=1000, quiet_s=5)
    return ScreenWatch(settings, 0.0)


def test_a_state_counts_when_it_has_held() -> None:
    one = watch(idle=r"\$\Z")
    assert one.look("$", 1.0) is Doing.WORKING
    assert one.due_at() == 1.3
    assert one.look("$", 1.2) is Doing.WORKING
    assert one.look("$", 1.31) is Doing.IDLE
    assert one.due_at() == float("inf")


def test_flapping_never_counts() -> None:
    one = watch(working="busy", idle=r"\$\Z")
    one.look("$", 0.0)
    one.look("$", 0.4)
    for tick in range(21):
        assert one.look("busy" if tick % 2 else "$", 1.0 + tick * 0.2) is Doing.IDLE
    assert one.look("busy", 6.0) is Doing.IDLE
    assert one.look("busy", 6.31) is Doing.WORKING


def test_after_a_message_idle_must_settle_unless_work_was_seen() -> None:
    one = watch(working="busy", idle="prompt")
    one.look("prompt", 0.0)
    one.look("prompt", 0.4)
    one.began(1.0)
    assert one.look("prompt", 1.1) is Doing.WORKING
    assert one.look("prompt", 1.9) is Doing.WORKING, "it has not begun yet"
    assert one.look("busy prompt", 2.0) is Doing.WORKING
    assert one.look("busy prompt", 2.4) is Doing.WORKING
    assert one.look("prompt", 3.0) is Doing.WORKING
    assert one.look("prompt", 3.31) is Doing.IDLE, "it has worked, so a short hold is enough"
    one.began(4.0)
    one.look("prompt", 4.0)
    assert one.look("prompt", 5.1) is Doing.IDLE, "it never began: done after the settling time"


def test_waiting_counts_before_working_and_that_before_idle() -> None:
    one = watch(working="esc to stop", waiting="Allow", idle=">")
    one.look("> esc to stop Allow", 0.0)
    assert one.look("> esc to stop Allow", 0.5) is Doing.WAITING
    one.look("> esc to stop", 1.0)
    assert one.look("> esc to stop", 1.5) is Doing.WORKING
    one.look(">", 2.0)
    assert one.look(">", 2.5) is Doing.IDLE


def test_without_a_pattern_silence_is_idle() -> None:
    one = watch()
    one.look("a", 0.0)
    one.look("b", 4.0)
    assert one.due_at() == 9.0
    assert one.look("b", 8.9) is Doing.WORKING
    assert one.look("b", 9.0) is Doing.IDLE
    one.look("c", 10.0)
    assert one.look("c", 10.4) is Doing.WORKING


def test_without_an_idle_pattern_what_is_told_as_working_is_no_silence() -> None:
    one = watch(working="thinking")
    one.look("thinking", 0.0)
    assert one.look("thinking", 60.0) is Doing.WORKING
    one.look("done", 61.0)
    assert one.look("done", 66.0) is Doing.IDLE
