"""Settings under which git runs nothing that a repository brings along. Standard library only and cheap to import."""

from __future__ import annotations

import os
from typing import Final

HARDENING: Final = tuple(
    word
    for setting in (
        "core.fsmonitor=false",
        "core.hooksPath=/dev/null",
        "core.pager=cat",
        "core.sshCommand=false",
        "core.askPass=false",
        "core.attributesFile=/dev/null",
        "core.commitGraph=false",  # an agent can write objects/info, and a false graph would hide commits
        "core.splitIndex=false",
        "core.protectHFS=true",
        "core.protectNTFS=true",
        "core.fsync=committed",
        "core.fsyncMethod=batch",
        "credential.helper=",
        "diff.external=",
        "diff.ignoreSubmodules=dirty",
        "diff.submodule=short",
        "merge.directoryRenames=false",
        "submodule.recurse=false",
        "protocol.allow=never",
        "protocol.ext.allow=never",
        "gpg.program=false",
        "commit.gpgSign=false",
        "log.showSignature=false",
        "gc.auto=0",
        "maintenance.auto=false",
    )
    for word in ("-c", setting)
)

_PASSED_ON: Final = ("PATH", "TMPDIR", "TZ", "SYSTEMROOT")
_OF_THE_USER: Final = ("HOME", "XDG_CONFIG_HOME", "GIT_CONFIG_GLOBAL", "GIT_CONFIG_NOSYSTEM", "GIT_CONFIG_SYSTEM")


def scrubbed_environment(home: str, *, user_settings: bool) -> dict[str, str]:
    """Return the whole environment of a git command.

    Args:
        home: what it takes for the home folder.
        user_settings: also let it read the person's own configuration files.
    """
    environ = {name: os.environ[name] for name in _PASSED_ON if name in os.environ}
    environ |= {
        "LC_ALL": "C",
        "GIT_TERMINAL_PROMPT": "0",
        "GIT_NO_REPLACE_OBJECTS": "1",  # refs/replace could show a reviewer another commit than the one that lands
        "GIT_NO_LAZY_FETCH": "1",
        "GIT_ATTR_NOSYSTEM": "1",
        "GIT_PAGER": "cat",
        "GIT_EDITOR": "false",
    }
    if user_settings:
        return environ | {name: os.environ[name] for name in _OF_THE_USER if name in os.environ}
    return environ | {"GIT_CONFIG_NOSYSTEM": "1", "GIT_CONFIG_GLOBAL": os.devnull, "HOME": home}
