from __future__ import annotations

import fcntl
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from cockpit.providers.sandbox import Policy, Sandbox
from cockpit.sessions.runtime import runner

ENV = {"PATH": os.environ["PATH"]}
ECHO = "import sys\nfor line in sys.stdin: print('got', line.strip(), flush=True)"


def until(condition: Callable[[], object], limit_s: float = 20.0) -> None:
    deadline = time.monotonic() + limit_s
    while not condition():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.005)


class Run:
    """One run in a folder, started with Python code or a shell line."""

    def __init__(self, directory: Path, cwd: Path) -> None:
        self.directory = directory
        self.cwd = cwd

    def python(self, code: str) -> runner.Status:
        return self.argv(sys.executable, "-u", "-c", code)

    def argv(self, *argv: str) -> runner.Status:
        return runner.start(self.directory, argv, env=ENV, cwd=self.cwd)

    def out(self) -> str:
        return (self.directory / "out").read_text()

    def ended(self) -> bool:
        return not runner.status(self.directory).alive


@pytest.fixture
def run(tmp_path: Path) -> Iterator[Run]:
    run = Run(tmp_path / "run", tmp_path)
    yield run
    if run.directory.exists():
        runner.stop(run.directory, 0)
        assert runner.marked(run.directory) == []


def test_output_error_output_and_exit_status_are_kept(run: Run) -> None:
    assert run.argv("/bin/sh", "-c", "echo out; echo err >&2; pwd; exit 3").started
    until(run.ended)
    assert runner.status(run.directory) == runner.Status(True, False, 3, len(run.out()), None)
    assert run.out() == f"out\n{run.cwd}\n"
    assert (run.directory / "err").read_text() == "err\n"


def test_starting_again_changes_nothing_while_alive_or_after_the_end(run: Run) -> None:
    first = run.argv("/bin/sh", "-c", "echo once; read line")
    assert first.alive
    assert run.argv("/bin/sh", "-c", "echo twice")._replace(size_bytes=0) == first._replace(size_bytes=0)
    assert runner.send(run.directory, "c1", b"end").outcome == "sure"
    until(run.ended)
    assert not run.argv("/bin/sh", "-c", "echo twice").alive
    assert run.out() == "once\n"


