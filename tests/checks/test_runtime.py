from __future__ import annotations

import asyncio
import contextlib
import dataclasses
import os
from collections.abc import Sequence
from pathlib import Path

import psutil
import pytest

from cockpit.checks.config import CheckConfig
from cockpit.checks.repo import CheckCache
from cockpit.checks.runtime import CheckRunner, matcher
from cockpit.checks.types import CheckOutcome, CheckResult, When
from cockpit.providers.sandbox import Policy, Sandbox, SandboxError
from tests.checks.running import CountingRun, check, make, target

BAD = "import os\n\n\ndef double(x: int) -> str:\n    return x * 2\n"
RUFF = check("ruff", "ruff check --isolated --output-format=json .", parser="ruff-json", inputs=["**/*.py"])
MYPY = check("mypy", "mypy --strict --config-file= --cache-dir=/dev/null .", parser="mypy", inputs=["**/*.py"])
TESTS = check(
    "tests",
    "python -m pytest -q -p no:cacheprovider -p no:xdist -p no:hypothesispytest --junitxml={report}",
    parser="junit",
)


def is_alive(pid: int) -> bool:
    """Return whether a process still does anything (an orphan may wait a moment to be reaped by init)."""
    with contextlib.suppress(psutil.NoSuchProcess):
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    return False


@pytest.fixture
def process() -> CountingRun:
    return CountingRun()


@pytest.fixture
def cache(tmp_path: Path) -> CheckCache:
    return CheckCache(tmp_path / "cache")


@pytest.fixture
def runner(process: CountingRun, cache: CheckCache) -> CheckRunner:
    return CheckRunner(process, cache, cores=2)


async def test_real_tools_find_real_mistakes_and_their_repair(
    tmp_path: Path, runner: CheckRunner, process: CountingRun, cache: CheckCache
) -> None:
    work = make(
        tmp_path / "w",
        {"a.py": BAD, "test_a.py": "from a import double\n\n\ndef test_double() -> None:\n    assert double(2) == 5\n"},
    )
    came: list[CheckResult] = []
    results = await runner.run([RUFF, MYPY, TESTS], When.TURN, target(work), came.append)
    assert [one.check for one in results] == ["ruff", "mypy", "tests"]
    assert sorted(one.check for one in came) == ["mypy", "ruff", "tests"]
    assert [one.outcome for one in results] == [CheckOutcome.FAILED] * 3
    codes = {finding.code for one in results for finding in one.findings}
    assert {"F401", "return-value", "test_a::test_double"} <= codes
    failing = results[2].findings[0]
    assert (failing.path, failing.line) == ("test_a.py", 5)
    raw = cache.output(results[2].output)
    assert raw is not None
    assert "1 failed" in raw
    assert not list(work.glob("*.xml"))

    make(work, {"a.py": "def double(x: int) -> int:\n    return x * 2 + 1\n"})
    results = await runner.run([RUFF, TESTS], When.TURN, target(work))
    assert [one.outcome for one in results] == [CheckOutcome.PASSED] * 2
    assert len(process.started) == 5
    assert set(cache.durations_s()) == {"ruff", "mypy", "tests"}


async def test_identical_inputs_never_run_twice_in_any_workspace(
    tmp_path: Path, runner: CheckRunner, process: CountingRun, cache: CheckCache
) -> None:
    one, two = (make(tmp_path / name, {"a.py": BAD, "README.md": name}) for name in ("one", "two"))
    (first,) = await runner.run([RUFF], When.TURN, target(one))
    (second,) = await runner.run([RUFF], When.TURN, target(two))
    assert (first.is_cached, second.is_cached) == (False, True)
    assert second.tree == target(two).tree != first.tree
    assert second.findings == first.findings
    (later,) = await CheckRunner(process, cache, 1).run([RUFF], When.TURN, target(two))
    assert later.is_cached
    assert len(process.started) == 1
    make(two, {"a.py": "x = 1\n"})
    (changed,) = await runner.run([RUFF], When.TURN, target(two))
    assert (changed.outcome, changed.is_cached) == (CheckOutcome.PASSED, False)


async def test_what_a_workspace_hides_from_git_never_decides_what_lands(
    tmp_path: Path, runner: CheckRunner, process: CountingRun
) -> None:
    lint = check("lint", ["bash", "-c", "test -e .planted"])
    workspace, clean, other = (make(tmp_path / name, {"a.txt": ""}) for name in ("workspace", "clean", "other"))
    make(workspace, {".planted": ""})
    (planted,) = await runner.run([lint], When.TURN, target(workspace))
    assert planted.outcome is CheckOutcome.PASSED
    laid_out = dataclasses.replace(target(clean), is_pristine=True)
    (honest,) = await runner.run([lint], When.MERGE, laid_out)
    assert (honest.outcome, honest.is_cached) == (CheckOutcome.FAILED, False)
    (again,) = await runner.run([lint], When.TURN, target(other))
    assert (again.outcome, again.is_cached) == (CheckOutcome.FAILED, True), "an honest verdict holds everywhere"
    assert len(process.started) == 2


