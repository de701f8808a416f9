"""The cockpit's own configuration of an agent: the person's is never written, and their log-in goes on working.

The log-in is linked, not copied: tokens are renewed in place, and a copy that renews its own would end the original.
"""

from __future__ import annotations

import contextlib
import glob
import json
import os
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from agents.acp.profiles import Profile
from agents.acp.settings import AcpSettings
from agents.acp.shape import deep, mapping
from agents.assignment import Assignment
from agents.codex import home as codex_home
from agents.codex.confinement import git_folders, thread_settings
from agents.codex.settings import CodexSettings

_LOCAL_KEY = "none"
"""Stands for the key of an endpoint of the person's own that asks for none; the agents want one."""


@dataclass(frozen=True, slots=True)
class Place:
    """Whom a configuration is for."""

    assignment: Assignment
    settings: AcpSettings
    environ: Mapping[str, str]
    """Our own environment."""
    mark: str
    """Value of `RUN_MARKER` in what the agent starts."""


def prepare(profile: Profile, place: Place) -> dict[str, str]:
    """Put the agent's configuration in place; return the variables that lead it there. Blocks.

    Raises:
        ValueError: the settings name what this agent cannot be given, or a key that is not set.
        OSError: the folder cannot be written.
    """
    home = place.assignment.home
    home.mkdir(mode=0o700, parents=True, exist_ok=True)
    for below_user, below_home in profile.log_ins.items():
        _link(_user_home(place.environ) / below_user, home / below_home)
    env = {**profile.env, **{name: str(home / below) for name, below in profile.home.items()}}
    env |= _endpoint(profile, place)
    write = _WRITERS.get(profile.name)
    return env | (write(place) if write else {})


def log_in_files(profile: Profile, environ: Mapping[str, str] = os.environ) -> tuple[Path, ...]:
    """Return the files of the person's log-in, and what else the agent writes below HOME, as far as they exist."""
    home = _user_home(environ)
    return tuple(path for name in (*profile.log_ins, *profile.state) if (path := home / name).exists())


def _user_home(environ: Mapping[str, str]) -> Path:
    return Path(environ.get("HOME") or Path.home())


def _link(theirs: Path, ours: Path) -> None:
    if not theirs.is_file() or (ours.exists() and not ours.is_symlink()):
        return  # the person is not logged in, or logged in here on purpose
    ours.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    if ours.is_symlink() and ours.readlink() == theirs:
        return
    draft = ours.with_name(f"{ours.name}.{os.getpid()}.new")
    with contextlib.suppress(FileNotFoundError):
        draft.unlink()
    draft.symlink_to(theirs)
    draft.replace(ours)


def _endpoint(profile: Profile, place: Place) -> dict[str, str]:
    settings = place.settings
    env: dict[str, str] = {}
    if settings.model and profile.model:
        env[profile.model] = settings.model
    if settings.base_url and profile.base_url:
        env[profile.base_url] = settings.base_url
    if profile.api_key and (settings.base_url or settings.api_key_env):
        env[profile.api_key] = _key(profile.api_key, place)
    return env


def _key(usual: str, place: Place) -> str:
    settings, environ = place.settings, place.environ
    if settings.api_key_env and settings.api_key_env not in environ:
        raise ValueError(
            f"agent settings: api_key_env: ${settings.api_key_env} is not set in the cockpit's environment"
        )
    return environ.get(settings.api_key_env or usual) or _LOCAL_KEY


def _codex(place: Place) -> dict[str, str]:
    """As the driver of codex itself does; what that says when it begins a conversation goes into a variable here."""
    own, assignment = place.settings, place.assignment
    settings = CodexSettings(model=own.model, base_url=own.base_url, api_key_env=own.api_key_env)
    codex_home.prepare(assignment.home, settings, place.environ)
    folders = git_folders(assignment.workspace)
    without_tools = assignment.model_copy(update={"mcp": None})
    begun = thread_settings(without_tools, settings, folders, place.mark)
    config = {**begun["config"], "default_permissions": begun["permissions"]}
    return {"CODEX_CONFIG": json.dumps({**config, "model": own.model} if own.model else config)}


