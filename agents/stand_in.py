"""Whether a scripted model answers where a paid one is expected: then the screen must say so.

Only an endpoint on this machine is asked; a scripted model is never anywhere else, and nobody else's server needs to
hear from us before the agent does.
"""

from __future__ import annotations

import http.client
import ipaddress
import json
from urllib.parse import urlsplit

OWNER = "scripted"
"""What `/v1/models` of the scripted model names as its owner."""
_TIMEOUT_S = 1.0
_ANSWER_BYTES = 1 << 16


def is_scripted(base_url: str | None) -> bool:
    """Return whether a scripted model serves this endpoint. Blocks for a second at most; a silent one is none."""
    parts = urlsplit(base_url or "")
    if parts.scheme != "http" or not parts.hostname or not _is_here(parts.hostname):
        return False
    connection = http.client.HTTPConnection(parts.hostname, parts.port or 80, timeout=_TIMEOUT_S)
    try:
        connection.request("GET", "/v1/models")
        answer = connection.getresponse()
        listed = json.loads(answer.read(_ANSWER_BYTES)) if answer.status == http.client.OK else {}
    except (OSError, http.client.HTTPException, ValueError):
        return False
    finally:
        connection.close()
    models = listed.get("data") if isinstance(listed, dict) else None
    return isinstance(models, list) and any(isinstance(one, dict) and one.get("owned_by") == OWNER for one in models)


def _is_here(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
