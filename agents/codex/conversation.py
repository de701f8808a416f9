"""Codex's process and its thread: begun, resumed or forked, and found again when the process has died."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Callable, Mapping
from typing import Any

from agents.assignment import Assignment
from agents.codex.asking import MCP_NAME
from agents.codex.confinement import GitFolders, thread_settings, tidy
from agents.codex.process import Codex, CodexError
from agents.codex.rpc import Gone, Listener, Params, RpcError
from agents.codex.settings import CodexSettings
from agents.codex.translation import Translation
from agents.trace import Trace
from cockpit.providers.process_tree import RUN_MARKER, kill_marked

Notice = Callable[[str], None]
_REQUEST_LIMIT_S = 60.0
_SWEEP_LIMIT_S = 3.0
_BEGINNINGS = 4
_DISTURBED = "sandbox helper failed"
"""What codex says when another one took away, just then, a folder that its sandbox was about to cover."""


class Conversation:
    """One thread of codex, in whichever process it is loaded."""

    def __init__(
        self,
        assignment: Assignment,
        settings: CodexSettings,
        env: Mapping[str, str],
        folders: GitFolders,
        trace: Trace,
        translation: Translation,
        notice: Notice,
    ) -> None:
        """Nothing is started yet."""
        self._assignment = assignment
        self._settings = settings
        self._env = env
        self._folders = folders
        self._trace = trace
        self._translation = translation
        self._notice = notice
        self._codex: Codex | None = None
        self._servers: dict[str, tuple[str, str]] = {}
        self._server_changed = asyncio.Event()
        self._has_waited = False
        self._run = uuid.uuid4().hex
        self.thread = assignment.thread if assignment.resume else ""
        self.model = ""

    @property
    def version(self) -> str:
        """Codex's version, as it said itself."""
        return self._codex.version if self._codex else ""

    async def open(self, listener: Listener) -> None:
        """Have a codex that has the thread loaded.

        Raises:
            CodexError: codex cannot be used, or will not begin; the message says why.
        """
        if self._codex is not None and self._codex.is_alive:
            return
        await self.abandon()
        self._servers.clear()
        self._has_waited = False
        errors = self._assignment.memory / "codex.log"
        self._codex = await Codex.start(
            self._settings, self._env, self._assignment.workspace, errors, self._trace, listener
        )
        try:
            await self._load()
        except (RpcError, Gone, TimeoutError) as error:
            words = self._codex.last_words() if isinstance(error, Gone) else str(error) or "it does not answer"
            await self.abandon()
            raise CodexError(f"codex does not begin a conversation: {words}") from None
        except asyncio.CancelledError:
            await self.abandon()  # it runs, but has no conversation loaded
            raise

    async def _load(self) -> None:
        wanted = thread_settings(self._assignment, self._settings, self._folders, self._run)
        is_new = False
        if self.thread:
            answer = await self._resume(wanted)
        elif self._assignment.fork:
            wanted |= {"threadId": self._assignment.fork, "excludeTurns": True}
            answer = await self._begin("thread/fork", wanted)
        else:
            answer = None
        if answer is None:
            answer = await self._begin("thread/start", wanted)
            is_new = True
        self.thread = str(answer["thread"]["id"])
        self.model = str(answer.get("model") or self._settings.model)
        self._translation.begin(self.thread, is_new=is_new)
        if self._settings.model and not self._settings.base_url:
            await self._check_model(self._settings.model)

    async def _check_model(self, wanted: str) -> None:
        """Say at once what would otherwise be the first turn's failure."""
        listed = (await self.request("model/list", {"includeHidden": True})).get("data") or []
        names = {str(one.get(key)) for one in listed for key in ("id", "model")}
        shown = [str(one.get("id")) for one in listed if not one.get("hidden")]
        if names and wanted not in names:
            self._notice(f"codex does not know the model {wanted!r}; it lists {', '.join(shown)}")

    async def _resume(self, wanted: Params) -> Params | None:
        try:
            return await self._begin("thread/resume", {**wanted, "threadId": self.thread, "excludeTurns": True})
        except RpcError as error:
            # A conversation without a turn is not on disk: nothing is lost when it begins anew.
            self._notice(f"codex could not take up its conversation again ({error}); it begins a new one")
            return None

    async def _begin(self, method: str, wanted: Params) -> Params:
        """Have a conversation loaded; sessions in the same repository may disturb each other's first attempts."""
        for _ in range(_BEGINNINGS - 1):
            try:
                return await self.request(method, wanted)
            except RpcError as error:
                if _DISTURBED not in str(error):
                    raise
        return await self.request(method, wanted)

    async def request(self, method: str, params: Mapping[str, Any], timeout_s: float = _REQUEST_LIMIT_S) -> Params:
        """Ask codex. Raises `RpcError`, `Gone` or `TimeoutError`."""
        if self._codex is None:
            raise Gone("codex does not run")
        return await self._codex.peer.request(method, params, timeout_s=timeout_s)

    async def until_gone(self) -> None:
        """Wait until codex ends, and raise `Gone` with its last words."""
        codex = self._codex
        if codex is not None:
            await asyncio.wait({codex.reading})
            await codex.stop()
            raise Gone(codex.last_words())
        raise Gone("codex does not run")

    def withdraw(self, request: int | str) -> None:
        """Stop answering a request that codex has taken back."""
        if self._codex is not None:
            self._codex.peer.withdraw(request)

    # the cockpit's own tools

    def server_said(self, params: Params) -> None:
        """Take what codex says of the start of an MCP server."""
        self._servers[str(params.get("name"))] = str(params.get("status")), str(params.get("error") or "")
        self._server_changed.set()

    async def wait_for_tools(self) -> None:
        """Wait until the cockpit's own tools are there: codex begins turns without, and then they are unknown to it."""
        if self._assignment.mcp is None or self._has_waited:
            return
        self._has_waited = True
        try:
            async with asyncio.timeout(self._settings.mcp_timeout_s):
                while (state := self._servers.get(MCP_NAME, ("", "")))[0] in ("", "starting"):
                    self._server_changed.clear()
                    await self._server_changed.wait()
        except TimeoutError:
            slow = f"the cockpit's tools did not start within {self._settings.mcp_timeout_s:g} s"
            self._notice(f"{slow}; codex works without them until they do")
            return
        if state[0] != "ready":
            self._notice(f"codex works without the cockpit's tools, they did not start: {state[1] or state[0]}")

    # the end

    def tidy(self) -> None:
        """Leave the workspace as codex's commands left it, without what their sandbox did."""
        tidy(self._assignment, self._folders)

    async def sweep(self, mark: str = RUN_MARKER) -> None:
        """End every process that commands of this conversation left behind; by another mark, what codex itself did."""
        value = self._run if mark == RUN_MARKER else self._env[mark]
        try:
            await asyncio.to_thread(kill_marked, value, marker=mark, timeout_s=_SWEEP_LIMIT_S)
        except TimeoutError as error:
            self._notice(str(error))

    async def abandon(self) -> None:
        """End codex, whatever it is doing; the conversation can be opened again."""
        codex, self._codex = self._codex, None
        if codex is not None:
            await codex.stop()
            await self.sweep()
            # Its sandbox's helpers know neither the session nor the run, and one that was just starting stays for ever.
            await self.sweep("TMPDIR")