def _opencode(place: Place) -> dict[str, str]:
    settings = place.settings
    # Inline, because that wins over the configuration of the repository, which the agent can write.
    config: dict[str, Any] = {
        "autoupdate": False,
        "share": "disabled",
        "experimental": {"continue_loop_on_deny": True},  # else the turn ends there, and the reason is not heard
        "permission": {
            "*": "ask",
            **dict.fromkeys(("read", "grep", "glob", "list", "lsp", "todowrite", "todoread", "task", "skill"), "allow"),
            "cockpit_*": "allow",
        },
    }
    env: dict[str, str] = {}
    if settings.base_url:
        env["COCKPIT_MODEL_KEY"] = _key("OPENAI_API_KEY", place)
        model = settings.model or "default"
        config |= {
            "provider": {
                "cockpit": {
                    "npm": "@ai-sdk/openai-compatible",
                    "name": "the endpoint of cockpit.toml",
                    "options": {"baseURL": settings.base_url, "apiKey": "{env:COCKPIT_MODEL_KEY}"},
                    "models": {model: {"name": model}},
                }
            },
            "model": f"cockpit/{model}",
            "small_model": f"cockpit/{model}",
            "enabled_providers": ["cockpit"],
        }
        env["OPENCODE_DISABLE_MODELS_FETCH"] = "1"
    elif settings.model:
        config["model"] = settings.model
    _copy_their_opencode(place.assignment.home, place.environ)
    return env | {"OPENCODE_CONFIG_CONTENT": json.dumps(config)}


def _copy_their_opencode(home: Path, environ: Mapping[str, str]) -> None:
    """Take over the person's own providers and models: they hold no token that is renewed, so a copy does."""
    theirs = Path(environ.get("XDG_CONFIG_HOME") or _user_home(environ) / ".config") / "opencode"
    ours = home / "config/opencode"
    for name in ("opencode.json", "opencode.jsonc"):
        with contextlib.suppress(FileNotFoundError):
            content = (theirs / name).read_bytes()
            ours.mkdir(mode=0o700, parents=True, exist_ok=True)
            _put(ours / name, content)


def _gemini(place: Place) -> dict[str, str]:
    # A folder that is not trusted loses the session's MCP servers without a word.
    config: dict[str, Any] = {
        "security": {"folderTrust": {"enabled": False}},
        "general": {
            "enableAutoUpdate": False,
            "enableAutoUpdateNotification": False,
            # Cleaning up takes every file of a conversation for broken that was loaded once.
            "sessionRetention": {"enabled": False},
        },
        "privacy": {"usageStatisticsEnabled": False},
        "telemetry": {"enabled": False},
    }
    chosen = deep(_read_json(_user_home(place.environ) / ".gemini/settings.json"), "security", "auth", "selectedType")
    if place.settings.base_url or "GEMINI_API_KEY" in place.environ:
        chosen = "gemini-api-key"
    if isinstance(chosen, str):
        config["security"]["auth"] = {"selectedType": chosen}
    _put(place.assignment.home / "cockpit-settings.json", json.dumps(config).encode())
    if place.assignment.thread:
        _keep_from_gemini(place.assignment.home, place.assignment.thread)
    return {}


def _keep_from_gemini(home: Path, thread: str) -> None:
    """Save a conversation from being begun anew.

    Gemini names its file after the minute in which a process began and the first letters of the conversation; one that
    is loaded in the minute of its birth is overwritten before it is read. It is found by those letters alone.
    """
    for path in home.glob(f".gemini/tmp/*/chats/session-*-{glob.escape(thread[:8])}.jsonl"):
        if not path.name.startswith("session-kept-"):
            path.rename(path.with_name(f"session-kept-{uuid.uuid4().hex[:8]}-{thread[:8]}.jsonl"))


def _qwen(place: Place) -> dict[str, str]:
    config = {
        "security": {"folderTrust": {"enabled": False}},
        "general": {"enableAutoUpdate": False},
        "privacy": {"usageStatisticsEnabled": False},
    }
    _put(place.assignment.home / "cockpit-settings.json", json.dumps(config).encode())
    return {}


def _read_json(path: Path) -> Mapping[str, Any]:
    try:
        return mapping(json.loads(path.read_bytes()))
    except (OSError, ValueError):
        return {}


def _put(path: Path, content: bytes) -> None:
    """Put a file in place at once, unless it is there already: sessions share the folder."""
    with contextlib.suppress(OSError):
        if path.read_bytes() == content:
            return
    draft = path.with_name(f"{path.name}.{os.getpid()}.new")
    draft.write_bytes(content)
    draft.replace(path)


_WRITERS: dict[str, Callable[[Place], dict[str, str]]] = {
    "opencode": _opencode,
    "gemini": _gemini,
    "qwen": _qwen,
    "codex": _codex,
}
