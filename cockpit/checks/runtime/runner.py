"""Runs the checks of a moment on a workspace: in parallel, cheapest first, never twice on the same inputs."""

from __future__ import annotations

import asyncio
import dataclasses
import functools
import shlex
import shutil
import tempfile
from collections.abc import AsyncIterator, Callable, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Protocol

from cockpit.checks.config import CheckConfig, Parser
from cockpit.checks.repo import CheckCache
from cockpit.checks.runtime import matcher
from cockpit.checks.runtime.target import Target, WorkspaceLines, read_regular
from cockpit.checks.service import Ran, broken, cache_key, cheapest_first, due, judge
from cockpit.checks.service.parsers import Source
from cockpit.checks.types import CheckOutcome, CheckResult, When
from cockpit.providers.process import Completed, ProcessError
from cockpit.providers.sandbox import SandboxError

OUTPUT_LIMIT_BYTES = 16 * 1024 * 1024
_SANDBOX_SPEAKS = b"bwrap: "
REPORT_PLACEHOLDER = "{report}"
"""Stands in a command for a file outside the workspace that the tool writes its report to."""


class RunProcess(Protocol):
    """Runs a process to its end; kills it and all it started when cancelled or too slow."""

    async def __call__(
        self,
        argv: Sequence[str],
        *,
        cwd: Path,
        env: Mapping[str, str],
        timeout_s: float,
        output_limit_bytes: int,
    ) -> Completed:
        """Run `argv`. Raises `ProcessError` when it cannot be started."""


class Confine(Protocol):
    """Wraps a command so that it reaches no more than it needs."""

    def __call__(self, argv: Sequence[str], *, root: Path, scratch: Path, network: bool) -> Sequence[str]:
        """Return the confined command: `root` and `scratch` writable, everything else at most readable.

        Called off the event loop. Raises `SandboxError` when the workspace cannot be confined.
        """


@dataclasses.dataclass(slots=True)
class _Flight:
    """A run of one key that is under way, for all who want its result."""

    lock: asyncio.Lock = dataclasses.field(default_factory=asyncio.Lock)
    waiting: int = 0
    result: CheckResult | None = None


