"""The run tool: one command in the sandbox, its output bounded and shown while it comes."""

from __future__ import annotations

from pathlib import Path

from pydantic import Field, model_validator

from agents.confinement import Confinement
from agents.native.approval import Approvals, Wish
from agents.native.tools.base import Arguments, Result, Tool, ToolFailure
from agents.native.tools.files import Workspace
from agents.process import run_command
from agents.wire import Wire
from cockpit.providers.process import ProcessError
from cockpit.providers.sandbox import SandboxError


class RunArguments(Arguments):
    """Arguments of run."""

    command: str = Field(default="", description="a command for bash; or give argv")
    argv: tuple[str, ...] = Field(default=(), description="program and arguments, without a shell")
    cwd: str = Field(default=".", description="folder in the workspace")
    timeout_s: float | None = Field(default=None, gt=0)
    needs_network: bool = Field(default=False, description="asks the human for the network; give a reason")
    writable: tuple[str, ...] = Field(
        default=(), description="absolute folders outside the workspace to write in; asks the human; give a reason"
    )
    reason: str = Field(default="", description="why it needs more than the sandbox gives")

    @model_validator(mode="after")
    def _one_of(self) -> RunArguments:
        if bool(self.command.strip()) == bool(self.argv):
            raise ValueError("give either command (for bash) or argv")
        if "\0" in self.command or any("\0" in word for word in self.argv):
            raise ValueError("a command cannot contain a null character")
        return self


class Run(Tool[RunArguments]):
    """Runs a command."""

    name = "run"
    description = (
        "Run a command in the workspace and get its exit status and output (head and tail of long output). It runs in "
        "a sandbox without network, and only the workspace and $TMPDIR are writable. It gets no input; everything it "
        "starts ends with it."
    )
    arguments = RunArguments

    def __init__(
        self,
        workspace: Workspace,
        confinement: Confinement,
        approvals: Approvals,
        wire: Wire,
        timeout_s: float,
        *,
        network: bool,
    ) -> None:
        """Run confined, where `approvals` agree, with output over the wire."""
        self._workspace = workspace
        self._confinement = confinement
        self._approvals = approvals
        self._wire = wire
        self._timeout_s = timeout_s
        self._has_network = network

    def title(self, arguments: RunArguments) -> str:
        """Return the exact command."""
        return self._wish(arguments).title

    def _wish(self, arguments: RunArguments) -> Wish:
        return Wish(
            argv=arguments.argv or ("bash", "-c", arguments.command),
            shell=arguments.command,
            network=arguments.needs_network,
            writable=tuple(Path(path) for path in arguments.writable),
            reason=arguments.reason,
        )

    async def use(self, arguments: RunArguments, item: str) -> Result:
        """Run it, after asking where policy says so."""
        cwd = self._workspace.root / self._workspace.locate(arguments.cwd)
        if not cwd.is_dir():
            raise ToolFailure(f"{arguments.cwd} is not a folder of the workspace")
        wish = self._wish(arguments)
        for folder in wish.writable:
            if not folder.is_absolute() or len(folder.parts) < 3 or not folder.is_dir():
                raise ToolFailure(f"{folder} cannot be made writable; name an existing absolute folder, not a top one")
        refusal = await self._approvals.decide(wish, cwd)
        if refusal:
            return Result(refusal, ok=False)
        network = wish.network or self._has_network
        timeout_s = min(arguments.timeout_s or self._timeout_s, self._timeout_s)
        try:
            outcome = await run_command(
                self._confinement.wrap(wish.argv, cwd, network=network, writable=wish.writable),
                cwd=cwd,
                env=self._confinement.env,
                timeout_s=timeout_s,
                on_output=lambda text: self._wire.progress("output", item, text),
            )
        except (ProcessError, SandboxError) as error:
            raise ToolFailure(str(error)) from None
        if outcome.is_timed_out:
            return Result(f"{outcome.output}\n[killed: its {timeout_s:g} s were over]", ok=False)
        head = f"exit status {outcome.exit_code}"
        return Result(f"{head}\n{outcome.output}", ok=outcome.exit_code == 0, exit_code=outcome.exit_code)
