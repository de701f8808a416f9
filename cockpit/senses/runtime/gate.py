"""Who may speak to the server at all: the right host, a session's own token, in measure.

Everything is refused here before the protocol's library sees it, in the cheapest way. What passes carries the session
in its scope; nothing that a client says can change it.
"""

from __future__ import annotations

import asyncio
import json
import time
from collections import Counter
from typing import Any, Final

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from cockpit.senses.errors import SenseRefused
from cockpit.senses.service.pace import Pace
from cockpit.senses.types import Host
from cockpit.types import SessionId

SESSION = "cockpit.session"
"""Under this name the scope of an admitted request holds whose it is."""
BODY_LIMIT_BYTES: Final = 1 << 20
BODY_WITHIN_S = 20.0
AT_ONCE = 16
"""Requests of one session at the same time."""
BURST, PER_S = 120, 20.0
_INVALID_REQUEST = -32600


class Gate:
    """Admits requests to `app`."""

    def __init__(self, app: ASGIApp, host: Host, port: int) -> None:
        """Admit to `app` what `host` admits, when it is addressed to this port of this machine."""
        self._app, self._host = app, host
        self._names = frozenset({f"127.0.0.1:{port}", f"localhost:{port}"})
        self._origins = frozenset(f"http://{name}" for name in self._names)
        self._pace = Pace(BURST, PER_S)
        self._open: Counter[SessionId] = Counter()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            return
        try:
            session = self._admitted(scope)
            body = await _body(Headers(scope=scope), receive)
        except SenseRefused as refused:
            await _refuse(refused, send)
            return
        if body is None:
            return
        self._open[session] += 1
        try:
            await self._app({**scope, SESSION: session}, _replay(body, receive), send)
        finally:
            self._open[session] -= 1
            if not self._open[session]:
                del self._open[session]

    def _admitted(self, scope: Scope) -> SessionId:
        headers = Headers(scope=scope)
        # Against a web page that a browser on this machine shows, whose name its owner lets point here.
        if headers.get("host", "") not in self._names:
            raise SenseRefused("this server is for agents on this machine only", 421)
        if "origin" in headers and headers["origin"] not in self._origins:
            raise SenseRefused("this server is not for web pages", 403)
        scheme, _, token = headers.get("authorization", "").partition(" ")
        if scheme.lower() != "bearer" or not token:
            raise SenseRefused("a session's token is needed: Authorization: Bearer ...", 401)
        session = self._host.admit(token.strip())
        if wait_s := self._pace.take(session, time.monotonic()):
            raise SenseRefused(f"too many requests; try again in {wait_s:.1f} s", 429)
        if self._open[session] >= AT_ONCE:
            raise SenseRefused(f"more than {AT_ONCE} requests at once; wait for one to end", 429)
        if scope["method"] != "POST":
            raise SenseRefused("every request is answered by itself: use POST", 405)
        return session


async def _body(headers: Headers, receive: Receive) -> bytes | None:
    """Return the whole body; None when the client is gone. Raises `SenseRefused` for one too large or too slow."""
    if headers.get("content-length", "0").isdecimal() and int(headers.get("content-length", "0")) > BODY_LIMIT_BYTES:
        raise SenseRefused(f"a request has at most {BODY_LIMIT_BYTES:,} bytes", 413)
    parts = bytearray()
    try:
        async with asyncio.timeout(BODY_WITHIN_S):
            while True:
                message = await receive()
                if message["type"] != "http.request":
                    return None
                parts += message.get("body", b"")
                if len(parts) > BODY_LIMIT_BYTES:
                    raise SenseRefused(f"a request has at most {BODY_LIMIT_BYTES:,} bytes", 413)
                if not message.get("more_body", False):
                    return bytes(parts)
    except TimeoutError:
        raise SenseRefused(f"the request did not arrive within {BODY_WITHIN_S:.0f} s", 408) from None


def _replay(body: bytes, receive: Receive) -> Receive:
    """Return a receiver that gives the body once, and then what really comes."""
    pending: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

    async def again() -> Message:
        return pending.pop() if pending else await receive()

    return again


async def _refuse(refused: SenseRefused, send: Send) -> None:
    error: dict[str, Any] = {"code": _INVALID_REQUEST, "message": str(refused)}
    body = json.dumps({"jsonrpc": "2.0", "id": None, "error": error}).encode()
    headers = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
    match refused.status:
        case 401:
            headers.append((b"www-authenticate", b"Bearer"))
        case 405:
            headers.append((b"allow", b"POST"))
        case 408 | 413:
            headers.append((b"connection", b"close"))  # the rest of the body is not waited for
    await send({"type": "http.response.start", "status": refused.status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