class CheckRunner:
    """Runs checks for all workspaces of a repository, with one bound on how many run at a time."""

    def __init__(
        self, run_process: RunProcess, cache: CheckCache, cores: int, *, confine: Confine | None = None
    ) -> None:
        """Make a runner.

        Args:
            run_process: how to run a process.
            cache: where verdicts, outputs and durations are kept.
            cores: how many checks run at a time, over all workspaces.
            confine: the sandbox; None: checks run unconfined, which is for trusted content only.
        """
        self._run_process = run_process
        self._cache = cache
        self._cores = asyncio.Semaphore(cores)
        self._confine = confine
        self._flights: dict[str, _Flight] = {}

    async def run(
        self,
        checks: Iterable[CheckConfig],
        when: When,
        target: Target,
        on_result: Callable[[CheckResult], None] | None = None,
        on_start: Callable[[CheckConfig], None] | None = None,
        *,
        is_rerun: bool = False,
    ) -> tuple[CheckResult, ...]:
        """Run all checks that are due and return their results in the order of the configuration.

        Cancelling ends the processes; what had finished stays in the cache.

        Args:
            checks: all checks of the configuration.
            when: the moment; checks of earlier moments run too.
            target: the workspace and the tree in it.
            on_result: told each result as it comes, on the event loop.
            on_start: told each check that really starts (not the ones whose verdict is known).
            is_rerun: a known verdict does not count: the checks are to be run once more, to tell flaky from broken.
        """
        planned = due(checks, when)
        results: dict[str, CheckResult] = {}

        def tell(result: CheckResult) -> None:
            results[result.check] = result
            if on_result is not None:
                on_result(result)

        async def one(check: CheckConfig, key: str) -> None:
            tell(await self._result(check, key, target, on_start, is_rerun))

        ordered = cheapest_first(planned, self._cache.durations_s())
        looked_up = await asyncio.to_thread(self._look_up, ordered, target, is_rerun)
        async with asyncio.TaskGroup() as group:
            for check, found in looked_up:
                if isinstance(found, CheckResult):
                    tell(found)
                else:
                    group.create_task(one(check, found), name=f"check {check.name}")
        return tuple(results[check.name] for check in planned)

    def _look_up(
        self, checks: Iterable[CheckConfig], target: Target, is_rerun: bool
    ) -> list[tuple[CheckConfig, CheckResult | str]]:
        """Return with each check its result, where one is known or impossible, else the key of its inputs."""
        found: list[tuple[CheckConfig, CheckResult | str]] = []
        for check in checks:
            program = target.program(check)
            if not target.holds_folder(check):
                why = f"the folder {check.cwd!r} is not in the workspace: correct cwd"
                found.append((check, broken(check, target.tree, why)))
            elif program is None:
                found.append((check, broken(check, target.tree, _missing(check))))
            else:
                key, trusted = _keys(check, target, program)
                known = None if is_rerun else self._cache.get(trusted, target.tree) or self._cache.get(key, target.tree)
                found.append((check, known or key))
        return found

    async def _result(
        self,
        check: CheckConfig,
        key: str,
        target: Target,
        on_start: Callable[[CheckConfig], None] | None,
        is_rerun: bool,
    ) -> CheckResult:
        # Nothing is awaited before the cores, so that checks come to them in the order of their start: cheapest first.
        async with self._flight(key) as flight:
            if flight.result is not None:
                return flight.result.model_copy(update={"tree": target.tree, "is_cached": True})
            async with self._cores:
                known = None if is_rerun else await asyncio.to_thread(self._cache.get, key, target.tree)
                if known is not None:  # kept by a run that ended after the look-up
                    return known
                if on_start is not None:
                    on_start(check)
                flight.result = await self._fresh(check, target, key)
            return flight.result

    @asynccontextmanager
    async def _flight(self, key: str) -> AsyncIterator[_Flight]:
        """Let one at a time work on a key. If it is cancelled, the next one takes over; else it finds the result."""
        flight = self._flights.setdefault(key, _Flight())
        flight.waiting += 1
        try:
            async with flight.lock:
                yield flight
        finally:
            flight.waiting -= 1
            if flight.waiting == 0:
                del self._flights[key]

    async def _fresh(self, check: CheckConfig, target: Target, key: str) -> CheckResult:
        scratch = Path(tempfile.mkdtemp(prefix="cockpit-check-"))
        try:
            try:
                ran = await self._execute(check, target, scratch)
            except (ProcessError, SandboxError) as error:
                return broken(check, target.tree, str(error))
            if self._confine is not None and ran.stderr.startswith(_SANDBOX_SPEAKS):
                return broken(
                    check, target.tree, f"could not be started: {ran.stderr[:400].decode('utf-8', 'replace')}"
                )
            if check.parser is Parser.REGEX:
                ran = dataclasses.replace(ran, matches=await self._matches(check.pattern, ran.said, scratch))
            return await asyncio.to_thread(self._judged, check, target, ran, key)
        finally:
            await asyncio.shield(asyncio.to_thread(shutil.rmtree, scratch, ignore_errors=True))

    async def _execute(self, check: CheckConfig, target: Target, scratch: Path) -> Ran:
        report = _report_file(check, target, scratch)
        argv: Sequence[str] = [word.replace(REPORT_PLACEHOLDER, str(scratch / "report")) for word in check.command]
        if check.report and report is not None:
            await asyncio.to_thread(_take_report, report, target.root)  # an old report must not pass for this run's
        env = target.environment(check, scratch)
        if self._confine is not None:
            confine = functools.partial(self._confine, root=target.root, scratch=scratch, network=check.network)
            argv = await asyncio.to_thread(confine, argv)
        done = await self._run_process(
            argv,
            cwd=target.folder(check),
            env=env,
            timeout_s=check.timeout_s,
            output_limit_bytes=OUTPUT_LIMIT_BYTES,
        )
        return Ran(
            exit_code=done.exit_code,
            stdout=done.stdout,
            stderr=done.stderr,
            duration_s=done.duration_s,
            timed_out=done.timed_out,
            truncated=done.truncated,
            report=None
            if report is None
            else await asyncio.to_thread(_take_report, report, scratch if not check.report else target.root),
        )

    async def _matches(self, pattern: str, said: bytes, scratch: Path) -> bytes | None:
        output = scratch / "said"
        await asyncio.to_thread(output.write_bytes, said)
        done = await self._run_process(
            matcher.command(pattern, output),
            cwd=scratch,
            env={},
            timeout_s=matcher.TIMEOUT_S,
            output_limit_bytes=OUTPUT_LIMIT_BYTES,
        )
        return done.stdout if done.ok else None

    def _judged(self, check: CheckConfig, target: Target, ran: Ran, key: str) -> CheckResult:
        source = Source(check=check.name, root=target.root, cwd=check.cwd, exit_code=ran.exit_code)
        result = self._cache.redacted(judge(check, target.tree, ran, source, WorkspaceLines(target.root)))
        result = result.model_copy(update={"output": self._cache.keep_output(_transcript(check, ran))})
        if result.outcome is not CheckOutcome.BROKEN:
            self._cache.put(key, result)
            self._cache.record_duration(check.name, ran.duration_s)
        return result


