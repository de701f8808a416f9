"""Tokens: each names a session and proves it, and is worth nothing for any other."""

from __future__ import annotations

import hashlib
import hmac

from cockpit.types import SessionId

_PREFIX = "ckp_"
"""What the redaction of secrets knows our tokens by."""
_LONGEST = 256


def token_of(session: SessionId, secret: str) -> str:
    """Return the session's token; the same for as long as the secret is."""
    proof = hmac.new(bytes.fromhex(secret), f"session:{session}".encode(), hashlib.sha256).hexdigest()
    return f"{_PREFIX}{session}.{proof}"


def session_of(token: str, secret: str) -> SessionId | None:
    """Return whose token it is, or None when it is nobody's. Takes as long for a near miss as for a far one."""
    named, _, _ = token[:_LONGEST].removeprefix(_PREFIX).rpartition(".")
    session = SessionId(named)
    given = token.encode("utf-8", "replace")
    return session if hmac.compare_digest(given, token_of(session, secret).encode()) else None
