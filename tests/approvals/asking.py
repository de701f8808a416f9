"""Requests as agents make them, and what becomes of them."""

from __future__ import annotations

import posixpath
from collections.abc import Mapping
from typing import Any

from cockpit.approvals.service.lines import covers
from cockpit.approvals.service.place import Place
from cockpit.approvals.service.reading import Reading, read_request
from cockpit.approvals.types import Section
from cockpit.sessions.types import RequestKind, RequestRaised

ROOT = "/job/spaces/fix-login-3"


def place(links: Mapping[str, str] | None = None, **more: Any) -> Place:
    """Return a workspace where these links lead elsewhere."""

    def resolve(path: str) -> str:
        path = posixpath.normpath(path)
        for link, target in (links or {}).items():
            if path == link or path.startswith(link + "/"):
                return posixpath.normpath(target + path[len(link) :])
        return path

    return Place(ROOT, "fix-login-3", (41001, 41002), resolve=resolve, **more)


def asked(kind: RequestKind, where: Place | None = None, **fields: Any) -> Reading:
    request = RequestRaised(request="r", kind=kind, **{"title": "what", **fields})
    return read_request(request, where or place())


def shell(text: str, cwd: str = ROOT, where: Place | None = None) -> Reading:
    return asked(RequestKind.COMMAND, where, shell=text, cwd=cwd, title=text)


def argv(*words: str, cwd: str = ROOT, where: Place | None = None) -> Reading:
    return asked(RequestKind.COMMAND, where, argv=words, cwd=cwd)


def edit(*paths: str, where: Place | None = None) -> Reading:
    return asked(RequestKind.EDIT, where, paths=paths)


def host(name: str, **fields: Any) -> Reading:
    return asked(RequestKind.NETWORK, None, host=name, **fields)


def is_covered(line: str, reading: Reading, section: Section = Section.COMMANDS) -> bool:
    return covers(section, line, reading)