def _keys(check: CheckConfig, target: Target, program: Path) -> tuple[str, str]:
    """Return the key under which a verdict on the target is kept, and the one of verdicts that hold for it as well.

    What was said of a folder laid out by us holds everywhere. What was said in a workspace holds in workspaces only:
    an agent can leave files there that git ignores and tools obey, so what lands is checked without them.
    """
    decides = {**target.tool_identity(program), **_deciding(target.env)}
    trusted = cache_key(check, target.files, {**decides, "place": "laid out"})
    return trusted if target.is_pristine else cache_key(check, target.files, decides), trusted


def _deciding(env: Mapping[str, str]) -> dict[str, str]:
    """Return the variables of a workspace that decide verdicts: not its ports and folders, which always differ."""
    return {name: value for name, value in env.items() if name in ("PYTHONPATH", "NODE_ENV", "RUSTFLAGS", "GOFLAGS")}


def _report_file(check: CheckConfig, target: Target, scratch: Path) -> Path | None:
    if any(REPORT_PLACEHOLDER in word for word in check.command):
        return scratch / "report"
    return target.folder(check) / check.report if check.report else None


def _take_report(file: Path, inside: Path) -> bytes:
    """Return the report and remove it: it is no part of the change. A report that cannot be read is an empty one."""
    if not file.parent.resolve().is_relative_to(inside.resolve()):
        return b""
    content = read_regular(file, OUTPUT_LIMIT_BYTES)
    file.unlink(missing_ok=True)
    return content or b""


def _transcript(check: CheckConfig, ran: Ran) -> bytes:
    parts = [f"$ {shlex.join(check.command)}\n".encode(), ran.stdout]
    if ran.stderr.strip():
        parts += [b"\n--- standard error ---\n", ran.stderr]
    if ran.report and check.parser is not Parser.EXIT_CODE:
        parts += [b"\n--- report ---\n", ran.report]
    if ran.truncated:
        parts.append(b"\n--- cut: there was more ---\n")
    return b"".join(parts)


def _missing(check: CheckConfig) -> str:
    name = check.command[0]
    if "/" in name:
        return f"`{name}` is not a program in the workspace: let [sessions] setup create it, or correct the command"
    return f"`{name}` is not installed here: install it, or let [sessions] setup install it in each workspace"
