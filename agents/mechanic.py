"""The mechanic needs no model: it runs the fix command that a check declares and says honestly what is left.

It commits nothing, and where a fix changes nothing it says so, so that the session goes to a human and not in circles.
"""

from __future__ import annotations

import asyncio
import re
import shlex
import sys
import uuid
from dataclasses import dataclass, field

from pydantic import BaseModel, ConfigDict, Field

import cockpit
from agents.assignment import Assignment, Check
from agents.base import Abilities
from agents.confinement import Confinement
from agents.lines import LineDriver
from agents.process import Outcome, run_command
from agents.snapshot import Change, changes, contents
from agents.start import start
from agents.turns import Agent, Ending, Message, TurnRecord
from agents.wire import Wire
from cockpit.providers.process import ProcessError
from cockpit.providers.sandbox import Sandbox, SandboxError
from cockpit.sessions.types import AgentMessage, AgentReady, FileChanged, ToolEnded, ToolStarted, TurnReason

_SHOWN_CHARS = 1_500


class MechanicSettings(BaseModel):
    """The settings of a mechanic: its `[agents.<name>]` section of cockpit.toml."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    driver: str = "mechanic"
    network: bool = Field(default=False, description="checks and fixes may use the network")
    timeout_s: float = Field(default=600, gt=0, description="for each command")


class MechanicDriver(LineDriver):
    """Starts the mechanic."""

    abilities = Abilities(steers=False, resumes=True, asks=False, continues_turn=True)
    module = "agents.mechanic"
    settings = MechanicSettings


@dataclass(slots=True)
class _Report:
    """What became of the checks in one turn."""

    clean: list[str] = field(default_factory=list)
    fixed: list[str] = field(default_factory=list)
    left: list[str] = field(default_factory=list)
    output: list[str] = field(default_factory=list)
    changed: dict[str, Change] = field(default_factory=dict)

    def summary(self) -> str:
        """Return the report as one line for people."""
        parts = [
            f"fixed: {', '.join(self.fixed)}" if self.fixed else "",
            f"passed without a fix: {', '.join(self.clean)}" if self.clean else "",
            f"still failing: {', '.join(self.left)}" if self.left else "",
            f"{len(self.changed)} files changed" if self.changed else "no file changed",
        ]
        return "; ".join(part for part in parts if part)


class Mechanic(Agent):
    """Runs fix commands."""

    def __init__(
        self, wire: Wire, assignment: Assignment, settings: MechanicSettings, confinement: Confinement
    ) -> None:
        """Fix in the workspace of `assignment`; commands run confined."""
        super().__init__(wire, TurnRecord(assignment.memory / "turns.json"))
        self._checks = [check for check in assignment.checks if check.fix]
        self._workspace = assignment.workspace
        self._settings = settings
        self._confinement = confinement

    async def work(self, message: Message, *, is_resumed: bool) -> Ending:
        """Run the checks that declare a fix, and the fixes of those that fail."""
        is_first = self.record.number == 1
        checks = [check for check in self._checks if is_first or _names(message.text, check)]
        if not checks:
            why = "no check declares a fix command" if is_first else "none of the named checks declares a fix command"
            return self._tell(Ending(TurnReason.COMPLETED, summary=f"cannot fix: {why}"), "")
        report = _Report()
        before = await asyncio.to_thread(contents, self._workspace)
        for check in checks:
            await self._treat(check, report)
        report.changed = changes(before, await asyncio.to_thread(contents, self._workspace))
        for path, change in report.changed.items():
            self.wire.emit(FileChanged(path=path, change=change))
        details = "\n\n".join(report.output)
        if not is_first and not report.changed:
            why = f"the fix commands of {', '.join(check.name for check in checks)} changed nothing"
            return self._tell(Ending(TurnReason.COMPLETED, summary=f"cannot fix: {why}"), details)
        return self._tell(Ending(TurnReason.DONE, summary=report.summary()), details)

    async def _treat(self, check: Check, report: _Report) -> None:
        assert check.fix
        if check.command and (await self._run(check, check.command)).exit_code == 0:
            report.clean.append(check.name)
            return
        fixing = await self._run(check, check.fix)
        last = await self._run(check, check.command) if check.command else fixing
        if last.exit_code == 0:
            report.fixed.append(check.name)
        else:
            report.left.append(check.name)
            report.output.append(f"{check.name} still fails:\n{last.output.strip()[-_SHOWN_CHARS:]}")

    async def _run(self, check: Check, command: str | tuple[str, ...]) -> Outcome:
        argv = ("bash", "-c", command) if isinstance(command, str) else command
        item = f"run-{uuid.uuid4().hex[:10]}"
        title = command if isinstance(command, str) else shlex.join(command)
        self.wire.emit(ToolStarted(item=item, tool="run", title=title))
        outcome = Outcome("interrupted", -1, 0.0, is_timed_out=False)
        try:
            outcome = await run_command(
                self._confinement.wrap(argv, self._workspace / check.cwd, network=self._settings.network),
                cwd=self._workspace / check.cwd,
                env=self._confinement.env,
                timeout_s=self._settings.timeout_s,
                on_output=lambda text: self.wire.progress("output", item, text),
            )
        except (ProcessError, SandboxError) as error:
            outcome = Outcome(str(error), 127, 0.0, is_timed_out=False)
        finally:
            self.wire.emit(
                ToolEnded(
                    item=item,
                    ok=outcome.exit_code == 0,
                    output=outcome.output,
                    exit_code=outcome.exit_code,
                    duration_s=round(outcome.duration_s, 3),
                )
            )
        return outcome

    def _tell(self, ending: Ending, details: str) -> Ending:
        text = f"{ending.summary}\n\n{details}".strip()
        self.wire.emit(AgentMessage(item=f"report-{uuid.uuid4().hex[:10]}", text=text))
        return ending


def _names(text: str, check: Check) -> bool:
    return re.search(rf"(?<![\w-]){re.escape(check.name)}(?![\w-])", text) is not None


async def serve(wire: Wire, assignment: Assignment) -> None:
    """Run the mechanic until it is told to stop."""
    settings = MechanicSettings.model_validate(assignment.settings)
    confinement = Confinement(assignment, await asyncio.to_thread(Sandbox.detect))
    mechanic = Mechanic(wire, assignment, settings, confinement)
    wire.emit(
        AgentReady(agent=f"mechanic {cockpit.__version__}", sandbox=confinement.description, thread=assignment.session)
    )
    await mechanic.serve()


if __name__ == "__main__":
    sys.exit(start(serve))
