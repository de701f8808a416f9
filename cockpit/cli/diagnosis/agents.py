"""Whether the agents of cockpit.toml can work: driver, settings, key, and, when asked, their endpoint."""

from __future__ import annotations

import os
import urllib.error
import urllib.request
from collections.abc import Iterator

from pydantic import ValidationError

from agents.native.settings import NativeSettings
from cockpit.cli.diagnosis import Remark, fail, ok, warn
from cockpit.cli.diagnosis.foreign import examine_foreign
from cockpit.config import Config
from cockpit.sessions.config import AgentConfig

_OPENAI = "https://api.openai.com/v1"
_ANSWER_WITHIN_S = 10.0


def examine_agents(config: Config, *, is_online: bool) -> Iterator[Remark]:
    """Yield a remark for each agent; one that nobody has set up matters only when it is named for something."""
    needed = {config.default_agent, config.forge.drafting}
    foreign: dict[str, AgentConfig] = {}
    for name, agent in sorted(config.agents.items()):
        subject = f"agent {name}"
        if agent.driver == "mechanic":
            yield ok(subject, "needs no model: runs the fix commands of your checks")
        elif agent.driver != "native":
            foreign[name] = agent
        elif agent.settings or name in needed:
            yield _native(subject, agent, is_online=is_online)
    yield from examine_foreign(foreign, needed)


def _native(subject: str, agent: AgentConfig, *, is_online: bool) -> Remark:
    if not agent.settings:
        return warn(
            subject,
            "has no model, and is to work on tasks that name no agent or to draft rules",
            'Set model (and base_url) under [agents.native], or name another agent: default_agent = "mechanic".',
        )
    try:
        settings = NativeSettings.model_validate({"driver": agent.driver, **agent.settings})
    except ValidationError as error:
        first = error.errors(include_url=False, include_context=False, include_input=False)[0]
        where = ".".join(map(str, first["loc"]))
        found = f"{where}: {first['msg']}" if where else str(first["msg"])
        return fail(subject, found, "Correct [agents] in cockpit.toml.")
    if settings.script is not None:
        if not settings.script.is_file():
            return fail(subject, f"its script {settings.script} is not there", "Correct `script` in cockpit.toml.")
        return ok(subject, f"scripted model, following {settings.script}")
    key = os.environ.get(settings.api_key_env, "")
    where = settings.base_url or _OPENAI
    if not key and settings.base_url is None:
        return fail(
            subject, f"{settings.model} at {where}: no key", f"Set ${settings.api_key_env}, or name a base_url."
        )
    with_key = f"key in ${settings.api_key_env}" if key else "without a key"
    found = f"{settings.model} at {where}, {with_key}"
    return _call(subject, found, where, key) if is_online else ok(subject, found)


def _call(subject: str, found: str, base_url: str, key: str) -> Remark:
    """Ask the endpoint for its models: every one that speaks OpenAI's protocol answers that, and it costs nothing."""
    address = base_url.rstrip("/") + "/models"
    if not address.startswith(("http://", "https://")):
        return fail(subject, f"{base_url} is no http address", "Correct `base_url` in cockpit.toml.")
    headers = {"Authorization": f"Bearer {key}"} if key else {}
    try:
        with urllib.request.urlopen(urllib.request.Request(address, headers=headers), timeout=_ANSWER_WITHIN_S):
            return ok(subject, f"{found}; it answers")
    except urllib.error.HTTPError as error:
        error.close()
        if error.code in (401, 403):
            return fail(subject, f"{found}: the key is refused ({error.code})", "Set the variable to a valid key.")
        return warn(subject, f"{found}: answers {error.code} to {address}", "base_url usually ends in /v1.")
    except (OSError, ValueError) as error:
        return fail(subject, f"{found}: cannot be reached ({getattr(error, 'reason', error)})", "Is the server up?")
