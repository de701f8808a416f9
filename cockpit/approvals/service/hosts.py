"""Names of machines: which are beyond doubt, and which no line may open."""

from __future__ import annotations

import ipaddress
import re

from cockpit.approvals.service.danger import Danger, Shape

_NAME = re.compile(r"(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z][a-z0-9-]*[a-z0-9]|localhost")
_HOST = re.compile(r"(?:https://)?(\[[0-9a-f:.]+\]|[a-z0-9.-]+)(?::(\d{1,5}))?/?")
_USUAL_PORTS = ("", "443")
_METADATA = ("metadata.google.internal", "metadata.azure.com", "instance-data")
_LOCAL_ENDS = (".local", ".internal", ".localdomain", ".lan", ".home.arpa", ".localhost")


def host_of(text: str) -> str:
    """Return `host` or `host:port` in one spelling; empty when it is doubtful what is meant.

    Port 443 is left out. Addresses count only in their usual notation: `0x7f.1` and `2130706433` are doubtful.
    """
    found = _HOST.fullmatch(text.strip().casefold()) if text.isascii() else None
    if found is None:
        return ""
    name, port = found[1].rstrip("."), found[2] or ""
    if _NAME.fullmatch(name) is None and _address(name) is None:
        return ""
    return name if port in _USUAL_PORTS else f"{name}:{port}"


def is_covered_host(host: str, line: str) -> bool:
    """Return whether a line (`docs.example`, `*.python.org`, `example.org:8080`) covers a host from `host_of`."""
    wanted = host_of(line.removeprefix("*."))
    if not wanted or not host:
        return False
    if line.startswith("*."):
        return host.endswith("." + wanted) and _address(host.partition(":")[0]) is None
    return host == wanted


def danger_of_host(host: str) -> Danger | None:
    """Return what speaks against a host from `host_of`: this machine, its neighbours, what hands out credentials."""
    name = host if host.endswith("]") else host.rpartition(":")[0] if ":" in host else host
    address = _address(name)
    if name in _METADATA or (address is not None and address.is_link_local):
        return Danger(Shape.SECRET, f"{host} hands out credentials")
    is_near = address is not None and not address.is_global
    if is_near or name == "localhost" or name.endswith(_LOCAL_ENDS):
        return Danger(Shape.NETWORK, f"{host} is no public machine")
    return None


def _address(name: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        return ipaddress.ip_address(name.strip("[]"))
    except ValueError:
        return None
