"""The resident runner: an agent's life and its log belong to its machine, not to whoever follows them.

Standard library only and self-contained, so that the same file can be sent to another machine and run there.
One private folder is one run of one agent:

    out       what the agent prints, appended by the agent itself; a byte offset is where a follower resumes
    err       its error output
    in        a FIFO held open for reading and writing, so that nobody sees its end when a client goes away
    pid       process id, start time and boot of the keeper: a process id used again is never signalled
    exit      exit status of the agent, once it has ended
    commands  ledger of what was sent: the intent before the write, its outcome after it
    lock      held while one of them is changed

Only a `sh` (the keeper, leader of the agent's process group) stays resident; it waits and writes the exit status.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import re
import select
import signal
import stat
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from typing import Literal

MARKER = "COCKPIT_SPOOL"
"""Environment variable that names the run's folder in every process of the agent: how stragglers are found."""

_KEEPER = """
d=$1; shift
trap : INT TERM HUP QUIT USR1 USR2 ALRM
"$@"
echo $? >"$d/exit"
"""
_LAUNCH_TIMEOUT_S = 30.0
_COMMAND_ID = re.compile(r"[\w.:/-]{1,128}", re.ASCII)


class RunnerError(Exception):
    """A run cannot be started or reached. The message says why."""


class Status(NamedTuple):
    """What is known about a run."""

    started: bool
    """It was started once; a folder is never used for a second run."""
    alive: bool
    """Its keeper runs, so its agent does."""
    exit_status: int | None
    """Exit status of the agent (128 + signal when killed); None while alive, or when its machine died with it."""
    size_bytes: int
    """How much the agent has printed."""
    pid: int | None
    """Process id of the keeper, which leads the agent's process group; None when it is not alive."""


class Sent(NamedTuple):
    """What became of a command.

    `sure`: handed to the agent, now. `dup`: handed to it before, and not again. `unsure`: it may or may not have
    arrived, and is never repeated; a person must judge. `error`: certainly not handed over, may be sent again.
    """

    outcome: Literal["sure", "dup", "unsure", "error"]
    detail: str = ""


def start(directory: Path, argv: Sequence[str], *, env: Mapping[str, str], cwd: Path) -> Status:
    """Start `argv` under a keeper in `directory`, which is created with mode 0700.

    Doing it again changes nothing, whether the agent lives or has ended: it returns what is known. A new run of the
    agent takes a new folder. Blocks for some 50 ms.

    Raises:
        RunnerError: the folder is not private to us, or the agent could not be started.
    """
    directory = Path(os.path.realpath(directory))
    directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    _check_private(directory)
    try:
        with _locked(directory, _LAUNCH_TIMEOUT_S):
            return _start_locked(directory, argv, env, cwd)
    except (BlockingIOError, subprocess.TimeoutExpired) as error:
        raise RunnerError(f"the agent could not be started within {_LAUNCH_TIMEOUT_S:g} s") from error


def _start_locked(directory: Path, argv: Sequence[str], env: Mapping[str, str], cwd: Path) -> Status:
    if (known := status(directory)).started:
        return known
    with contextlib.suppress(FileExistsError):
        os.mkfifo(directory / "in", 0o600)
    for name in ("out", "err"):
        os.close(os.open(directory / name, os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC, 0o600))
    order = {"directory": str(directory), "argv": list(argv), "env": dict(env), "cwd": str(cwd)}
    # A process of its own forks: forking here, among other threads, could dead-lock the child.
    launcher = subprocess.run(
        [sys.executable, "-I", "-S", "-X", "utf8", str(Path(__file__).resolve()), "launch"],
        input=json.dumps(order).encode(),
        capture_output=True,
        timeout=_LAUNCH_TIMEOUT_S,
        cwd="/",
        check=False,
    )
    if launcher.returncode != 0:
        reason = launcher.stderr.decode(errors="replace").strip().rpartition("\n")[2]
        raise RunnerError(f"the agent could not be started: {reason}")
    return status(directory)


def send(directory: Path, command_id: str, line: bytes, *, timeout_s: float = 5.0) -> Sent:
    """Hand one line to the agent's standard input, at most once for a `command_id` whatever happens in between.

    Blocks for `timeout_s` at most, when the agent does not read.

    Raises:
        ValueError: `line` holds a newline, or `command_id` is not a plain word of at most 128 characters.
        RunnerError: the folder is not private to us.
    """
    if b"\n" in line or _COMMAND_ID.fullmatch(command_id) is None:
        raise ValueError("a command is one line, and its id a plain word")
    _check_private(directory)
    deadline = time.monotonic() + timeout_s
    try:
        with _locked(directory, timeout_s):
            return _send_locked(directory, command_id, line + b"\n", deadline)
    except BlockingIOError:
        return Sent("error", "another command has been waiting for the agent to read")