async def test_a_rerun_asks_no_cache_and_its_verdict_is_the_one_kept(
    tmp_path: Path, runner: CheckRunner, process: CountingRun
) -> None:
    place, been = make(tmp_path / "w", {"a.txt": ""}), tmp_path / "been"
    flaky = check("flaky", ["bash", "-c", f"test -e {been} || {{ touch {been}; exit 1; }}"])
    (first,) = await runner.run([flaky], When.MERGE, target(place))
    (known,) = await runner.run([flaky], When.MERGE, target(place))
    assert [one.outcome for one in (first, known)] == [CheckOutcome.FAILED] * 2
    assert (known.is_cached, len(process.started)) == (True, 1)
    (again,) = await runner.run([flaky], When.MERGE, target(place), is_rerun=True)
    assert (again.outcome, again.is_cached) == (CheckOutcome.PASSED, False)
    (kept,) = await runner.run([flaky], When.MERGE, target(place))
    assert (kept.outcome, kept.is_cached) == (CheckOutcome.PASSED, True)
    assert len(process.started) == 2


async def test_concurrent_sessions_share_one_run(tmp_path: Path, runner: CheckRunner, process: CountingRun) -> None:
    places = [make(tmp_path / str(number), {"a.txt": "same"}) for number in range(8)]
    slow = check("slow", ["bash", "-c", "sleep 0.2; exit 3"])
    results = await asyncio.gather(*(runner.run([slow], When.TURN, target(place)) for place in places))
    assert len(process.started) == 1
    assert sorted(one.is_cached for (one,) in results) == [False] + [True] * 7
    assert {one.outcome for (one,) in results} == {CheckOutcome.FAILED}


async def test_who_waits_takes_over_when_the_first_is_cancelled(
    tmp_path: Path, runner: CheckRunner, process: CountingRun
) -> None:
    place = make(tmp_path / "w", {"a.txt": ""})
    gate = tmp_path / "gate"
    waits = check("waits", ["bash", "-c", f'while [ ! -e "{gate}" ]; do sleep 0.01; done'])
    began = asyncio.Event()
    first = asyncio.create_task(runner.run([waits], When.TURN, target(place), None, lambda _check: began.set()))
    async with asyncio.timeout(20):
        await began.wait()
    second = asyncio.create_task(runner.run([waits], When.TURN, target(place)))
    await asyncio.sleep(0)
    first.cancel()
    with pytest.raises(asyncio.CancelledError):
        await first
    gate.touch()
    (result,) = await second
    assert (result.outcome, result.is_cached) == (CheckOutcome.PASSED, False)
    assert process.running == 0


async def test_cancelling_kills_the_processes(tmp_path: Path, runner: CheckRunner) -> None:
    place = make(tmp_path / "w", {"a.txt": ""})
    note = tmp_path / "pid"
    stuck = check("stuck", ["bash", "-c", f"sleep 600 & echo $! > {note}.new; mv {note}.new {note}; wait"])
    running = asyncio.create_task(runner.run([stuck], When.TURN, target(place)))
    while not note.exists() and not running.done():
        await asyncio.sleep(0.01)
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    async with asyncio.timeout(10):
        while is_alive(int(note.read_text())):
            await asyncio.sleep(0.01)


async def test_the_cores_bound_what_runs(tmp_path: Path, runner: CheckRunner, process: CountingRun) -> None:
    place = make(tmp_path / "w", {"a.txt": ""})
    checks = [check(f"c{number}", ["bash", "-c", f"sleep 0.05; : {number}"]) for number in range(6)]
    results = await runner.run(checks, When.TURN, target(place))
    assert [one.check for one in results] == [one.name for one in checks]
    assert process.most_running == 2


async def test_the_cheapest_start_first(tmp_path: Path, process: CountingRun, cache: CheckCache) -> None:
    place = make(tmp_path / "w", {"a.txt": ""})
    cache.record_duration("dear", 9.0)
    cache.record_duration("cheap", 0.1)
    started: list[str] = []

    def note(one: CheckConfig) -> None:
        started.append(one.name)

    checks = [check(name, ["bash", "-c", f": {name}"]) for name in ("unknown", "dear", "cheap")]
    await CheckRunner(process, cache, cores=1).run(checks, When.TURN, target(place), None, note)
    assert started == ["cheap", "dear", "unknown"]


