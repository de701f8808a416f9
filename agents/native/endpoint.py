"""The model's endpoint: which of the two protocols it speaks, and what its errors mean for a person.

The SDK takes more than a second to import, so it is imported when the first call is made.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
from collections.abc import Callable
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from agents.native import chat, responses
from agents.native.reply import ModelError, NoSuchApi, Piece, Reply, Request, TooLong, Unavailable
from agents.native.settings import NativeSettings

if TYPE_CHECKING:
    from openai import APIError, APIStatusError, AsyncOpenAI

_TRANSIENT = frozenset({408, 409, 425, 429})
_NO_SUCH_API = frozenset({404, 405, 501})


def is_local(url: str | None) -> bool:
    """Return whether an endpoint is on this machine, where no key is needed and no proxy in the way."""
    host = urlsplit(url or "").hostname or ""
    return host in ("localhost", "::1") or host.startswith("127.")


class Endpoint:
    """Makes model calls at one endpoint."""

    def __init__(self, settings: NativeSettings, base_url: str | None, model: str) -> None:
        """Prepare; nothing is imported or connected yet."""
        self._settings = settings
        self._base_url = base_url
        self._model = model
        self._client: AsyncOpenAI | None = None
        self._api = "" if settings.api == "auto" else settings.api

    async def close(self) -> None:
        """Close the connections."""
        if self._client is not None:
            await self._client.close()

    async def warm(self) -> None:
        """Load the SDK, while something else is waited for; whatever is wrong is told by the first call."""
        with contextlib.suppress(ModelError):
            await self._connected()

    async def call(self, request: Request, on_piece: Callable[[Piece], None]) -> Reply:
        """Make one model call. Raises `Unavailable` where trying again may help, else another `ModelError`."""
        client = await self._connected()
        if self._api != "chat":
            try:
                reply = await self._translated(
                    responses.call, client.responses.create, request, self._responses_options(), on_piece
                )
            except NoSuchApi:
                if self._api == "responses":
                    raise
            else:
                self._api = "responses"
                return reply
        reply = await self._translated(
            chat.call, client.chat.completions.create, request, self._chat_options(), on_piece
        )
        self._api = "chat"
        return reply

    async def _connected(self) -> AsyncOpenAI:
        if self._client is None:
            key = os.environ.get(self._settings.api_key_env, "")
            if not key and not self._base_url:
                raise ModelError(
                    f"there is no key: set ${self._settings.api_key_env}, or name a `base_url` in the agent's settings"
                )
            self._client = await asyncio.to_thread(_connect, self._base_url, key, self._settings.request_timeout_s)
        return self._client

    def _responses_options(self) -> dict[str, Any]:
        options: dict[str, Any] = {"model": self._model}
        if self._settings.max_output_tokens:
            options["max_output_tokens"] = self._settings.max_output_tokens
        if self._settings.reasoning_effort:
            options["reasoning"] = {"effort": self._settings.reasoning_effort, "summary": "auto"}
        if not self._base_url or (urlsplit(self._base_url).hostname or "").endswith("openai.com"):
            # Nothing is stored there, so the model's reasoning between two tool calls comes and goes sealed.
            options["include"] = ["reasoning.encrypted_content"]
        return options

    def _chat_options(self) -> dict[str, Any]:
        options: dict[str, Any] = {"model": self._model}
        if self._settings.max_output_tokens:
            options["max_tokens"] = self._settings.max_output_tokens
        if self._settings.reasoning_effort:
            options["reasoning_effort"] = self._settings.reasoning_effort
        return options

    async def _translated(
        self,
        call: Callable[..., Any],
        create: Callable[..., Any],
        request: Request,
        options: dict[str, Any],
        on_piece: Callable[[Piece], None],
    ) -> Reply:
        from openai import APIConnectionError, APIError, APIStatusError

        try:
            reply: Reply = await call(create, request, options, on_piece)
        except APIStatusError as error:
            raise self._explain(error) from error
        except APIConnectionError as error:
            raise Unavailable(f"no answer from {self._where}: {error.__cause__ or error}") from error
        except APIError as error:
            raise self._explain_body(error) from error
        except ValueError as error:
            raise Unavailable(f"{self._where} sent something that is no reply: {error}") from error
        return reply

    @property
    def _where(self) -> str:
        return self._base_url or "the OpenAI endpoint"

    def _explain_body(self, error: APIError) -> ModelError:
        if _is_too_long(error):
            return TooLong(error.message)
        return Unavailable(f"{self._where} broke off: {error.message}")

    def _explain(self, error: APIStatusError) -> ModelError:
        status, said = error.status_code, _message(error)
        if _is_too_long(error):
            return TooLong(said)
        if status in (401, 403):
            return ModelError(
                f"{self._where} refused the key in ${self._settings.api_key_env} ({status}: {said}); "
                "set a valid one and resume the session"
            )
        if "model" in (error.code or "") or (
            status in (400, 404) and "model" in said.lower() and "not" in said.lower()
        ):
            return ModelError(
                f"{self._where} does not know the model {self._model!r} ({said}); correct `model` in cockpit.toml"
            )
        if status in _NO_SUCH_API or "unknown url" in said.lower():
            return NoSuchApi(
                f"{self._where} has neither the Responses API nor Chat Completions ({status}: {said}); "
                "correct `base_url` in cockpit.toml (it usually ends in /v1)"
            )
        if error.code == "insufficient_quota":
            return ModelError(f"the account's quota is used up ({said}); resume when there is credit again")
        if status in _TRANSIENT or status >= 500:
            return Unavailable(f"{self._where} answered {status}: {said}", _retry_after_s(error))
        return ModelError(f"{self._where} refused the request ({status}: {said})")


def _connect(base_url: str | None, key: str, timeout_s: float) -> AsyncOpenAI:
    import httpx2
    from openai import AsyncOpenAI, Timeout

    timeout = Timeout(timeout_s, connect=min(10.0, timeout_s))
    http = httpx2.AsyncClient(trust_env=not is_local(base_url), timeout=timeout, follow_redirects=True)
    client = AsyncOpenAI(api_key=key or "none", base_url=base_url, timeout=timeout, max_retries=0, http_client=http)
    # Its resources are imported on first use, which would stop the loop for as long.
    _ = client.responses, client.chat.completions
    return client


def _message(error: APIStatusError) -> str:
    body = error.body
    if isinstance(body, dict) and isinstance(body.get("message"), str):
        return str(body["message"])[:500]
    return error.message[:500]


def _is_too_long(error: APIError) -> bool:
    return error.code == "context_length_exceeded" or "context length" in error.message.lower()


def _retry_after_s(error: APIStatusError) -> float | None:
    headers = error.response.headers
    try:
        if "retry-after-ms" in headers:
            return max(0.0, float(headers["retry-after-ms"]) / 1000)
        return max(0.0, float(headers["retry-after"]))
    except (KeyError, ValueError):
        return None