def test_a_start_that_is_held_up_says_so(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runner, "_LAUNCH_TIMEOUT_S", 0.05)
    run.directory.mkdir(mode=0o700)
    with (run.directory / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        with pytest.raises(runner.RunnerError, match=r"could not be started within 0\.05 s"):
            run.argv("/bin/true")


def test_the_agent_is_nobodys_child_and_outlives_the_one_who_started_it(run: Run) -> None:
    code = "import sys,json; from pathlib import Path; from cockpit.sessions.runtime import runner; " + (
        "d=Path(sys.argv[1]); runner.start(d, ['/bin/sh','-c','read line; echo $line'], env={}, cwd=d)"
    )
    subprocess.run([sys.executable, "-c", code, str(run.directory)], check=True, cwd=Path(__file__).parents[2])
    assert runner.status(run.directory).alive
    assert runner.send(run.directory, "c1", b"still here").outcome == "sure"
    until(run.ended)
    assert run.out() == "still here\n"


def test_a_command_is_carried_out_once_however_often_it_is_sent(run: Run) -> None:
    run.python(ECHO)
    assert [runner.send(run.directory, "c1", b'{"n":1}').outcome for _ in range(5)] == ["sure"] + ["dup"] * 4
    assert runner.send(run.directory, "c2", b"two").outcome == "sure"
    until(lambda: "two" in run.out())
    assert run.out() == 'got {"n":1}\ngot two\n'


def test_a_sender_that_died_half_way_leaves_an_unsure_command(run: Run) -> None:
    run.python(ECHO)
    (run.directory / "commands").write_text("intent c1\ninte")
    assert runner.send(run.directory, "c1", b"x").outcome == "unsure"
    assert runner.send(run.directory, "c2", b"y").outcome == "sure"
    assert runner.send(run.directory, "c2", b"y").outcome == "dup"
    until(lambda: "got y" in run.out())


def test_an_agent_that_does_not_read_holds_nobody_up(run: Run) -> None:
    run.argv("/bin/sh", "-c", "trap 'cat' USR1; while :; do sleep 0.02; done")
    started = time.monotonic()
    torn = runner.send(run.directory, "big", b"x" * 200_000, timeout_s=0.1)
    assert torn.outcome == "unsure"
    full = runner.send(run.directory, "more", b"more", timeout_s=0.1)
    assert full.outcome == "error"
    assert time.monotonic() - started < 5
    runner.signal_group(run.directory, signal.SIGUSR1)
    until(lambda: len(run.out()) > 60_000)
    assert runner.send(run.directory, "big", b"x").outcome == "unsure"
    assert runner.send(run.directory, "more", b"more").outcome == "sure"
    until(lambda: run.out().endswith("x\nmore\n"))


def test_what_cannot_be_sent(run: Run) -> None:
    with pytest.raises(runner.RunnerError):
        runner.send(run.directory, "c1", b"x")
    run.argv("/bin/true")
    until(run.ended)
    assert runner.send(run.directory, "c1", b"x").outcome == "error"
    with pytest.raises(ValueError, match="one line"):
        runner.send(run.directory, "c1", b"a\nb")
    with pytest.raises(ValueError, match="one line"):
        runner.send(run.directory, "c 1\n", b"a")


def test_a_signal_reaches_the_agent_and_the_status_tells(run: Run) -> None:
    run.python("import signal\ntry:\n print('up')\n signal.pause()\nexcept KeyboardInterrupt:\n print('interrupted')")
    until(lambda: "up" in run.out())
    assert runner.signal_group(run.directory, signal.SIGINT)
    until(run.ended)
    assert run.out() == "up\ninterrupted\n"
    assert not runner.signal_group(run.directory, signal.SIGINT)


def test_stop_ends_a_deaf_agent_and_its_daemons(run: Run) -> None:
    run.python(
        "import os,signal,time\nsignal.signal(signal.SIGTERM, signal.SIG_IGN)\n"
        "for _ in range(3):\n"
        " if os.fork() == 0:\n  os.setsid()\n  if os.fork(): os._exit(0)\n  print('daemon'); time.sleep(300)\n"
        "time.sleep(300)"
    )
    until(lambda: run.out().count("daemon") == 3)
    assert len(runner.marked(run.directory)) == 5  # keeper, agent, three daemons
    after = runner.stop(run.directory, grace_s=0.1)
    assert not after.alive
    assert after.exit_status == 137
    assert runner.marked(run.directory) == []


def test_a_sandboxed_agent_prints_obeys_and_ends_like_any_other(run: Run) -> None:
    (run.cwd / "work").mkdir()
    policy = Policy(run.cwd / "work", hidden=(run.directory.parent / "run",))
    run.directory.mkdir(mode=0o700)
    code = f"import os\nprint(os.path.exists({str(run.directory / 'out')!r}))\nif os.fork() == 0: os.setsid()\n{ECHO}"
    argv = Sandbox.detect().wrap([sys.executable, "-u", "-c", code], policy)
    run.argv(*argv)
    assert runner.send(run.directory, "c1", b"hello").outcome == "sure"
    until(lambda: "got hello" in run.out())
    assert run.out() == f"{not Sandbox.detect().is_active}\ngot hello\n"
    assert not runner.stop(run.directory, grace_s=5).alive
    assert runner.marked(run.directory) == []


def test_a_polite_agent_may_end_by_itself(run: Run) -> None:
    run.argv("/bin/sh", "-c", "trap 'echo bye; exit 7' TERM; echo up; while :; do sleep 0.02; done")
    until(lambda: "up" in run.out())
    assert runner.stop(run.directory, grace_s=10).exit_status == 7
    assert run.out() == "up\nbye\n"


def test_a_keeper_killed_with_its_machine_leaves_a_lost_run(run: Run) -> None:
    pid = run.argv("/bin/sleep", "300").pid
    assert pid is not None
    os.kill(pid, signal.SIGKILL)
    until(run.ended)
    assert runner.status(run.directory).exit_status is None
    assert len(runner.marked(run.directory)) == 1
    assert runner.stop(run.directory).exit_status == 137


def test_a_process_id_used_again_is_not_taken_for_the_agent(run: Run) -> None:
    run.argv("/bin/true")
    until(run.ended)
    (run.directory / "pid").write_text(f"{os.getpid()} 12345 another-boot\n")
    assert not runner.status(run.directory).alive
    assert not runner.signal_group(run.directory, signal.SIGKILL)


def test_what_cannot_be_started_says_why(run: Run) -> None:
    with pytest.raises(runner.RunnerError, match="No such file"):
        runner.start(run.directory, ["/bin/true"], env=ENV, cwd=run.cwd / "absent")
    assert not runner.status(run.directory).started
    run.argv("/bin/true")  # a failed start leaves the folder usable


def test_a_program_that_does_not_exist_ends_with_the_shells_status(run: Run) -> None:
    run.argv("/no/such/agent")
    until(run.ended)
    assert runner.status(run.directory).exit_status == 127
    assert "not found" in (run.directory / "err").read_text()


def test_a_folder_that_others_can_enter_is_refused(run: Run) -> None:
    run.directory.mkdir(mode=0o755)
    run.directory.chmod(0o755)
    with pytest.raises(runner.RunnerError, match="private"):
        run.argv("/bin/true")
    run.directory.chmod(0o700)


def test_the_agent_starts_with_ordinary_signals_and_the_environment_it_was_given(run: Run) -> None:
    run.python(
        "import json,os,signal\nprint(json.dumps([sorted(os.environ), os.umask(0),"
        " [signal.getsignal(s) == signal.SIG_DFL for s in (signal.SIGHUP, signal.SIGTERM, signal.SIGQUIT)],"
        " len(os.listdir('/dev/fd'))]))\n"
    )
    until(run.ended)
    names, umask, defaults, descriptors = json.loads(run.out())
    assert set(names) - {"LC_CTYPE", "PWD", "SHLVL", "_", "OLDPWD", "__CF_USER_TEXT_ENCODING"} == {
        "COCKPIT_SPOOL",
        "PATH",
    }
    assert umask == os.umask(umask) or os.umask(umask) == umask
    assert defaults == [True] * 3
    assert descriptors == 4  # three and the one that lists them


def test_it_needs_nothing_but_the_standard_library(tmp_path: Path) -> None:
    alone = tmp_path / "alone.py"
    alone.write_bytes(Path(runner.__file__).read_bytes())
    code = (
        "import alone, pathlib; d = pathlib.Path('spool'); "
        "alone.start(d, ['/bin/sh', '-c', 'read line'], env={}, cwd=pathlib.Path('/')); "
        "assert alone.status(d).alive; print(alone.stop(d).exit_status)"
    )
    done = subprocess.run([sys.executable, "-S", "-c", code], cwd=tmp_path, capture_output=True, text=True, check=True)
    assert done.stdout == "143\n"