async def test_only_what_is_due_runs(tmp_path: Path, runner: CheckRunner) -> None:
    place = make(tmp_path / "w", {"a.txt": ""})
    checks = [check("turn", "true"), check("merge", "true", when="merge")]
    assert [one.check for one in await runner.run(checks, When.HUMAN, target(place))] == ["turn"]
    assert len(await runner.run(checks, When.MERGE, target(place))) == 2


async def test_broken_checks_say_how_to_cure_them_and_are_not_remembered(
    tmp_path: Path, runner: CheckRunner, cache: CheckCache
) -> None:
    place = make(tmp_path / "w", {"a.txt": "", "locked": "#!/nonexistent/shell\n"})
    (place / "locked").chmod(0o755)
    (place / "elsewhere").symlink_to("/etc")
    checks = [
        check("missing", "no-such-tool --now"),
        check("absent", "./tools/lint"),
        check("interpreter", "./locked"),
        check("slow", "sleep 60", timeout_s=0.1),
        check("garbage", "echo hello", parser="sarif"),
        check("folder", "true", cwd="nowhere"),
        check("outside", "true", cwd="elsewhere"),
        check("report", ["true", "{report}"], parser="junit"),
    ]
    for _round in range(2):
        results = {one.check: one for one in await runner.run(checks, When.TURN, target(place))}
        assert {one.outcome for one in results.values()} == {CheckOutcome.BROKEN}
        assert not any(one.is_cached for one in results.values())
    assert "not installed here" in results["missing"].summary
    assert "setup" in results["absent"].summary
    assert "cannot be started" in results["interpreter"].summary
    assert "0.1 s" in results["slow"].summary
    assert "no JSON" in results["garbage"].summary
    assert "not in the workspace" in results["folder"].summary
    assert "not in the workspace" in results["outside"].summary
    assert "wrote no report" in results["report"].summary
    assert cache.durations_s() == {}


async def test_a_pattern_finds_what_a_tool_says_on_either_stream(tmp_path: Path, runner: CheckRunner) -> None:
    place = make(tmp_path / "w", {"a.py": ""})
    say = "echo 'a.py:1: first'; echo 'a.py:2: second' >&2; exit 1"
    lint = check("lint", ["bash", "-c", say], parser="regex", pattern=r"^(?P<path>\S+):(?P<line>\d+): (?P<message>.*)$")
    (result,) = await runner.run([lint], When.TURN, target(place))
    assert [(one.path, one.line, one.message) for one in result.findings] == [
        ("a.py", 1, "first"),
        ("a.py", 2, "second"),
    ]


