"""The agent-side approver: a model may allow a low-risk request in a person's place, or leave it to them.

Off by default. It runs in a short-lived process with one model call and no tools. It is never asked about a question, a
tool, the network, a dangerous shape, a command that cannot be read or leaves the sandbox, or anything of an agent that
is not confined.
"""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Callable, Mapping

from agents.registry import driver as find_driver
from cockpit.approvals.config import ApproverConfig
from cockpit.approvals.service.reading import Reading
from cockpit.approvals.service.shell import Form
from cockpit.providers.process import ProcessError, run
from cockpit.providers.text import clean_line
from cockpit.sessions.types import RequestKind, RequestRaised, UsageReported
from cockpit.state.model import SessionState
from cockpit.supervisor.agent import agent_env
from cockpit.supervisor.services import Services
from cockpit.supervisor.signals import Reviewed, Signal
from cockpit.supervisor.spending import call_events
from cockpit.types import Model, SessionId

_KINDS = (RequestKind.COMMAND, RequestKind.EDIT)
_OUTPUT_LIMIT_BYTES = 64 << 10
_DETAIL_LENGTH = 8_000


class _Verdict(Model):
    is_allowed: bool
    reason: str
    model: str = ""
    usage: UsageReported | None = None


class Approver:
    """Has requests judged beside the sessions' loops; a verdict is posted to the session it belongs to."""

    def __init__(self, services: Services, tasks: asyncio.TaskGroup, post: Callable[[SessionId, Signal], None]) -> None:
        """Nothing is judged yet."""
        self._services, self._tasks, self._post = services, tasks, post

    def begin(self, state: SessionState, request: RequestRaised, reading: Reading) -> bool:
        """Have a request judged. Returns False where it is for a person in any case."""
        config = self._services.config.policy.approver
        asking = self._services.config.agents.get(state.agent_name)
        # Of our own agent alone is known that a command it asks for stays in its sandbox, unless it says so.
        if config is None or asking is None or asking.driver != "native" or not is_low_risk(state, reading):
            return False
        work = self._judge(config, state.id, state.task.prompt, state.run, request)
        self._tasks.create_task(work, name=f"judge {request.request} of {state.id}")
        return True

    async def _judge(
        self, config: ApproverConfig, session: SessionId, task: str, run_number: int, request: RequestRaised
    ) -> None:
        try:
            verdict = await self._verdict(config, task, request)
        except (ProcessError, OSError, ValueError) as error:
            verdict = _Verdict(is_allowed=False, reason=f"the approver failed: {error}")
        agent = self._services.config.agents.get(config.agent)
        if verdict.usage is not None and agent is not None:
            call = call_events(self._services, session, agent, verdict.model or agent.model, verdict.usage)
            self._services.record.add(session, *call)
        reason = clean_line(verdict.reason)
        self._post(session, Reviewed(request.request, run_number, verdict.is_allowed, f"{config.agent}: {reason}"))

    async def _verdict(self, config: ApproverConfig, task: str, request: RequestRaised) -> _Verdict:
        """Raise `ProcessError`, `OSError` or `ValueError` where there is no verdict."""
        services = self._services
        agent = services.config.agents.get(config.agent)
        if agent is None or agent.driver != "native":
            raise ValueError(f"{config.agent!r} is no native agent of cockpit.toml")
        order = {
            "settings": dict(agent.settings),
            "folder": str(services.repository.root),
            "task": task[:_DETAIL_LENGTH],
            "request": _shown(request),
        }
        done = await run(
            (sys.executable, "-P", "-m", "agents.native.judgement"),
            cwd=services.paths.state,
            env=services.marked(agent_env(find_driver("native").variables(agent.settings))),
            timeout_s=config.timeout_s,
            output_limit_bytes=_OUTPUT_LIMIT_BYTES,
            input=json.dumps(order, default=str).encode(),
        )
        if done.timed_out:
            raise ValueError(f"it took longer than {config.timeout_s:g} s")
        if not done.ok:
            raise ValueError(f"it ended with status {done.exit_code}")
        return _Verdict.model_validate_json(done.stdout)


def is_low_risk(state: SessionState, reading: Reading) -> bool:
    """Return whether an approver may be asked at all."""
    is_readable = reading.section is not None and reading.form is not Form.OPAQUE and not reading.dangers
    return is_readable and not reading.escalates and reading.kind in _KINDS and bool(state.sandbox)


def _shown(request: RequestRaised) -> Mapping[str, object]:
    shown = request.model_dump(mode="json", exclude_defaults=True, exclude={"type", "request"})
    return {name: value[:_DETAIL_LENGTH] if isinstance(value, str) else value for name, value in shown.items()}
