"""One conversation with an agent: begun, loaded or forked, set to its mode and model, prompted, steered, cancelled."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cockpit
from agents.acp.choices import Choice, mode_choice, model_choice
from agents.acp.link import Link, RequestError
from agents.acp.profiles import UNKNOWN, Profile, profile_named
from agents.acp.settings import AcpSettings
from agents.acp.shape import deep, mapping, text
from agents.acp.start import StartError
from agents.acp.tools import MCP_SERVER
from agents.base import McpAccess

PROTOCOL = 1
AUTHENTICATION_REQUIRED = -32000
_STEER_TIMEOUT_S = 10
_CAPABILITIES = {
    "fs": {"readTextFile": False, "writeTextFile": False},
    "terminal": False,
    "elicitation": {"form": {}},
    "_meta": {"terminal_output": True},
}

Notice = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a conversation is to be."""

    workspace: Path
    settings: AcpSettings
    profile: Profile
    mcp: McpAccess | None
    instructions: str
    """What the agent is told besides its own instructions."""
    thread: str = ""
    """The conversation to go on with."""
    fork: str = ""
    """The conversation to begin with a copy of."""


class Conversation:
    """A conversation over a link."""

    def __init__(self, link: Link, wanted: Wanted, notice: Notice) -> None:
        """Nothing is said yet; use `open`. What a person should know goes to `notice`."""
        self._link = link
        self._wanted = wanted
        self._notice = notice
        self._about: Mapping[str, Any] = {}
        self.profile = wanted.profile
        self.thread = ""
        self.mode = ""
        self.model = wanted.settings.model
        self.is_fresh = True
        """The agent remembers nothing of what was said before."""
        self.is_replayed = False
        """The agent tells everything that was said before once more."""

    # --- the beginning -------------------------------------------------------------------------------------------

    async def open(self) -> None:
        """Say hello, begin or resume the conversation, set mode and model.

        Raises:
            StartError: the agent cannot be used; the message says why and what to do.
            RequestError: the agent refuses otherwise.
            ConnectionError: the agent ended.
        """
        hello = {"name": "cockpit", "title": "Cockpit", "version": cockpit.__version__}
        asked = {"protocolVersion": PROTOCOL, "clientCapabilities": _CAPABILITIES, "clientInfo": hello}
        self._about = mapping(await self._link.request("initialize", asked))
        spoken = self._about.get("protocolVersion")
        if spoken != PROTOCOL:
            raise StartError(f"the agent speaks version {spoken} of the protocol, and only version {PROTOCOL} is known")
        if self.profile is UNKNOWN:
            self.profile = profile_named(text(deep(self._about, "agentInfo", "name")))
        try:
            state = await self._begin()
        except RequestError as error:
            raise self.refusal(error) from None
        await self._choose(mode_choice(state), self._wanted.settings.mode, self.profile.mode)
        if not (self.profile.model or self.profile.configures_model):
            await self._choose(model_choice(state), self._wanted.settings.model, "")
        self.model = self.model or model_choice(state).current

    @property
    def agent(self) -> str:
        """The agent's name and version, for people."""
        info = mapping(self._about.get("agentInfo"))
        name = text(info.get("title")) or text(info.get("name")) or self.profile.name or "agent"
        return " ".join(f"{name} {text(info.get('version'))} (ACP)".split())

    def refusal(self, error: RequestError) -> StartError:
        """Return an error of the agent as one for people: what happened, and what to do."""
        if error.code == AUTHENTICATION_REQUIRED:
            ways = [
                text(deep(one, "description")) or text(deep(one, "name"))
                for one in self._about.get("authMethods") or ()
            ]
            how = self.profile.log_in or ", or ".join(way for way in ways if way) or "the agent's own command"
            return StartError(f"the agent is not logged in; log in with {how}, then send a message to go on")
        return StartError(explained(error))

    async def _begin(self) -> Mapping[str, Any]:
        wanted = self._wanted
        where = {"cwd": str(wanted.workspace), "mcpServers": self._servers()}
        about = {**where, **self._extra()}
        if wanted.thread and (state := await self._resume(wanted.thread, about)) is not None:
            self.thread, self.is_fresh = wanted.thread, False
            return state
        if wanted.fork and not wanted.thread:
            if self._can("fork"):
                state = mapping(await self._link.request("session/fork", {"sessionId": wanted.fork, **about}))
                self.thread, self.is_fresh = text(state.get("sessionId")), False
                return state
            self._notice("this agent cannot begin with a copy of another conversation; it begins a new one")
        state = mapping(await self._link.request("session/new", about))
        self.thread = text(state.get("sessionId"))
        if not self.thread:
            raise StartError("the agent began a conversation without a name, so it cannot be spoken to")
        return state

    async def _resume(self, thread: str, about: dict[str, Any]) -> Mapping[str, Any] | None:
        method = "session/resume" if self._can("resume") else "session/load"
        if method == "session/load" and deep(self._about, "agentCapabilities", "loadSession") is not True:
            self._notice("this agent cannot go on with an earlier conversation; it is told of it instead")
            return None
        self.is_replayed = method == "session/load"
        try:
            return mapping(await self._link.request(method, {"sessionId": thread, **about}))
        except RequestError as error:
            if error.code == AUTHENTICATION_REQUIRED:
                raise
            self.is_replayed = False
            self._notice(f"the earlier conversation is lost ({explained(error)}); the agent is told of it instead")
            return None

    def _can(self, name: str) -> bool:
        return deep(self._about, "agentCapabilities", "sessionCapabilities", name) is not None

    def _servers(self) -> list[dict[str, Any]]:
        access = self._wanted.mcp
        if access is None:
            return []
        if deep(self._about, "agentCapabilities", "mcpCapabilities", "http") is not True:
            self._notice("this agent takes no tools over HTTP, so it has none of the cockpit's")
            return []
        header = {"name": "Authorization", "value": f"Bearer {access.token}"}
        return [{"type": "http", "name": MCP_SERVER, "url": access.url, "headers": [header]}]

    def _extra(self) -> dict[str, Any]:
        if self.profile.name != "claude":
            return {}
        options = {
            "allowedTools": [f"mcp__{MCP_SERVER}"],
            # Not "local": that file is the agent's to write, and would let it allow itself anything.
            "settingSources": ["user", "project"],
        }
        meta: dict[str, Any] = {"claudeCode": {"options": options}}
        if self._wanted.instructions:
            meta["systemPrompt"] = {"append": self._wanted.instructions}
        return {"_meta": meta}

    @property
    def knows_instructions(self) -> bool:
        """Whether the agent was given the instructions apart from the conversation."""
        return self.profile.name == "claude"

    async def _choose(self, choice: Choice, wanted: str, usual: str) -> None:
        """Set a mode or model. Raises `StartError` where the agent has none of that name."""
        value = choice.find(wanted or usual)
        if value is None:
            if wanted:
                raise StartError(choice.refusal(wanted))
            if usual and choice.values:
                self._notice(f"the agent has no {choice.name} {usual!r} any more; it stays in {choice.current!r}")
            return
        if choice.name == "mode":
            self.mode = value
        else:
            self.model = value
        if value != choice.current or wanted:
            await self._link.request(choice.method, {"sessionId": self.thread, **choice.arguments(value)})

    # --- the course ----------------------------------------------------------------------------------------------

    @property
    def is_over(self) -> bool:
        """Whether the agent has ended."""
        return self._link.child.exit_status is not None

    @property
    def steers(self) -> bool:
        """Whether the agent announced that it takes messages in the middle of a turn."""
        return deep(self._about, "_meta", "steering", "supported") is True

    async def prompt(self, words: str) -> Mapping[str, Any]:
        """Say something; returns the agent's account of the turn when that is over."""
        asked = {"sessionId": self.thread, "prompt": [{"type": "text", "text": words}]}
        return mapping(await self._link.request("session/prompt", asked))

    async def steer(self, words: str) -> str:
        """Put a message into the running turn; returns the agent's word for what became of it: injected, and others."""
        asked = {
            "sessionId": self.thread,
            "prompt": [{"type": "text", "text": words}],
            "_meta": {"steering": {"idleBehavior": "promptRequired"}},
        }
        async with asyncio.timeout(_STEER_TIMEOUT_S):
            return text(deep(await self._link.request("_session/steering", asked), "outcome"))

    async def cancel(self) -> None:
        """Ask the agent to end its turn."""
        await self._link.notify("session/cancel", {"sessionId": self.thread})


def explained(error: RequestError) -> str:
    """Return what an agent's error says, with the details that it hides in its data."""
    data = error.data
    found = (deep(data, name) for name in ("details", "message", "error", "reason"))
    details = data if isinstance(data, str) else next((text(one) for one in found if text(one)), "")
    whole = f"{error}: {details}" if details and details not in str(error) else str(error)
    return whole[:2_000] or f"error {error.code}"
