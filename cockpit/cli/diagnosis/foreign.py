"""Whether the agents of others can work here: each is looked for, started, greeted and ended, all at the same time."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Iterator, Mapping

from agents.base import Probe
from agents.probe import Health, examine, find
from agents.registry import driver
from cockpit.cli.diagnosis import Remark, fail, ok, warn
from cockpit.config.model import BUILT_IN_AGENTS
from cockpit.sessions.config import AgentConfig

_AT_A_TIME = 4
"""Some of them need a core for seconds before they answer."""


def examine_foreign(agents: Mapping[str, AgentConfig], needed: Collection[str]) -> Iterator[Remark]:
    """Yield a remark for each agent; those that nobody set up and that are not here share a quiet one."""
    probes: dict[str, Probe] = {}
    for name, agent in sorted(agents.items()):
        try:
            probe = driver(agent.driver).probe(agent.settings)
        except ValueError as error:
            yield fail(f"agent {name}", str(error), "Correct [agents] in cockpit.toml.")
        else:
            assert probe is not None, "every driver of foreign agents says how to find them"
            probes[name] = probe
    absent = [name for name in probes if not _is_wanted(name, agents[name], needed) and not find(probes[name])]
    looked_at = [name for name in probes if name not in absent]
    healths = asyncio.run(_examine_all({name: (agents[name], probes[name]) for name in looked_at}))
    for name in looked_at:
        yield _remark(name, probes[name], healths[name], is_wanted=_is_wanted(name, agents[name], needed))
    if absent:
        yield ok("agents", f"not installed, and not needed: {', '.join(absent)}")


def _is_wanted(name: str, agent: AgentConfig, needed: Collection[str]) -> bool:
    return name in needed or BUILT_IN_AGENTS.get(name) != agent


async def _examine_all(wanted: Mapping[str, tuple[AgentConfig, Probe]]) -> dict[str, Health]:
    places = asyncio.Semaphore(_AT_A_TIME)

    async def one(agent: AgentConfig, probe: Probe) -> Health:
        async with places:
            return await examine(probe, driver(agent.driver).variables(agent.settings))

    async with asyncio.TaskGroup() as tasks:
        running = {name: tasks.create_task(one(*both)) for name, both in wanted.items()}
    return {name: task.result() for name, task in running.items()}


def _remark(name: str, probe: Probe, health: Health, *, is_wanted: bool) -> Remark:
    subject = f"agent {name}"
    found = " ".join(part for part in (health.version, health.program) if part)
    if health.problem:
        told = f"{found}: {health.problem}" if found else f"{probe.argv[0]}: {health.problem}"
        return (fail if is_wanted else warn)(subject, told, health.advice)
    if probe.hello:
        found += ", answers"
    if health.is_logged_in is False:
        return warn(subject, f"{found}, no log-in found", f"{probe.log_in}.")
    return ok(subject, f"{found}, log-in found" if health.is_logged_in else found)