async def test_a_pattern_that_never_ends_is_ended(
    tmp_path: Path, runner: CheckRunner, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(matcher, "TIMEOUT_S", 0.3)
    place = make(tmp_path / "w", {"a.py": ""})
    endless = check("endless", ["echo", "a" * 60 + "!"], parser="regex", pattern=r"^(?P<message>(a+)+)$")
    (result,) = await runner.run([endless], When.TURN, target(place))
    assert (result.outcome, result.is_cached) == (CheckOutcome.BROKEN, False)
    assert "pattern takes too long" in result.summary


async def test_a_report_file_is_taken_away_and_an_old_one_never_counts(tmp_path: Path, runner: CheckRunner) -> None:
    place = make(tmp_path / "w", {"out/report.json": '[{"message": "old"}]', "a.txt": ""})
    writes = check(
        "writes", ["bash", "-c", "echo '[]' > out/report.json"], parser="ruff-json", report="out/report.json"
    )
    forgets = check("forgets", "true", parser="ruff-json", report="out/report.json")
    (result,) = await runner.run([writes], When.TURN, target(place))
    assert (result.outcome, (place / "out/report.json").exists()) == (CheckOutcome.PASSED, False)
    make(place, {"out/report.json": "[]"})
    (result,) = await runner.run([forgets], When.TURN, target(place))
    assert result.outcome is CheckOutcome.BROKEN


async def test_a_planted_link_is_neither_read_nor_removed(tmp_path: Path, runner: CheckRunner) -> None:
    secret = tmp_path / "secret" / "report.json"
    make(tmp_path, {"secret/report.json": "[]"})
    place = make(tmp_path / "w", {"a.txt": ""})
    (place / "out").symlink_to(secret.parent)
    (place / "link.json").symlink_to(secret)
    os.mkfifo(place / "pipe.json")
    checks = [
        check(f"c{number}", "true", parser="ruff-json", report=report, inputs=["a.txt"])
        for number, report in enumerate(("out/report.json", "link.json", "pipe.json"))
    ]
    results = await runner.run(checks, When.TURN, target(place))
    assert {one.outcome for one in results} == {CheckOutcome.BROKEN}
    assert secret.exists()


async def test_the_supervisors_secrets_do_not_reach_checks(
    tmp_path: Path, runner: CheckRunner, cache: CheckCache, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-very-secret")
    place = make(tmp_path / "w", {"a.txt": ""})
    (result,) = await runner.run([check("env", "env", env={"MINE": "yes"})], When.TURN, target(place))
    raw = cache.output(result.output) or ""
    assert "sk-very-secret" not in raw
    assert "MINE=yes" in raw
    assert "NO_COLOR=1" in raw


async def test_what_is_kept_and_told_is_redacted(tmp_path: Path, process: CountingRun) -> None:
    cache = CheckCache(tmp_path / "cache", redact=lambda text: text.replace("hunter2", "<secret>"))
    place = make(tmp_path / "w", {"a.txt": ""})
    leaks = check("leaks", ["bash", "-c", "echo password is hunter2; exit 1"])
    (result,) = await CheckRunner(process, cache, 1).run([leaks], When.TURN, target(place))
    assert "<secret>" in result.findings[0].message
    kept = [file.read_bytes() for file in (tmp_path / "cache").rglob("*") if file.is_file()]
    assert not any(b"hunter2" in one for one in kept)
    assert "hunter2" not in (cache.output(result.output) or "hunter2").partition("\n")[2]


async def test_a_tool_of_the_workspace_is_believed_there_only(
    tmp_path: Path, runner: CheckRunner, process: CountingRun
) -> None:
    one, two = (
        make(tmp_path / name, {"a.txt": "", ".venv/bin/lint": "#!/bin/sh\nexit 0\n"}) for name in ("one", "two")
    )
    for place in (one, two):
        (place / ".venv/bin/lint").chmod(0o755)
        bare = target(place)
        (result,) = await runner.run([check("lint", ".venv/bin/lint")], When.TURN, bare)
        assert (result.outcome, result.is_cached) == (CheckOutcome.PASSED, False)
    assert len(process.started) == 2


async def test_commands_are_confined_with_what_they_need(
    tmp_path: Path, process: CountingRun, cache: CheckCache
) -> None:
    asked: list[tuple[Path, bool]] = []

    def confine(argv: Sequence[str], *, root: Path, scratch: Path, network: bool) -> Sequence[str]:
        assert scratch.is_dir()
        asked.append((root, network))
        return ["env", *argv]

    place = make(tmp_path / "w", {"a.txt": ""})
    checks = [check("quiet", "true"), check("online", "true", network=True)]
    results = await CheckRunner(process, cache, 1, confine=confine).run(checks, When.TURN, target(place))
    assert [one.outcome for one in results] == [CheckOutcome.PASSED] * 2
    assert sorted(asked) == [(place, False), (place, True)]
    assert all(argv[0] == "env" for argv in process.started)


async def test_in_the_real_sandbox_checks_work_but_reach_nothing_else(
    tmp_path: Path, process: CountingRun, cache: CheckCache
) -> None:
    sandbox = Sandbox.detect()

    def confine(argv: Sequence[str], *, root: Path, scratch: Path, network: bool) -> Sequence[str]:
        return sandbox.wrap(argv, Policy(workspace=root, writable=(scratch,), network=network))

    place = make(
        tmp_path / "w", {"a.py": "x = 1\n", "test_a.py": "def test_a() -> None:\n    pass\n", "locked": "#!/nowhere\n"}
    )
    (place / "locked").chmod(0o755)
    outside = tmp_path / "outside"
    checks = [
        RUFF,
        TESTS,
        check("writes", ["bash", "-c", f"touch {outside}"]),
        check("interpreter", "./locked"),
    ]
    results = await CheckRunner(process, cache, 2, confine=confine).run(checks, When.TURN, target(place))
    by_name = {one.check: one for one in results}
    assert by_name["ruff"].outcome is CheckOutcome.PASSED, by_name["ruff"].summary
    assert by_name["tests"].outcome is CheckOutcome.PASSED, by_name["tests"].summary
    assert by_name["interpreter"].outcome is CheckOutcome.BROKEN
    assert "started" in by_name["interpreter"].summary
    assert outside.exists() is not sandbox.is_active


async def test_a_workspace_that_cannot_be_confined_is_not_checked(
    tmp_path: Path, process: CountingRun, cache: CheckCache
) -> None:
    def refuse(argv: Sequence[str], *, root: Path, scratch: Path, network: bool) -> Sequence[str]:
        raise SandboxError(f"{root} leads out of the workspace")

    place = make(tmp_path / "w", {"a.txt": ""})
    (result,) = await CheckRunner(process, cache, 1, confine=refuse).run(
        [check("it", "true")], When.TURN, target(place)
    )
    assert result.outcome is CheckOutcome.BROKEN
    assert "leads out" in result.summary
    assert process.started == []