def signal_group(directory: Path, signum: int) -> bool:
    """Send a signal to the agent's process group. Returns whether the agent was alive to receive it."""
    pid = status(directory).pid
    if pid is None:
        return False
    try:
        os.killpg(pid, signum)
    except ProcessLookupError:
        return False
    return True


def stop(directory: Path, grace_s: float = 5.0) -> Status:
    """End a run: TERM to the group, KILL after `grace_s`, then KILL to every process still marked as part of it.

    Also the way to clear what a lost run has left behind. Blocks until everything is gone, or `grace_s` + 5 s.
    """
    if signal_group(directory, signal.SIGTERM) and not _wait_gone(directory, grace_s):
        signal_group(directory, signal.SIGKILL)
        _wait_gone(directory, 5.0)
    deadline = time.monotonic() + 5.0
    while stragglers := marked(directory):
        for straggler in stragglers:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.kill(straggler, signal.SIGKILL)
        if time.monotonic() > deadline:
            break
        time.sleep(0.01)
    after = status(directory)
    if after.started and not after.alive and after.exit_status is None:
        (directory / "exit").write_text(f"{128 + signal.SIGKILL}\n")  # the keeper was killed before it could
    return status(directory)


def status(directory: Path) -> Status:
    """Return what is known about the run in `directory`; of one never started, that it was not."""
    recorded = _recorded_keeper(directory)
    alive = recorded is not None and _identity(recorded[0]) == recorded[1]
    try:
        size = (directory / "out").stat().st_size
    except FileNotFoundError:
        size = 0
    # Read after the keeper: a run that ended in between is seen as ended.
    ended = None if alive else exit_status(directory)
    return Status(recorded is not None, alive, ended, size, recorded[0] if recorded and alive else None)


def exit_status(directory: Path) -> int | None:
    """Return the agent's exit status, or None when none is recorded (yet)."""
    try:
        text = (directory / "exit").read_text()
    except FileNotFoundError:
        return None
    return int(text) if text.endswith("\n") and text.strip().isdigit() else None


def marked(directory: Path) -> list[int]:
    """Return the live processes whose environment says that they belong to this run, in whatever group or session."""
    mark = f"{MARKER}={os.path.realpath(directory)}".encode()
    proc = Path("/proc")
    if not (proc / "self/environ").exists():
        listing = subprocess.run(
            ["/bin/ps", "-axEww", "-o", "pid=,command="], stdout=subprocess.PIPE, check=True
        ).stdout
        lines = (line.split() for line in listing.splitlines())
        return [int(words[0]) for words in lines if mark in words[1:] and int(words[0]) != os.getpid()]
    found = []
    for name in os.listdir("/proc"):  # noqa: PTH208 - hundreds of names, of which only numbers matter
        if name.isdigit() and int(name) != os.getpid():
            with contextlib.suppress(OSError):
                if mark in (proc / name / "environ").read_bytes().split(b"\0") and _identity(int(name)):
                    found.append(int(name))
    return found


