"""Answers what codex asks: by a person's word, by ourselves where it is our own tool, never not at all."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable
from pathlib import Path

from agents.codex import asking
from agents.codex.asking import Params
from agents.codex.rpc import METHOD_NOT_FOUND, RpcError
from agents.codex.translation import Translation
from agents.requests import Requests
from cockpit.sessions.types import Answer, AnswerDecision, RequestRaised

Explain = Callable[[str], Awaitable[None]]
"""Lets the agent hear a text while it works."""
Notice = Callable[[str], None]


class Approvals:
    """Turns codex's questions into requests, and what people answer into codex's words."""

    def __init__(
        self, requests: Requests, translation: Translation, workspace: Path, explain: Explain, notice: Notice
    ) -> None:
        """Raise requests over `requests`; reasons for a denial go to `explain`, oddities to `notice`."""
        self._requests = requests
        self._translation = translation
        self._workspace = workspace
        self._explain = explain
        self._notice = notice
        self._answerers: dict[str, Callable[[Params], Awaitable[Params]]] = {
            "item/commandExecution/requestApproval": self._command,
            "item/fileChange/requestApproval": self._file_change,
            "item/permissions/requestApproval": self._permissions,
            "item/tool/requestUserInput": self._user_input,
            "mcpServer/elicitation/request": self._elicitation,
            "execCommandApproval": self._legacy_command,
            "applyPatchApproval": self._legacy_patch,
            "currentTime/read": self._time,
        }

    async def answer(self, method: str, params: Params) -> Params:
        """Return codex's answer. Raises `RpcError` for what nobody here can answer."""
        answerer = self._answerers.get(method)
        if answerer is None:
            self._notice(f"codex asked for {method}, which the cockpit does not know; it was refused")
            raise RpcError(f"this client does not answer {method}", METHOD_NOT_FOUND)
        return await answerer(params)

    async def _ask(self, request: RequestRaised) -> Answer:
        return await self._requests.ask(request.model_copy(update={"request": self._requests.new_name()}))

    async def _is_allowed(self, request: RequestRaised) -> bool:
        answer = await self._ask(request)
        is_allowed = answer.decision is not AnswerDecision.DENY
        # Without an id it is no person's answer: a redirect took the request back, and says why itself.
        if not is_allowed and answer.id and answer.text.strip():
            # Before the refusal itself, or the agent would go on without knowing why.
            await self._explain(f"I did not allow this: {request.title}\nReason: {answer.text.strip()}")
        return is_allowed

    async def _command(self, params: Params) -> Params:
        is_allowed = await self._is_allowed(asking.command(params))
        return {"decision": "accept" if is_allowed else "decline"}

    async def _file_change(self, params: Params) -> Params:
        change = self._translation.change(str(params.get("itemId", "")))
        is_allowed = await self._is_allowed(asking.file_change(params, change, self._workspace))
        return {"decision": "accept" if is_allowed else "decline"}

    async def _permissions(self, params: Params) -> Params:
        granted: Params = {}
        for part in asking.permissions(params):
            if await self._is_allowed(part.request):
                granted |= part.granted
        return {"permissions": granted, "scope": "turn"}

    async def _user_input(self, params: Params) -> Params:
        answers: Params = {}
        for asked in params.get("questions") or []:
            answers[str(asked.get("id", ""))] = {"answers": await self._replies(asked)}
        return {"answers": answers}

    async def _replies(self, asked: Params) -> list[str]:
        if asked.get("isSecret"):
            self._notice("codex asked for a secret; what is answered here is kept, so it was not passed on")
            return []
        answer = await self._ask(asking.question(asked))
        return [answer.text] if answer.text.strip() else []

    async def _elicitation(self, params: Params) -> Params:
        if asking.is_own_tool(params):
            return _elicited("accept", {})
        if asking.is_tool_approval(params):
            is_allowed = await self._is_allowed(asking.tool(params))
            return _elicited("accept", {}) if is_allowed else _elicited("decline")
        if params.get("mode") == "url":
            is_allowed = await self._is_allowed(asking.link(params))
            return _elicited("accept") if is_allowed else _elicited("decline")
        if params.get("mode") != "form":
            self._notice(f"{params.get('serverName')} asked in a way the cockpit does not know; it was refused")
            return _elicited("decline")
        return await self._form(params)

    async def _form(self, params: Params) -> Params:
        content: Params = {}
        for field in asking.form(params):
            answer = await self._ask(field.request)
            if answer.decision is AnswerDecision.DENY:
                return _elicited("decline")
            if not answer.text.strip() and not field.is_required:
                continue
            try:
                content[field.name] = field.value(answer.text)
            except ValueError:
                self._notice(f"the answer to {field.request.title!r} is no {field.kind}; the form was refused")
                return _elicited("decline")
        return _elicited("accept", content)

    async def _legacy_command(self, params: Params) -> Params:
        return _reviewed(await self._is_allowed(asking.legacy_command(params)))

    async def _legacy_patch(self, params: Params) -> Params:
        return _reviewed(await self._is_allowed(asking.legacy_patch(params, self._workspace)))

    async def _time(self, params: Params) -> Params:
        return {"currentTimeAt": int(time.time())}


def _elicited(action: str, content: Params | None = None) -> Params:
    return {"action": action, "content": content, "_meta": None}


def _reviewed(is_allowed: bool) -> Params:
    return {"decision": "approved" if is_allowed else {"denied": {"rejection": "the human did not allow it"}}}