def _send_locked(directory: Path, command_id: str, data: bytes, deadline: float) -> Sent:
    ledger = os.open(directory / "commands", os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
    try:
        outcomes, is_torn = _read_ledger(ledger)
        before = outcomes.get(command_id)
        if before == "done":
            return Sent("dup", "it was carried out before")
        if before is not None:
            return Sent("unsure", "an earlier attempt was interrupted; it may have arrived")
        recorded = _recorded_keeper(directory)
        if recorded is None or _identity(recorded[0]) != recorded[1]:
            return Sent("error", "the agent is not running")
        _record(ledger, "intent", command_id)
        written, size = _write_fifo(directory / "in", b"\n" * is_torn + data, deadline)
        if written == size:
            _record(ledger, "done", command_id)
            return Sent("sure")
        if written == 0:
            _record(ledger, "void", command_id)
            return Sent("error", "the agent does not read its input")
        _record(ledger, "torn", command_id)
        return Sent("unsure", "the agent stopped reading in the middle of the command")
    finally:
        os.close(ledger)


def _read_ledger(ledger: int) -> tuple[dict[str, str], bool]:
    """Return the last word on every command, and whether the last line sent was cut short."""
    with os.fdopen(os.dup(ledger), "rb") as lines:
        lines.seek(0)
        content = lines.read()
    outcomes: dict[str, str] = {}
    is_torn = was_torn = False
    for line in content.decode(errors="replace").splitlines():
        word, _, command_id = line.partition(" ")
        outcomes[command_id] = word
        # An intent without an outcome is a sender that died: half of its line may be in the pipe.
        if word == "intent":
            was_torn, is_torn = is_torn, True
        elif word == "void":
            is_torn = was_torn
            del outcomes[command_id]
        else:
            is_torn = word == "torn"
    if content and not content.endswith(b"\n"):
        os.write(ledger, b"\n")  # a record cut short by a crash must not swallow the next one
    return outcomes, is_torn


def _record(ledger: int, word: str, command_id: str) -> None:
    """Write one word down. It outlives its writer; a power cut, that it may not outlive, ends the agent as well."""
    os.write(ledger, f"{word} {command_id}\n".encode())


def _write_fifo(path: Path, data: bytes, deadline: float) -> tuple[int, int]:
    """Write as much of `data` as the agent takes until `deadline`. Returns how much that was, of how much."""
    try:
        fifo = os.open(path, os.O_WRONLY | os.O_NONBLOCK | os.O_CLOEXEC | os.O_NOFOLLOW)
    except OSError:
        return 0, len(data)
    written = 0
    try:
        if not stat.S_ISFIFO(os.fstat(fifo).st_mode):
            return 0, len(data)
        room = select.poll()
        room.register(fifo, select.POLLOUT)
        while written < len(data):
            try:
                written += os.write(fifo, data[written : written + 65536])
            except BlockingIOError:
                left_s = deadline - time.monotonic()
                if left_s <= 0:
                    break
                room.poll(left_s * 1000)
            except BrokenPipeError:
                break
    finally:
        os.close(fifo)
    return written, len(data)


@contextlib.contextmanager
def _locked(directory: Path, timeout_s: float) -> Iterator[None]:
    """Hold the run's lock.

    Raises:
        BlockingIOError: somebody else has held it for `timeout_s`.
    """
    lock = os.open(directory / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
    deadline = time.monotonic() + timeout_s
    try:
        while True:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.005)
        yield
    finally:
        os.close(lock)


def _check_private(directory: Path) -> None:
    try:
        found = directory.lstat()
    except FileNotFoundError:
        raise RunnerError(f"{directory} does not exist: no run was started there") from None
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.getuid() or stat.S_IMODE(found.st_mode) & 0o077:
        raise RunnerError(f"{directory} is not a private folder of ours (it must have mode 0700)")


def _recorded_keeper(directory: Path) -> tuple[int, str] | None:
    try:
        pid, _, identity = (directory / "pid").read_text().strip().partition(" ")
    except FileNotFoundError:
        return None
    return (int(pid), identity) if pid.isdigit() else None


def _identity(pid: int) -> str | None:
    """Return what tells this process from any other that ever had its id, or None when it is gone (or a zombie)."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text(errors="replace").rpartition(")")[2].split()
        boot = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
        return None if fields[0] in "ZX" else f"{fields[19]} {boot}"
    except OSError:
        if Path("/proc/self/stat").exists():
            return None
    listing = subprocess.run(
        ["/bin/ps", "-o", "stat=,lstart=", "-p", str(pid)], stdout=subprocess.PIPE, env={"LC_ALL": "C"}, check=False
    )
    state, _, started = listing.stdout.decode().strip().partition(" ")
    return " ".join(started.split()) if state and not state.startswith("Z") else None


def _wait_gone(directory: Path, timeout_s: float) -> bool:
    """Wait until the keeper has ended; it is nobody's child, so it cannot be waited for otherwise."""
    deadline = time.monotonic() + timeout_s
    while status(directory).alive:
        if time.monotonic() > deadline:
            return False
        time.sleep(0.01)
    return True


def _launch() -> None:
    """Fork the keeper into a session of its own; runs in a process of its own, which then ends."""
    order = json.loads(sys.stdin.buffer.read())
    directory = Path(order["directory"])
    report, reporter = os.pipe()  # closed by a successful exec
    if os.fork() == 0:
        try:
            os.setsid()
            os.chdir(order["cwd"])
            # Opened here, so that a command sent the moment `start` returns finds the FIFO held.
            for descriptor, name in enumerate(("in", "out", "err")):
                flags = os.O_WRONLY | os.O_APPEND if descriptor else os.O_RDWR
                os.dup2(os.open(directory / name, flags | os.O_NOFOLLOW | os.O_CLOEXEC), descriptor)
            for name in ("SIGPIPE", "SIGXFSZ", "SIGINT", "SIGQUIT", "SIGHUP", "SIGTERM"):
                signal.signal(signal.Signals[name], signal.SIG_DFL)
            signal.pthread_sigmask(signal.SIG_SETMASK, [])
            pid = os.getpid()
            temporary = directory / "pid.new"
            temporary.write_text(f"{pid} {_identity(pid)}\n")
            temporary.replace(directory / "pid")
            env = {**order["env"], MARKER: str(directory)}
            os.execve("/bin/sh", ["/bin/sh", "-c", _KEEPER, "cockpit-agent", str(directory), *order["argv"]], env)
        except OSError as error:
            (directory / "pid").unlink(missing_ok=True)
            os.write(reporter, str(error).encode())
        finally:
            os._exit(1)
    os.close(reporter)
    reason = os.read(report, 4096)
    if reason:
        sys.exit(reason.decode(errors="replace"))


if __name__ == "__main__" and sys.argv[1:] == ["launch"]:
    _launch()
